// The repository port against real git. Long because each way in which a push can lose is played through.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode } from '../../server/core/errors.ts';
import type { Repository } from '../../server/core/repository.ts';
import type { Access } from '../../server/git/credentials.ts';
import type { Fault } from '../git-server/server.ts';
import { startGitServer } from '../git-server/server.ts';
import type { World } from '../git-server/world.ts';
import { createWorld } from '../git-server/world.ts';

const canary = 'CANARY-s3cr3t%';
const at = 1_800_000_000_000;
const signal = AbortSignal.timeout(120_000);
const login = (password: string) => (): Access => ({
  credentials: { kind: 'password', username: 'lockstep', password },
});
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const yaml = { path: '', endings: ['.yaml'] };

interface Place {
  readonly world: World;
  readonly repository: Repository;
  readonly url: string;
  readonly requests: string[];
  fault: ((request: { method: string; url: string }) => Fault | undefined) | undefined;
}

/** Runs over http with authentication, and the same over a path. */
function testBoth(name: string, body: (place: Place) => Promise<void>): void {
  test(`file: ${name}`, async () => {
    using world = createWorld({ 'a/one.yaml': 'x: 1\n', 'a/b/two.yaml': 'x: 2\n', 'a/note.txt': 'n\n' });
    await body({ world, repository: world.open(), url: world.bare, requests: [], fault: undefined });
  });
  testHttp(name, body);
}

function testHttp(name: string, body: (place: Place) => Promise<void>): void {
  test(`http: ${name}`, async () => {
    using world = createWorld({ 'a/one.yaml': 'x: 1\n', 'a/b/two.yaml': 'x: 2\n', 'a/note.txt': 'n\n' });
    const place: { fault: Place['fault'] } = { fault: undefined };
    const server = await startGitServer({
      directory: join(world.root, 'server'),
      username: 'lockstep',
      password: canary,
      fault: (request) => place.fault?.(request),
    });
    try {
      const access = login(canary);
      const url = `${server.url}/shop.git`;
      const repository = world.open({ url, access });
      await body(Object.assign(place, { world, repository, url, requests: server.requests }));
    } finally {
      await server.stop();
    }
  });
}

async function tip(repository: Repository, branch = 'main'): Promise<string> {
  const heads = await repository.refresh([`refs/heads/${branch}`], signal);
  return heads.get(`refs/heads/${branch}`)?.commit ?? '';
}

testBoth('reads refs and files at a revision', async ({ world, repository }) => {
  const commit = await tip(repository);
  assert.equal(commit, world.git('rev-parse', 'main'));
  const files = await repository.files({ revision: commit, ...yaml }, signal);
  assert.deepEqual(
    files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]),
    [
      ['a/b/two.yaml', 'x: 2\n'],
      ['a/one.yaml', 'x: 1\n'],
    ],
  );
  const narrow = await repository.files({ revision: commit, path: 'a/b', endings: ['.yaml'] }, signal);
  assert.deepEqual(
    narrow.map(({ path }) => path),
    ['a/b/two.yaml'],
  );
  assert.deepEqual(await repository.files({ revision: commit, path: 'none', endings: ['.yaml'] }, signal), []);
});

testBoth('links and submodules are not followed', async ({ world, repository }) => {
  world.clone('checkout', '-q', 'main');
  const link = world.clone('rev-parse', 'HEAD:README.md');
  world.clone('update-index', '--add', '--cacheinfo', `120000,${link},a/link.yaml`);
  world.clone('commit', '-q', '-m', 'Link');
  world.clone('push', '-q', 'origin', 'main');
  const files = await repository.files({ revision: await tip(repository), ...yaml }, signal);
  assert.deepEqual(
    files.map(({ path }) => path),
    ['a/b/two.yaml', 'a/one.yaml'],
  );
});

