import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceConfig } from '../server/config-file.ts';
import { createConfiguredOwners, pipelineMs } from '../server/configured-owners.ts';
import { LockstepError } from '../server/core/errors.ts';
import type { OwnerRef } from '../server/core/engine.ts';

const source: SourceConfig = {
  name: 'ci',
  repository: 'https://git.example.com/shop',
  branch: 'main',
  path: 'apps',
  namespace: 'shop',
  renderer: 'plain',
  credentials: undefined,
};
const owner: OwnerRef = { engine: 'none', kind: 'source', namespace: 'shop', name: 'ci' };
const signal = new AbortController().signal;

function createRig() {
  const world = { head: 'a'.repeat(40), now: 1_000_000, asked: [] as string[] };
  const owners = createConfiguredOwners([source], {
    resolve: async (repository, branch) => {
      world.asked.push(`${repository} ${branch}`);
      return world.head;
    },
    now: () => world.now,
  });
  return { world, owners };
}

test('a source of the configuration declares what is at the head of its branch, looked up each time', async () => {
  const { world, owners } = createRig();
  const first = await owners.plan(owner, signal);
  world.head = 'b'.repeat(40);
  const second = await owners.plan(owner, signal);
  assert.deepEqual(
    [first, second].map((plan) => plan?.sources[0]?.revision),
    ['a'.repeat(40), 'b'.repeat(40)],
  );
  assert.deepEqual(world.asked, Array(2).fill('https://git.example.com/shop main'));
  assert.deepEqual(first?.finish([]), {
    namespace: 'shop',
    parts: [
      {
        tree: { repository: source.repository, revision: 'a'.repeat(40) },
        path: 'apps',
        tool: { tool: 'plain', recurse: true, include: undefined, exclude: undefined },
        substitution: undefined,
        decrypts: false,
      },
    ],
  });
});

test('it is an owner in its namespace only, and no other is one', async () => {
  const { owners } = createRig();
  assert.deepEqual(owners.owners, [owner]);
  assert.deepEqual(owners.ownersIn('shop'), [owner]);
  assert.deepEqual(owners.ownersIn('other'), []);
  assert.ok(owners.has(owner));
  assert.equal(await owners.plan({ ...owner, name: 'gone' }, signal), undefined);
});

test('a pipeline has its time to apply a commit, and none for one that was there at first sight', () => {
  const { world, owners } = createRig();
  assert.equal(owners.note('ci', 'a'), false);
  assert.deepEqual(owners.progressOf(owner), { kind: 'idle' });
  assert.equal(owners.note('ci', 'a'), false);
  assert.equal(owners.note('ci', 'b'), true);
  const until = world.now + pipelineMs;
  assert.deepEqual(owners.progressOf(owner), { kind: 'on-its-way', reason: 'not-applied-yet', until });
  world.now = until;
  assert.deepEqual(owners.progressOf(owner), { kind: 'idle' });
});

test('a branch that cannot be looked up is told, not taken for no source', async () => {
  const error = new LockstepError('git-unreachable', { message: 'no' });
  const owners = createConfiguredOwners([source], { resolve: () => Promise.reject(error), now: () => 0 });
  await assert.rejects(owners.plan(owner, signal), error);
});
