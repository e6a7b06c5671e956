// Hostile text on its way to git: URLs, refs, revisions and paths. Each row says the answer; nothing may run or be asked.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { createTreeWorld } from '../git-server/tree-world.ts';

const local: readonly [rule: string, url: string][] = [
  ['a remote helper that runs a command', 'ext::sh -c touch% pwned'],
  ['a remote helper without spaces', 'ext::./pwned'],
  ['a remote helper in capitals', 'EXT::./pwned'],
  ['a helper of a file descriptor', 'fd::17/foo'],
  ['a transport as helper', 'http::http://127.0.0.1/x'],
  ['an option as URL', '--upload-pack=touch pwned'],
  ['a short option as URL', '-u./pwned'],
  ['an option as ssh host', 'ssh://-oProxyCommand=touch%20pwned/x'],
  ['an option as ssh user', 'ssh://-oProxyCommand=pwned@host/x'],
  ['an option as ssh path', 'ssh://host/-oProxyCommand=pwned'],
  ['an option as scp host', '-oProxyCommand=pwned:x'],
  ['an option as scp path', 'git@host:-upload-pack'],
  ['a command in an scp path', 'git@host:$(touch pwned)'],
  ['a command in backquotes', 'git@host:`touch pwned`'],
  ['a semicolon in an scp path', 'git@host:a;touch pwned'],
  ['a semicolon in an ssh user', 'ssh://a;b@host/x'],
  ['a password in the URL', 'https://user:CANARY@host/x.git'],
  ['a user in the URL', 'https://CANARY@host/x.git'],
  ['an ssh password', 'ssh://git:CANARY@host/x.git'],
  ['a token as query', 'https://host/x.git?token=CANARY'],
  ['a fragment', 'https://host/x.git#CANARY'],
  ['a newline', 'https://host/x.git\nCANARY'],
  ['a carriage return', 'https://host/x.git\rCANARY'],
  ['a NUL', 'https://host/x.git\0CANARY'],
  ['a tab inside the scheme', 'ht\ttps://host/x.git'],
  ['a space', 'https://host/x .git'],
  ['a backslash for a slash', 'https:\\\\host\\x.git'],
  ['a backslash before a user', 'https://trusted\\@evil/x.git'],
  ['a line separator', 'https://host/x\u2028.git'],
  ['a byte order mark', '\ufeffhttps://host/x.git'],
  ['ftp', 'ftp://host/x.git'],
  ['the git protocol, which nobody authenticates', 'git://host/x.git'],
  ['javascript', 'javascript:alert(1)'],
  ['data', 'data:text/plain,x'],
  ['a path that climbs out', 'https://host/team/../other/x.git'],
  ['a path that climbs out, percent-encoded', 'https://host/team/%2e%2E/other/x.git'],
  ['an scp path that climbs out', 'git@host:../../other.git'],
  ['an ssh path that climbs out', 'ssh://git@host/team/../../other.git'],
  ['a file with a host', 'file://host/x.git'],
  ['a file with a query', 'file:///x.git?y'],
  ['nothing', ''],
  ['a URL of ten thousand characters', `https://host/${'x'.repeat(10_000)}`],
  ['a URL without a host', 'https:///x.git'],
  ['a URL without slashes', 'https:host/x.git'],
  ['words', 'no url at all'],
];

const remote: readonly [rule: string, url: string][] = [
  ['a file of this machine', 'file:///etc'],
  ['a path of this machine', '/etc'],
  ['plain http', 'http://127.0.0.1:1/x.git'],
  ['a file in capitals', 'FILE:///etc'],
];

const refs: readonly [rule: string, ref: string][] = [
  ['an option', '--upload-pack=touch pwned'],
  ['a short option', '-x'],
  ['an option as part', 'refs/heads/-x'],
  ['a command', '$(touch pwned)'],
  ['a pipe', 'main|touch'],
  ['a refspec', 'main:refs/heads/other'],
  ['a force', '+main'.replace('+', '^')],
  ['a range', 'a..b'],
  ['a reflog entry', 'main@{1}'],
  ['an ancestor', 'main~1'],
  ['a glob', 'refs/heads/*'],
  ['a climb out', 'refs/heads/../../config'],
  ['a lock', 'refs/heads/main.lock'],
  ['a newline', 'main\nrefs/heads/other'],
  ['a NUL', 'main\0x'],
  ['nothing', ''],
  ['a name of a thousand characters', 'x'.repeat(1_000)],
];

const revisions: readonly [rule: string, revision: string][] = [
  ['an option', '--output=pwned'],
  ['a branch', 'main'],
  ['HEAD', 'HEAD'],
  ['an abbreviation', 'abcdef1'],
  ['a path in a commit', `${'1'.repeat(40)}:README.md`],
  ['capitals', 'A'.repeat(40)],
  ['one digit more', '1'.repeat(41)],
  ['a second line', `${'1'.repeat(40)}\n--x`],
  ['nothing', ''],
];

async function refusal(work: Promise<unknown>): Promise<LockstepError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof LockstepError, String(error));
  assert.ok(!`${error.message}${String(error.stack)}`.includes('CANARY'), error.message);
  return error;
}

test('hostile URLs are refused before git is started', async (t) => {
  await using place = await createTreeWorld();
  for (const [rule, url] of local) {
    await t.test(rule, async () => {
      assert.equal((await refusal(place.trees.resolve(url, 'main', place.signal))).code, 'git-url-refused');
      const ref = { repository: url, revision: '1'.repeat(40) };
      assert.equal((await refusal(place.trees.open(ref, place.signal))).code, 'git-url-refused');
    });
  }
  assert.deepEqual(readdirSync(place.world.root).sort(), ['person', 'server']);
});

test('what is for local use is refused elsewhere', async (t) => {
  await using place = await createTreeWorld({ trees: { policy: { local: 'refused' } } });
  for (const [rule, url] of remote) {
    await t.test(rule, async () => {
      assert.equal((await refusal(place.trees.resolve(url, 'main', place.signal))).code, 'git-url-refused');
    });
  }
});

test('hostile refs and revisions are refused before git is started', async (t) => {
  await using place = await createTreeWorld();
  for (const [rule, ref] of refs) {
    await t.test(`ref: ${rule}`, async () => {
      assert.equal((await refusal(place.trees.resolve(place.url, ref, place.signal))).code, 'git-ref-refused');
    });
  }
  for (const [rule, revision] of revisions) {
    await t.test(`revision: ${rule}`, async () => {
      assert.equal((await refusal(place.open(revision))).code, 'git-ref-refused');
    });
  }
  assert.deepEqual(place.server.requests, []);
});

test('paths are only looked up, and no path leads out of a tree', async (t) => {
  await using place = await createTreeWorld({ files: { 'a/one.yaml': 'x: 1\n' } });
  const tree = await place.open(place.world.git('rev-parse', 'main'));
  const paths = [
    '/etc/passwd',
    '../person',
    'a/../README.md',
    './README.md',
    'a//one.yaml',
    'README.md\0',
    '-x',
    '.git/config',
    '__proto__',
    'constructor',
    'a/',
    'A/one.yaml',
  ];
  for (const path of paths) {
    await t.test(JSON.stringify(path), async () => {
      assert.equal(tree.entry(path), undefined);
      assert.deepEqual(tree.below(path), []);
      await assert.rejects(tree.read([path], place.signal), /no file in the tree/);
    });
  }
});