testBoth('a commit changes only its files and keeps modes', async ({ world, repository }) => {
  world.clone('checkout', '-q', 'main');
  world.clone('update-index', '--chmod=+x', 'a/one.yaml');
  world.clone('commit', '-q', '-m', 'Mode');
  world.clone('push', '-q', 'origin', 'main');
  const base = await tip(repository);
  const files = [
    { path: 'a/one.yaml', bytes: encode('x: 3\r\n') },
    { path: 'new/é.yaml', bytes: encode('y') },
  ];
  const commit = await repository.commit(
    { onto: base, parents: [base], files, message: 'Subject\n\nBody\n', at },
    signal,
  );
  assert.equal(
    await repository.push([{ ref: 'refs/heads/lockstep/x', from: undefined, to: commit }], signal),
    'pushed',
  );
  assert.equal(world.show('lockstep/x', 'a/one.yaml'), 'x: 3\r\n');
  assert.match(
    world.git('diff', '--raw', 'main', 'lockstep/x'),
    /^:100755 100755 .* M\ta\/one\.yaml\n:000000 100644 .*é|^:100755 100755/,
  );
  assert.equal(world.git('diff', '--name-only', '-z', 'main', 'lockstep/x'), 'a/one.yaml\0new/é.yaml\0');
  assert.equal(
    world.git('log', '-1', '--format=%an <%ae> %ct %s', 'lockstep/x'),
    'Lockstep <lockstep@lockstep.dev> 1800000000 Subject',
  );
});

testBoth('a push is all or nothing, and only from the value expected', async ({ world, repository }) => {
  const base = await tip(repository);
  const commit = await repository.commit({ onto: base, parents: [base], files: [], message: 'm', at }, signal);
  const ref = 'refs/heads/lockstep/x';
  assert.equal(await repository.push([{ ref, from: base, to: commit }], signal), 'moved');
  assert.equal(await repository.push([{ ref, from: undefined, to: commit }], signal), 'pushed');
  assert.equal(
    await repository.push([{ ref, from: undefined, to: commit }], signal),
    'pushed',
    'done already is success',
  );
  const before = world.refs();
  const both = [
    { ref, from: commit, to: undefined },
    { ref: 'refs/heads/main', from: commit, to: commit },
  ];
  assert.equal(await repository.push(both, signal), 'moved');
  assert.equal(world.refs(), before);
  assert.equal(await repository.push([{ ref, from: commit, to: undefined }], signal), 'pushed');
  assert.equal(world.git('for-each-ref', ref), '');
});

testBoth('a hook that refuses is told apart from a moved branch', async ({ world, repository }) => {
  world.git('config', 'receive.denyDeletes', 'true');
  const base = await tip(repository);
  assert.equal(await repository.push([{ ref: 'refs/heads/main', from: base, to: undefined }], signal), 'refused');
});

testBoth('vanished refs vanish here, and a directory may take the place of a branch', async ({ world, repository }) => {
  world.git('branch', 'lockstep', 'main');
  const patterns = ['refs/heads/lockstep/*', 'refs/heads/lockstep', 'refs/lockstep/pulls/*'];
  assert.deepEqual([...(await repository.refresh(patterns, signal)).keys()], ['refs/heads/lockstep']);
  world.git('branch', '-D', 'lockstep');
  world.git('branch', 'lockstep/x', 'main');
  assert.deepEqual([...(await repository.refresh(patterns, signal)).keys()], ['refs/heads/lockstep/x']);
});

testBoth('ancestry is found through as much history as needed', async ({ world, repository }) => {
  const first = world.git('rev-parse', 'main');
  for (let n = 0; n < 5; n++) world.person('main', { 'n.txt': String(n) });
  const side = world.person('side', { 's.txt': 's' });
  const base = await tip(repository);
  assert.equal(
    await repository.contains({ commit: base, ancestor: first, since: Date.now() - 86_400_000 }, signal),
    true,
  );
  assert.equal(
    await repository.contains({ commit: base, ancestor: side, since: Date.now() - 86_400_000 }, signal),
    false,
  );
  assert.equal(await repository.contains({ commit: base, ancestor: base, since: Date.now() }, signal), true);
});

