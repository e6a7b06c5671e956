// Reading commits of repositories against real git: few requests, nothing twice, and no remote that holds up others.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { hasCode } from '../../server/core/errors.ts';
import { createCraft } from '../git-server/craft.ts';
import type { Fault } from '../git-server/server.ts';
import { createTreeWorld, readTexts } from '../git-server/tree-world.ts';

const files = { 'a/one.yaml': 'x: 1\n', 'a/b/two.yaml': 'x: 2\n', 'ab/three.yaml': 'x: 3\n' };

test('a tree is listed with all kinds of entries, sorted, and links are never followed', async () => {
  await using place = await createTreeWorld({ files });
  const { world } = place;
  const blob = world.clone('rev-parse', 'HEAD:README.md');
  world.clone('update-index', '--add', '--cacheinfo', `120000,${blob},a/link`);
  world.clone('update-index', '--add', '--cacheinfo', `160000,${world.clone('rev-parse', 'HEAD')},a/module`);
  world.clone('commit', '-q', '-m', 'Links');
  world.clone('push', '-q', 'origin', 'main');
  const tree = await place.open(world.git('rev-parse', 'main'));
  assert.deepEqual(
    tree.below('').map(({ path, kind }) => `${kind} ${path}`),
    [
      ...['file README.md', 'folder a', 'folder a/b', 'file a/b/two.yaml', 'symlink a/link', 'submodule a/module'],
      ...['file a/one.yaml', 'folder ab', 'file ab/three.yaml'],
    ],
  );
  assert.deepEqual(
    tree.below('a').map(({ path }) => path),
    ['a/b', 'a/b/two.yaml', 'a/link', 'a/module', 'a/one.yaml'],
  );
  assert.deepEqual(tree.below('none'), []);
  assert.equal(tree.entry('none'), undefined);
  assert.deepEqual(tree.entry(''), { path: '', kind: 'folder', id: world.git('rev-parse', 'main^{tree}') });
  assert.equal(tree.entry('a/b')?.id, world.git('rev-parse', 'main:a/b'));
  for (const path of ['a/link', 'a/module', 'a', 'none'])
    await assert.rejects(tree.read([path], place.signal), /no file in the tree/);
});

test('opening is one request, reading one more, and nothing is asked twice', async () => {
  await using place = await createTreeWorld({ files });
  const revision = place.world.git('rev-parse', 'main');
  const tree = await place.open(revision);
  assert.equal(place.posts().length, 1);
  assert.deepEqual(await readTexts(tree, ['a/one.yaml', 'a/b/two.yaml'], place.signal), ['x: 1\n', 'x: 2\n']);
  assert.equal(place.posts().length, 1);
  const again = await place.open(revision);
  assert.deepEqual(await readTexts(again, ['a/one.yaml'], place.signal), ['x: 1\n']);
  assert.deepEqual(await again.read([], place.signal), new Map());
  assert.deepEqual(place.server.requests, []);
});

test('files that nobody reads are not sent', async () => {
  const large = Array.from({ length: 3_000 }, (_, line) => `line ${Math.sin(line)}`).join('\n');
  await using place = await createTreeWorld({ files: { ...files, 'large.txt': large } });
  const tree = await place.open(place.world.git('rev-parse', 'main'));
  await tree.read(['a/one.yaml'], place.signal);
  assert.ok(place.server.sent.bytes < 5_000, `${place.server.sent.bytes} bytes were sent`);
  await tree.read(['large.txt'], place.signal);
  assert.ok(place.server.sent.bytes > 20_000);
});

test('two thousand readers at once make one request', async () => {
  const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`apps/a${at}/x.yaml`, `x: ${at}\n`]));
  await using place = await createTreeWorld({ files: many });
  const revision = place.world.git('rev-parse', 'main');
  const texts = await Promise.all(
    Object.keys(many).map(async (path) => readTexts(await place.open(revision), [path], place.signal)),
  );
  assert.deepEqual(texts.flat(), Object.values(many));
  assert.equal(place.posts().length, 2);
});

