// The list `repositories` of the configuration file, and how its files and Secrets become credentials.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfigFile } from '../server/config-file.ts';
import { hasCode } from '../server/core/errors.ts';
import { Hidden } from '../server/core/hidden.ts';
import { createCredentialsFor } from '../server/repositories.ts';

const text = `
repositories:
  - url: https://h/password
    credentials: {usernameFile: /user, passwordFile: /pass}
    caFile: /ca.pem
  - url: https://h/bearer
    credentials: {bearerTokenFile: /token}
  - url: https://h/app
    credentials: {githubApp: {appId: "1", installationId: "2", privateKeyFile: /key}}
  - url: ssh://git@h
    credentials: {ssh: {identityFile: /id, knownHostsFile: /known}}
  - url: ssh://git@agent
    credentials: {sshAgent: {}}
  - url: https://h/secret
    credentials: {secret: {namespace: argocd, name: repo}}
  - url: https://h/open
    caFile: /ca.pem
`;

const contents: Readonly<Record<string, string>> = { '/user': 'u\n', '/pass': 'p\n', '/token': 't\n', '/key': 'k\n' };

function createPorts(secret: Readonly<Record<string, string>> | undefined) {
  return {
    readFile: (path: string): string => {
      const found = contents[path];
      if (found === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' });
      return found;
    },
    readSecret: () => Promise.resolve(secret && new Hidden(new Map(Object.entries(secret)))),
  };
}

const expected: readonly [repository: string, access: object | undefined][] = [
  [
    'https://h/password/x',
    { credentials: { kind: 'password', username: 'u', password: 'p' }, ca: { file: '/ca.pem' } },
  ],
  ['https://h/bearer', { credentials: { kind: 'bearer', token: 't' }, ca: undefined }],
  ['git@h:x', { credentials: { kind: 'ssh-key', identityFile: '/id', knownHostsFile: '/known' }, ca: undefined }],
  ['git@agent:x', { credentials: { kind: 'ssh-agent', knownHostsFile: undefined }, ca: undefined }],
  ['https://h/secret/x', { credentials: { kind: 'bearer', token: 's' }, ca: { pem: 'PEM' } }],
  ['https://h/open', { credentials: undefined, ca: { file: '/ca.pem' } }],
  ['https://h/other', undefined],
];

for (const [repository, access] of expected) {
  test(`the credentials for ${repository}`, async () => {
    const { file, problems } = readConfigFile(text, 'local-refused');
    assert.deepEqual(problems, []);
    const credentialsFor = createCredentialsFor(file.repositories, createPorts({ bearerToken: 's', 'ca.crt': 'PEM' }));
    assert.deepEqual(await credentialsFor(repository, AbortSignal.timeout(1_000)), access);
  });
}

test('a GitHub App’s key is read when it is needed, and hidden', async () => {
  const { file } = readConfigFile(text, 'local-refused');
  const access = await createCredentialsFor(file.repositories, createPorts({}))(
    'https://h/app/x',
    AbortSignal.timeout(1_000),
  );
  assert.ok(access?.credentials?.kind === 'github-app');
  assert.equal(access.credentials.privateKey.reveal(), 'k');
  assert.equal(access.credentials.apiUrl, 'https://api.github.com');
});

const secrets: readonly [rule: string, secret: Readonly<Record<string, string>> | undefined, why: RegExp][] = [
  ['is missing', undefined, /argocd\/repo .*does not exist/],
  ['is of a form that is not used', { sshPrivateKey: 'x' }, /argocd\/repo is not used .*mount it/],
];

for (const [rule, secret, why] of secrets) {
  test(`a Secret that ${rule} is named`, async () => {
    const { file } = readConfigFile(text, 'local-refused');
    const work = createCredentialsFor(file.repositories, createPorts(secret))(
      'https://h/secret/x',
      AbortSignal.timeout(1_000),
    );
    await assert.rejects(
      Promise.resolve(work),
      (error) => hasCode(error, 'git-unauthorized') && why.test(error.message),
    );
  });
}

test('a file that is missing is named', async () => {
  const rule = {
    url: 'https://h',
    credentials: { kind: 'bearer', bearerTokenFile: '/none' } as const,
    caFile: undefined,
  };
  const work = createCredentialsFor([rule], createPorts({}))('https://h/x', AbortSignal.timeout(1_000));
  await assert.rejects(
    Promise.resolve(work),
    (error) => hasCode(error, 'git-unauthorized') && /\/none: ENOENT/.test(error.message),
  );
});

const mistakes: readonly [yaml: string, problem: RegExp][] = [
  ['{}', /^repositories\[0\]\.url: is missing$/],
  ['{url: "ftp://h"}', /^repositories\[0\]\.url: want https/],
  ['{url: "https://u:p@h"}', /^repositories\[0\]\.url: holds a password/],
  ['{url: "http://h"}', /^repositories\[0\]\.url: http:\/\/ needs --allow-local-git/],
  ['{url: "https://h", caFile: ca.pem}', /^repositories\[0\]\.caFile: want an absolute path$/],
  ['{url: "https://h", credentails: {}}', /^repositories\[0\]\.credentails: unknown key.*credentials/],
  ['{url: "https://h", credentials: {usernameFile: /u}}', /^repositories\[0\]\.credentials\.passwordFile: is missing$/],
  [
    '{url: "https://h", credentials: {bearerTokenFile: /t, usernameFile: /u}}',
    /credentials\.usernameFile: unknown key/,
  ],
  [
    '{url: "https://h", credentials: {ssh: {identityFile: "~/.ssh/id", knownHostsFile: /k}}}',
    /ssh\.identityFile: want an absolute path of letters/,
  ],
  ['{url: "https://h", credentials: {ssh: {identityFile: /k}}}', /ssh\.knownHostsFile: is missing$/],
  [
    '{url: "https://h", credentials: {githubApp: {appId: 1, installationId: "2", privateKeyFile: /k}}}',
    /githubApp\.appId: want text$/,
  ],
  [
    '{url: "https://h", credentials: {githubApp: {appId: "1", installationId: "x", privateKeyFile: /k}}}',
    /githubApp\.installationId: want a number/,
  ],
  [
    '{url: "https://h", credentials: {githubApp: {appId: "1", installationId: "2", privateKeyFile: /k, apiUrl: "http://h"}}}',
    /githubApp\.apiUrl: want a URL/,
  ],
  ['{url: "https://h", credentials: {secret: {namespace: argocd}}}', /secret\.name: is missing$/],
  [
    '{url: "https://h", credentials: {secret: {namespace: argocd, name: "../x"}}}',
    /secret\.name: want the name of an object/,
  ],
  ['{url: "https://h"}, {url: "https://h/"}', /^repositories\[1\]\.url: is the same as repositories\[0\]\.url$/],
];

for (const [yaml, problem] of mistakes) {
  test(`named by its path: ${yaml}`, () => {
    const { problems } = readConfigFile(`repositories: [${yaml}]`, 'local-refused');
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', problem);
  });
}