testBoth('commits merge across a moved base, and conflicts are told', async ({ world, repository }) => {
  world.person('side', { 'a/one.yaml': 'x: 9\n' });
  for (let n = 0; n < 3; n++) world.person('main', { 'n.txt': String(n) });
  const heads = await repository.refresh(['refs/heads/*'], signal);
  const [base, head] = [heads.get('refs/heads/main')?.commit ?? '', heads.get('refs/heads/side')?.commit ?? ''];
  const result = await repository.merge({ base, head, message: 'Merge', at }, signal);
  assert.equal(result.kind, 'merged');
  world.person('main', { 'a/one.yaml': 'x: 7\n' });
  assert.deepEqual(await repository.merge({ base: await tip(repository), head, message: 'Merge', at }, signal), {
    kind: 'conflict',
  });
});

testBoth('what is hostile is refused before git sees it', async ({ repository }) => {
  const base = await tip(repository);
  const commit = (path: string): Promise<string> =>
    repository.commit({ onto: base, parents: [base], files: [{ path, bytes: encode('x') }], message: 'm', at }, signal);
  await assert.rejects(commit('../x'), (error) => hasCode(error, 'git-path-refused'));
  await assert.rejects(commit('.git/config'), (error) => hasCode(error, 'git-path-refused'));
  await assert.rejects(repository.refresh(['--upload-pack=x'], signal), (error) => hasCode(error, 'git-ref-refused'));
  await assert.rejects(repository.push([{ ref: '-x', from: undefined, to: base }], signal), (error) =>
    hasCode(error, 'git-ref-refused'),
  );
  await assert.rejects(repository.files({ revision: 'main', ...yaml }, signal), (error) =>
    hasCode(error, 'git-ref-refused'),
  );
});

testHttp('an idle look is one request, and missing files come in one', async ({ repository, requests }) => {
  const commit = await tip(repository);
  requests.length = 0;
  await tip(repository);
  const posts = (): string[] => requests.filter((line) => line.startsWith('POST'));
  assert.equal(posts().length, 1);
  requests.length = 0;
  await repository.files({ revision: commit, ...yaml }, signal);
  assert.equal(posts().length, 1);
  requests.length = 0;
  await repository.files({ revision: commit, ...yaml }, signal);
  assert.deepEqual(requests, []);
});

const refusals: [Fault, string][] = [
  [401, 'git-unauthorized'],
  [403, 'git-unauthorized'],
  [404, 'git-not-found'],
  [503, 'git-unreachable'],
  [302, 'git-unreachable'],
  ['cut', 'git-unreachable'],
];

for (const [fault, code] of refusals) {
  testHttp(`a server that answers ${fault} is ${code}, and the next try works`, async (place) => {
    place.fault = () => fault;
    const failure = await tip(place.repository).catch((error: unknown) => error);
    assert.ok(failure instanceof Error && 'code' in failure && failure.code === code, String(failure));
    assert.ok(!failure.message.includes('CANARY') && !String(failure.stack).includes(canary));
    place.fault = undefined;
    assert.equal(await tip(place.repository), place.world.git('rev-parse', 'main'));
  });
}

testHttp('a push whose answer is lost is looked up, not repeated', async (place) => {
  const { repository, world } = place;
  const base = await tip(repository);
  const commit = await repository.commit({ onto: base, parents: [base], files: [], message: 'm', at }, signal);
  place.fault = ({ method, url }) => (method === 'POST' && url.endsWith('git-receive-pack') ? 'lose' : undefined);
  assert.equal(
    await repository.push([{ ref: 'refs/heads/lockstep/x', from: undefined, to: commit }], signal),
    'pushed',
  );
  assert.equal(world.git('rev-parse', 'lockstep/x'), commit);
});

testHttp('a push that never arrived says so', async (place) => {
  const base = await tip(place.repository);
  const commit = await place.repository.commit({ onto: base, parents: [base], files: [], message: 'm', at }, signal);
  place.fault = ({ url }) => (url.includes('git-receive-pack') ? 403 : undefined);
  const push = place.repository.push([{ ref: 'refs/heads/lockstep/x', from: undefined, to: commit }], signal);
  await assert.rejects(push, (error) => hasCode(error, 'git-unauthorized'));
});