test('many revisions asked for at once come in one request', async () => {
  await using place = await createTreeWorld({ files });
  const revisions = ['one', 'two', 'three'].map((text) => place.world.person('main', { 'a/one.yaml': text }));
  const trees = await Promise.all(revisions.map((revision) => place.open(revision)));
  assert.equal(place.posts().length, 1);
  const texts = await Promise.all(trees.map((tree) => readTexts(tree, ['a/one.yaml'], place.signal)));
  assert.deepEqual(texts.flat(), ['one', 'two', 'three']);
  assert.equal(place.posts().length, 1);
});

test('a commit that is not there is refused alone, remembered, and asked for again later', async () => {
  await using place = await createTreeWorld({ files });
  const good = place.world.git('rev-parse', 'main');
  const bad = '1'.repeat(40);
  const [tree, refusal] = await Promise.allSettled([place.open(good), place.open(bad)]);
  assert.equal(tree.status, 'fulfilled');
  assert.ok(refusal.status === 'rejected' && hasCode(refusal.reason, 'git-revision-not-found'));
  place.posts();
  await assert.rejects(place.open(bad), /remembered; asked again in 5s/);
  assert.deepEqual(place.server.requests, []);
  place.clock.now += 5_000;
  await assert.rejects(place.open(bad), (error) => hasCode(error, 'git-revision-not-found'));
  assert.ok(place.posts().length > 0);
  await assert.rejects(place.open(bad), /asked again in 10s/);
});

test('a server that gives only what refs point to: the commit is found through branches and tags', async () => {
  await using place = await createTreeWorld({ files, server: { protocol: 'oldest' } });
  place.world.git('config', 'uploadpack.allowAnySHA1InWant', 'false');
  const old = place.world.git('rev-parse', 'main');
  for (let at = 0; at < 3; at++) place.world.person('main', { 'a/one.yaml': `y: ${at}\n` });
  const tip = place.world.git('rev-parse', 'main');
  assert.deepEqual(await readTexts(await place.open(old), ['a/one.yaml', 'ab/three.yaml'], place.signal), [
    'x: 1\n',
    'x: 3\n',
  ]);
  assert.deepEqual(await readTexts(await place.open(tip), ['a/one.yaml'], place.signal), ['y: 2\n']);
  await assert.rejects(place.open('2'.repeat(40)), (error) => hasCode(error, 'git-revision-not-found'));
});

test('a server that gives no single files sends all of a commit', async () => {
  await using place = await createTreeWorld({ files, server: { protocol: 'oldest' } });
  place.world.git('config', 'uploadpack.allowAnySHA1InWant', 'false');
  const tree = await place.open(place.world.git('rev-parse', 'main'));
  assert.deepEqual(await readTexts(tree, ['a/one.yaml'], place.signal), ['x: 1\n']);
});

test('a server without partial fetch sends all at once, and nothing is asked for later', async () => {
  await using place = await createTreeWorld({ files });
  place.world.git('config', 'uploadpack.allowFilter', 'false');
  const tree = await place.open(place.world.git('rev-parse', 'main'));
  place.posts();
  assert.deepEqual(await readTexts(tree, ['a/one.yaml'], place.signal), ['x: 1\n']);
  assert.deepEqual(place.server.requests, []);
});

test('names are resolved: HEAD, branch, tag, annotated tag, full ref, commit; a branch before a tag', async () => {
  await using place = await createTreeWorld({ files });
  const { world, trees, url, signal } = place;
  const first = world.git('rev-parse', 'main');
  world.git('tag', 'v1', first);
  world.git('-c', 'user.name=Pat', '-c', 'user.email=p@example.org', 'tag', '-a', '-m', 'Two', 'v2', first);
  const second = world.person('main', { 'a/one.yaml': 'x: 9\n' });
  world.git('tag', 'both', first);
  world.git('branch', 'both', second);
  const expected: [string, string][] = [
    ...([
      ['HEAD', second],
      ['main', second],
      ['v1', first],
      ['v2', first],
      ['both', second],
    ] as [string, string][]),
    ...([
      ['refs/tags/v2', first],
      ['refs/tags/both', first],
      ['refs/heads/main', second],
      [first, first],
    ] as [string, string][]),
  ];
  const found = await Promise.all(expected.map(([name]) => trees.resolve(url, name, signal)));
  assert.deepEqual(
    found,
    expected.map(([, commit]) => commit),
  );
  assert.equal(place.posts().length, 1);
  await assert.rejects(trees.resolve(url, 'none', signal), (error) => hasCode(error, 'git-revision-not-found'));
});

