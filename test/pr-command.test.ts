import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { createLocalForge } from '../server/forge/local.ts';
import { runPrCommand } from '../server/pr-command.ts';
import type { World } from './git-server/world.ts';
import { createWorld } from './git-server/world.ts';

const clock = { now: () => 1_800_000_000_000 };
const file = 'a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\ng: 7\n';

async function pr(world: World, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await runPrCommand(args, {
    stdout: (text) => void (said.out += text),
    stderr: (text) => void (said.err += text),
    env: process.env,
    clock: { now: () => clock.now() + 180_000 },
    temporaryDirectory: world.root,
    signal: AbortSignal.timeout(30_000),
  });
  return { code, ...said };
}

async function openPull(world: World, title = 'Record Secret db'): Promise<void> {
  const forge = createLocalForge({ repository: world.open(), clock });
  const headCommit = world.person('lockstep/x', { 'app/a.yaml': file.replace('b: 2', 'b: 3') });
  const draft = {
    title,
    body: 'Text',
    base: 'main',
    head: 'lockstep/x',
    headCommit,
    proposed: { 'Deployment/shop/web secret.db': 'p' },
  };
  await forge.open(draft, AbortSignal.timeout(30_000));
}

test('pr list and show print a table or JSON', async () => {
  using world = createWorld({ 'app/a.yaml': file });
  assert.equal((await pr(world, 'list', '--repository', world.bare)).out, 'No pull requests found.\n');
  await openPull(world);
  assert.equal(
    (await pr(world, 'list', `--repository=${world.bare}`)).out,
    'NUMBER   STATE   TITLE              BASE   HEAD         AGE\n#1       open    Record Secret db   main   lockstep/x   3m\n',
  );
  const listed: unknown = JSON.parse((await pr(world, 'list', '--repository', world.bare, '-o', 'json')).out);
  assert.ok(Array.isArray(listed) && listed.length === 1);
  assert.match(
    (await pr(world, 'show', '1', '--repository', world.bare)).out,
    /^Number: {4}#1\nTitle: {5}Record Secret db\n/,
  );
  assert.deepEqual(
    readdirSync(world.root).filter((name) => name.startsWith('lockstep-pr-')),
    [],
  );
});

test('pr merge merges when the base moved on other lines, and says when it was merged already', async () => {
  using world = createWorld({ 'app/a.yaml': file });
  await openPull(world);
  world.person('main', { 'app/a.yaml': file.replace('g: 7', 'g: 8'), 'other.txt': 'x\n' });
  assert.deepEqual(await pr(world, 'merge', '1', '--repository', world.bare), {
    code: 0,
    out: 'pull request #1 merged\n',
    err: '',
  });
  assert.equal(world.show('main', 'app/a.yaml'), file.replace('g: 7', 'g: 8').replace('b: 2', 'b: 3'));
  assert.equal((await pr(world, 'merge', '1', '--repository', world.bare)).out, 'pull request #1 was merged already\n');
  assert.equal((await pr(world, 'close', '1', '--repository', world.bare)).code, 1);
});

test('pr merge refuses a conflict with a clear message', async () => {
  using world = createWorld({ 'app/a.yaml': file });
  await openPull(world);
  world.person('main', { 'app/a.yaml': file.replace('b: 2', 'b: 9') });
  const before = world.refs();
  const result = await pr(world, 'merge', '1', '--repository', world.bare);
  assert.equal(result.code, 1);
  assert.match(result.err, /^error: pull request #1 cannot be merged: base and branch changed the same lines\n/);
  assert.equal(world.refs(), before);
});

test('pr close closes once', async () => {
  using world = createWorld({ 'app/a.yaml': file });
  await openPull(world);
  assert.equal((await pr(world, 'close', '1', '--repository', world.bare)).out, 'pull request #1 closed\n');
  assert.equal((await pr(world, 'close', '1', '--repository', world.bare)).out, 'pull request #1 was closed already\n');
  assert.equal((await pr(world, 'merge', '1', '--repository', world.bare)).code, 1);
});

test('pr show never sends control characters of a record to the terminal', async () => {
  using world = createWorld({ 'app/a.yaml': file });
  await openPull(world, 'a\u001b]0;evil\u0007b');
  const { out } = await pr(world, 'show', '1', '--repository', world.bare);
  assert.ok(!out.includes('\u001b') && !out.includes('\u0007'));
});

const wrong: [string[], RegExp][] = [
  [[], /unknown command ""/],
  [['lst', '--repository', 'x'], /unknown command "lst"; did you mean list\?/],
  [['list'], /--repository is needed/],
  [['list', '--repositry', 'x'], /unknown flag --repositry; did you mean --repository\?/],
  [['list', '--repository', 'x', '-z=1'], /unknown flag -z/],
  [['list', '--repository'], /--repository needs a value/],
  [['list', '--repository', 'x', '-o', 'yaml'], /--output yaml: want one of table, json/],
  [['list', '--repository', 'x', 'extra'], /unexpected word "extra"/],
  [['show', '--repository', 'x'], /show needs the number/],
  [['merge', '0', '--repository', 'x'], /merge needs the number/],
  [
    ['merge', '1', '2', '--stat=open'],
    /unknown flag --stat; did you mean --state\?\n--repository is needed\nunexpected word "2"/,
  ],
];

for (const [args, message] of wrong) {
  test(`pr ${args.join(' ')} is refused by name`, async () => {
    using world = createWorld();
    const result = await pr(world, ...args);
    assert.equal(result.code, 2);
    assert.match(result.err, message);
  });
}

test('pr names what is wrong with a repository', async () => {
  using world = createWorld();
  const missing = await pr(world, 'list', '--repository', `${world.root}/none.git`);
  assert.equal(missing.code, 1);
  assert.match(missing.err, /cannot be read or written\ngit-unreachable: /);
  assert.match((await pr(world, 'show', '7', '--repository', world.bare)).err, /there is no pull request #7/);
  assert.match((await pr(world, 'list', '--repository', 'ext::sh -c x')).err, /git-url-refused/);
});