testHttp('a silent server is left when the caller says so', async (place) => {
  place.fault = () => 'silent';
  const abort = new AbortController();
  const refresh = place.repository.refresh(['refs/heads/main'], abort.signal);
  const waiting = setInterval(() => {
    if (place.requests.length > 0) abort.abort(new Error('enough'));
  }, 10);
  try {
    await assert.rejects(refresh, /enough/);
  } finally {
    clearInterval(waiting);
  }
});

testHttp('a silent server is unreachable after the deadline, in words', async (place) => {
  place.fault = () => 'silent';
  const access = login(canary);
  const url = place.url;
  const repository = place.world.open({ url, access, deadlineMs: 1_000 });
  await assert.rejects(tip(repository), (error) => {
    assert.ok(hasCode(error, 'git-unreachable'));
    assert.match(error.message, /^git ls-remote for http:\S+ did not end within 1s$/);
    return true;
  });
});

test('a mirror that somebody removed is made anew', async () => {
  using world = createWorld();
  const stateDirectory = join(world.root, 'state-removed');
  const repository = world.open({ stateDirectory });
  const commit = await tip(repository);
  rmSync(stateDirectory, { recursive: true });
  await assert.rejects(tip(repository), (error) => hasCode(error, 'git-failed'));
  assert.equal(await tip(repository), commit);
});

test('a mirror that cannot be made says where and why', async () => {
  using world = createWorld({ file: '' });
  writeFileSync(join(world.root, 'file'), '');
  const repository = world.open({ stateDirectory: join(world.root, 'file') });
  await assert.rejects(
    tip(repository),
    (error) => hasCode(error, 'git-failed') && /ENOTDIR|EEXIST/.test(error.message),
  );
});

test('a machine without git is told so', async () => {
  using world = createWorld();
  await assert.rejects(tip(world.open({ ambient: { PATH: world.root } })), (error) => {
    assert.ok(hasCode(error, 'git-failed'), String(error));
    assert.match(error.message, /is git installed/);
    return true;
  });
});

testHttp('no credential is in the mirror, in its config or in any argument', async (place) => {
  const { world, repository } = place;
  const commands = new Set<string>();
  // Asked while git waits for the answer: its arguments and those of its transports can be seen then.
  place.fault = () => {
    for (const pid of readdirSync('/proc')) if (/^\d+$/.test(pid)) commands.add(readQuietly(`/proc/${pid}/cmdline`));
    return undefined;
  };
  const base = await tip(repository);
  await repository.files({ revision: base, ...yaml }, signal);
  const commit = await repository.commit({ onto: base, parents: [base], files: [], message: 'm', at }, signal);
  await repository.push([{ ref: 'refs/heads/lockstep/x', from: undefined, to: commit }], signal);
  assert.ok([...commands].some((line) => line.includes('remote-http') && line.includes('/shop.git')));
  assert.deepEqual(
    [...commands].filter((line) => line.includes('CANARY')),
    [],
  );
  for (const entry of readdirSync(world.root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) assert.ok(!readFileSync(path).includes('CANARY') && !path.includes('CANARY'), path);
  }
});

test('wrong credentials are refused credentials', async () => {
  using world = createWorld();
  const server = await startGitServer({
    directory: join(world.root, 'server'),
    username: 'lockstep',
    password: canary,
  });
  try {
    for (const access of [undefined, login('wrong')]) {
      const repository = world.open({
        url: `${server.url}/shop.git`,
        ...(access === undefined ? {} : { access }),
      });
      await assert.rejects(tip(repository), (error) => hasCode(error, 'git-unauthorized'));
    }
  } finally {
    await server.stop();
  }
});

test('a repository that is not there is unreachable', async () => {
  using world = createWorld();
  await assert.rejects(tip(world.open({ url: `${world.root}/none.git` })), (error) =>
    hasCode(error, 'git-unreachable'),
  );
  await assert.rejects(tip(world.open({ url: 'http://127.0.0.1:1/x.git' })), (error) =>
    hasCode(error, 'git-unreachable'),
  );
});

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