test('mirrors are bounded: the one not used for longest goes from the disk, and comes back when it is read', async () => {
  await using place = await createTreeWorld({ files, trees: { mirrorsMost: 2 } });
  const { world, server, trees, signal } = place;
  const revision = world.git('rev-parse', 'main');
  for (const name of ['one', 'two', 'three'])
    world.git('clone', '-q', '--bare', '.', join(world.root, 'server', `${name}.git`));
  for (const name of ['one', 'two', 'three'])
    world.git('-C', join(world.root, 'server', `${name}.git`), 'config', 'uploadpack.allowFilter', 'true');
  const opened = [];
  for (const name of ['one', 'two', 'three'])
    opened.push(await trees.open({ repository: `${server.url}/${name}.git`, revision }, signal));
  await setImmediate();
  assert.equal(readdirSync(join(place.stateDirectory, 'trees')).length, 2);
  const [first] = opened;
  assert.ok(first !== undefined);
  assert.deepEqual(await readTexts(first, ['a/one.yaml'], signal), ['x: 1\n']);
});

test('mirrors that many ask for at once are bounded too, and none is given up in use', async () => {
  await using place = await createTreeWorld({ files, trees: { mirrorsMost: 1 } });
  const { world, server, trees, signal } = place;
  const revision = world.git('rev-parse', 'main');
  const names = Array.from({ length: 6 }, (_, at) => `m${at}`);
  for (const name of names) world.git('clone', '-q', '--bare', '.', join(world.root, 'server', `${name}.git`));
  const open = (name: string) => trees.open({ repository: `${server.url}/${name}.git`, revision }, signal);
  const opened = await Promise.all(names.map(open));
  for (const tree of opened) assert.deepEqual(await readTexts(tree, ['a/one.yaml'], signal), ['x: 1\n']);
  for (let turns = 0; turns < 10; turns++) await setImmediate();
  await open('m5').then((tree) => tree.read(['a/one.yaml'], signal));
  assert.equal(readdirSync(join(place.stateDirectory, 'trees')).length, 1);
});

test('mirrors are bounded by their size: what is too large goes, and what is read of it comes back', async () => {
  const large = randomBytes(300_000).toString('base64');
  await using place = await createTreeWorld({ files: { ...files, 'large.txt': large }, trees: { bytesMost: 100_000 } });
  const { world, trees, signal } = place;
  const tree = await place.open(world.git('rev-parse', 'main'));
  assert.deepEqual(await readTexts(tree, ['large.txt'], signal), [large]);
  await setImmediate();
  await trees.open({ repository: world.bare, revision: world.git('rev-parse', 'main') }, signal);
  assert.deepEqual(readdirSync(join(place.stateDirectory, 'trees')), ['1']);
  assert.deepEqual(await readTexts(tree, ['a/one.yaml'], signal), ['x: 1\n']);
});

test('trees in memory are bounded, and listed again without a request', async () => {
  await using place = await createTreeWorld({ files, trees: { entriesMost: 7 } });
  const old = place.world.git('rev-parse', 'main');
  const next = place.world.person('main', { 'a/one.yaml': 'x: 9\n' });
  for (const revision of [old, next]) await place.open(revision);
  place.posts();
  assert.equal((await place.open(old)).below('').length, 7);
  assert.deepEqual(place.server.requests, []);
});

test('what the process before left behind is removed', async () => {
  await using place = await createTreeWorld({ files });
  mkdirSync(join(place.stateDirectory, 'trees', 'old'), { recursive: true });
  await place.open(place.world.git('rev-parse', 'main'));
  assert.deepEqual(readdirSync(join(place.stateDirectory, 'trees')), ['0']);
});

const deaths: [Fault, string][] = [
  [401, 'git-unauthorized'],
  [404, 'git-not-found'],
  [503, 'git-unreachable'],
  [302, 'git-unreachable'],
  ['cut', 'git-unreachable'],
];

