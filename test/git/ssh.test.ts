// Reading over ssh from a real OpenSSH server: a key by its file, host keys by a file, and nothing else that the process has.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../server/core/errors.ts';
import type { GitCredentials } from '../../server/git/credentials.ts';
import type { SshServer } from '../git-server/ssh.ts';
import { startSshServer, whyNoSsh } from '../git-server/ssh.ts';
import { createTreeWorld, readTexts } from '../git-server/tree-world.ts';

const skip = whyNoSsh ?? false;

const refusals: readonly [rule: string, credentials: (server: SshServer) => GitCredentials][] = [
  [
    'the key is unknown to the server',
    (ssh) => ({ kind: 'ssh-key', identityFile: ssh.strangerFile, knownHostsFile: ssh.knownHostsFile }),
  ],
  [
    'the host key is another',
    (ssh) => ({ kind: 'ssh-key', identityFile: ssh.identityFile, knownHostsFile: ssh.wrongHostsFile }),
  ],
  [
    'the host is not in the file',
    (ssh) => ({ kind: 'ssh-key', identityFile: ssh.identityFile, knownHostsFile: '/dev/null' }),
  ],
  [
    'the key file is missing',
    (ssh) => ({ kind: 'ssh-key', identityFile: '/nowhere/key', knownHostsFile: ssh.knownHostsFile }),
  ],
  ['the agent is used, and there is none', (ssh) => ({ kind: 'ssh-agent', knownHostsFile: ssh.knownHostsFile })],
];

test('a repository is read over ssh with the configured key', { skip }, async () => {
  const ssh = await startSshServer();
  try {
    const credentials = {
      kind: 'ssh-key',
      identityFile: ssh.identityFile,
      knownHostsFile: ssh.knownHostsFile,
    } as const;
    await using place = await createTreeWorld({
      files: { 'a.yaml': 'x: 1\n' },
      trees: { credentialsFor: () => ({ credentials, ca: undefined }) },
    });
    const repository = `${ssh.url}${place.world.bare}`;
    const revision = await place.trees.resolve(repository, 'main', place.signal);
    const tree = await place.trees.open({ repository, revision }, place.signal);
    assert.deepEqual(await readTexts(tree, ['a.yaml'], place.signal), ['x: 1\n']);
  } finally {
    await ssh.stop();
  }
});

for (const [rule, credentials] of refusals) {
  test(`ssh is refused: ${rule}`, { skip }, async () => {
    const ssh = await startSshServer();
    try {
      await using place = await createTreeWorld({
        trees: { credentialsFor: () => ({ credentials: credentials(ssh), ca: undefined }) },
      });
      const refusal = place.trees.resolve(`${ssh.url}${place.world.bare}`, 'main', place.signal);
      await assert.rejects(refusal, (error) => hasCode(error, 'git-unreachable'));
    } finally {
      await ssh.stop();
    }
  });
}

const paths = ['relative/key', '/key with space', "/key'; touch pwned; '", '/%h', '~/key', '/key\n', '/$(touch pwned)'];

for (const path of paths) {
  test(`a path that a shell or ssh would expand is refused: ${JSON.stringify(path)}`, async () => {
    for (const files of [
      { identityFile: path, knownHostsFile: '/k' },
      { identityFile: '/k', knownHostsFile: path },
    ]) {
      await using place = await createTreeWorld({
        trees: { credentialsFor: () => ({ credentials: { kind: 'ssh-key', ...files }, ca: undefined }) },
      });
      const refusal = place.trees.resolve('ssh://git@127.0.0.1:1/x.git', 'main', place.signal);
      await assert.rejects(
        refusal,
        (error) => hasCode(error, 'git-unauthorized') && /is refused for ssh/.test(error.message),
      );
    }
  });
}
