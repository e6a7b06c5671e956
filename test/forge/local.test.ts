import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode } from '../../server/core/errors.ts';
import type { Forge, PullDraft } from '../../server/core/forge.ts';
import { createLocalForge } from '../../server/forge/local.ts';
import { formatRecord, parseRecord } from '../../server/forge/record.ts';
import { startGitServer } from '../git-server/server.ts';
import { createWorld } from '../git-server/world.ts';

const signal = AbortSignal.timeout(120_000);
const clock = { now: () => Date.now() };

function draftOf(headCommit: string, head = 'lockstep/x'): PullDraft {
  return { title: 'T', body: 'B', base: 'main', head, headCommit, proposed: { a: 'b' } };
}

test('pull requests live in the repository, over http with authentication too', async () => {
  using world = createWorld();
  const server = await startGitServer({ directory: join(world.root, 'server'), username: 'u', password: 'p' });
  try {
    const repository = world.open({
      url: `${server.url}/shop.git`,
      access: () => ({ credentials: { kind: 'password', username: 'u', password: 'p' } }),
    });
    const forge = createLocalForge({ repository, clock });
    const opened = await forge.open(draftOf(world.person('lockstep/x', { x: '1' })), signal);
    assert.equal(opened.number, 1);
    const other = createLocalForge({ repository: world.open(), clock });
    assert.deepEqual(await other.list({}, signal), [opened]);
    const updated = await other.update(1, { ...draftOf(world.person('lockstep/x', { x: '2' })), title: 'U' }, signal);
    assert.equal(updated.title, 'U');
    assert.equal(updated.createdAt, opened.createdAt);
    assert.equal(await forge.merge(1, signal), 'merged');
    assert.equal(world.show('main', 'x'), '2');
    assert.equal(world.git('for-each-ref', 'refs/heads/lockstep'), '');
    assert.equal(await forge.merge(1, signal), 'not-open');
    await assert.rejects(forge.merge(9, signal), (error) => hasCode(error, 'pull-not-found'));
  } finally {
    await server.stop();
  }
});

test('numbers are given once, and one branch has one open pull request', async () => {
  using world = createWorld();
  const heads = ['x', 'x', 'y', 'z'].map((name) => `lockstep/${name}`);
  const commits = new Map([...new Set(heads)].map((head) => [head, world.person(head, { [head]: '1' })]));
  const forges: Forge[] = heads.map(() => createLocalForge({ repository: world.open(), clock }));
  const opened = await Promise.all(
    forges.map((forge, n) => forge.open(draftOf(commits.get(heads[n] ?? '') ?? '', heads[n]), signal)),
  );
  assert.equal(opened[0]?.number, opened[1]?.number);
  assert.deepEqual(new Set(opened.map(({ number }) => number)), new Set([1, 2, 3]));
});

test('a branch with a person’s commits is left when its pull request is closed', async () => {
  using world = createWorld();
  const forge = createLocalForge({ repository: world.open(), clock });
  await forge.open(draftOf(world.person('lockstep/x', { x: '1' })), signal);
  const theirs = world.person('lockstep/x', { x: '2' });
  assert.equal((await forge.close(1, 'person', signal)).state, 'closed');
  assert.equal(world.git('rev-parse', 'lockstep/x'), theirs);
});

test('a base that moved during a merge is told, and nothing is written', async () => {
  using world = createWorld();
  const repository = world.open();
  const racing = {
    ...repository,
    merge: async (...args: Parameters<typeof repository.merge>) => {
      const result = await repository.merge(...args);
      world.person('main', { y: '1' });
      return result;
    },
  };
  const forge = createLocalForge({ repository: racing, clock });
  await forge.open(draftOf(world.person('lockstep/x', { x: '1' })), signal);
  assert.equal(await forge.merge(1, signal), 'moved');
  assert.equal((await forge.list({}, signal))[0]?.state, 'open');
});

test('what is no record of ours is passed over', async () => {
  const good = formatRecord({
    ...draftOf('a'.repeat(40)),
    number: 1,
    state: 'open',
    endedBy: undefined,
    createdAt: 1,
    updatedAt: 2,
  });
  assert.equal(parseRecord(1, good)?.state, 'open');
  for (const text of [
    '',
    'x\n\n{',
    'x\n\nnull',
    'x\n\n[]',
    good.replace('"open"', '"odd"'),
    good.replace('"version": 1', '"version": 2'),
    good.replace('main', ''),
    `x\n\n{${' '.repeat(300_000)}}`,
  ]) {
    assert.equal(parseRecord(1, text), undefined, text.slice(0, 40));
  }
  assert.equal(parseRecord(0, good), undefined);
  using world = createWorld();
  world.git('update-ref', 'refs/lockstep/pulls/7', 'main');
  assert.deepEqual(await createLocalForge({ repository: world.open(), clock }).list({}, signal), []);
});