for (const [fault, code] of deaths) {
  test(`a remote that answers ${fault} is ${code}, asked seldom, and what is here can be read`, async () => {
    const state: { fault: Fault | undefined } = { fault: undefined };
    await using place = await createTreeWorld({ files, server: { fault: () => state.fault } });
    const tree = await place.open(place.world.git('rev-parse', 'main'));
    await tree.read(['a/one.yaml'], place.signal);
    const next = place.world.person('main', { 'a/one.yaml': 'x: 9\n' });
    state.fault = fault;
    await assert.rejects(place.open(next), (error) => hasCode(error, code as 'git-unreachable'));
    const asked = place.server.requests.length;
    await assert.rejects(place.open(next), /remembered; asked again in 5s/);
    await assert.rejects(place.trees.resolve(place.url, 'main', place.signal), /remembered/);
    assert.equal(place.server.requests.length, asked);
    assert.deepEqual(await readTexts(tree, ['a/one.yaml'], place.signal), ['x: 1\n']);
    state.fault = undefined;
    place.clock.now += 5_000;
    assert.equal(await place.trees.resolve(place.url, 'main', place.signal), next);
    assert.deepEqual(await readTexts(await place.open(next), ['a/one.yaml'], place.signal), ['x: 9\n']);
  });
}

test('a silent remote is left at its deadline, and neither other repositories nor files that are here wait for it', async () => {
  const state = { isSilent: false };
  const fault = (): Fault | undefined => (state.isSilent ? 'silent' : undefined);
  await using place = await createTreeWorld({ files, server: { fault }, trees: { deadlineMs: 2_000 } });
  const { trees, world, signal } = place;
  const revision = world.git('rev-parse', 'main');
  const tree = await place.open(revision);
  await tree.read(['a/one.yaml'], signal);
  state.isSilent = true;
  const waiting = assert.rejects(tree.read(['a/b/two.yaml'], signal), (error) => hasCode(error, 'git-unreachable'));
  assert.deepEqual(await readTexts(tree, ['a/one.yaml'], signal), ['x: 1\n']);
  const other = await trees.open({ repository: world.bare, revision }, signal);
  assert.deepEqual(await readTexts(other, ['a/b/two.yaml'], signal), ['x: 2\n']);
  await waiting;
  assert.deepEqual(await readTexts(tree, ['a/one.yaml'], signal), ['x: 1\n']);
});

test('a caller leaves at once; the others get what it asked for', async () => {
  await using place = await createTreeWorld({ files });
  const tree = await place.open(place.world.git('rev-parse', 'main'));
  const leaving = new AbortController();
  const left = tree.read(['a/one.yaml'], leaving.signal);
  const stayed = readTexts(tree, ['a/one.yaml'], place.signal);
  leaving.abort(new Error('enough'));
  await assert.rejects(left, /enough/);
  assert.deepEqual(await stayed, ['x: 1\n']);
});

test('a host that accepts and says nothing ends with the deadline', async () => {
  await using place = await createTreeWorld({ trees: { deadlineMs: 500 } });
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  assert.ok(typeof address === 'object' && address !== null);
  const repository = `http://127.0.0.1:${address.port}/x.git`;
  await assert.rejects(place.trees.resolve(repository, 'main', place.signal), (error) =>
    hasCode(error, 'git-unreachable'),
  );
  silent.close();
});

test('fifty thousand entries are listed in one request', async () => {
  await using place = await createTreeWorld();
  const craft = createCraft(place.world.bare);
  const file = craft.blob('x: 1\n');
  const names = Array.from({ length: 500 }, (_, at) => String(at).padStart(3, '0'));
  const folder = craft.tree(...names.map((name) => ['100644', `${name}.yaml`, file] as const));
  const root = craft.tree(...names.slice(0, 100).map((name) => ['40000', `app-${name}`, folder] as const));
  const tree = await place.open(craft.commit(root, 'wide'));
  assert.equal(tree.below('').length, 50_100);
  assert.equal(tree.below('app-007').length, 500);
  assert.equal(place.posts().length, 1);
});
