// Asking an engine to put Git's content back: who is asked, how often, and what restarts wait for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { createRig, declared, owner, T, type Rig } from './drift-rig.ts';
import { config, createRig as createWorkloadRig, key as workloadKey } from './rig.ts';

const web = 'ConfigMap/shop/web';
const found = 'found web different [a] by kubectl-edit';

/** An edit, with the restart for it waiting. */
function drifted(more: Parameters<typeof createRig>[0] = {}): Rig {
  const rig = createRig(more);
  rig.world.action = 'revert';
  rig.see('web', { a: 'x', b: '2' });
  rig.deps.reversions.begin(web, T + 30_000);
  return rig;
}

test('one ask for all drift of an owner, and restarts wait for its effect', async () => {
  const rig = drifted();
  rig.world.declares = [...rig.world.declares, declared('api', { c: '3' })];
  rig.see('api', { c: 'x' });
  await rig.reconcile();
  assert.deepEqual(rig.asks, [[web, 'ConfigMap/shop/api']]);
  assert.deepEqual(rig.told, [found, 'found api different [c] by kubectl-edit', 'revert-asked web,api']);
  assert.deepEqual([rig.released, rig.deps.reversions.until(web, T)], [[], T + 30_000]);
});

test('content that is back frees restarts, which find nothing owed', async () => {
  const rig = drifted();
  await rig.reconcile();
  rig.see('web', { a: '1', b: '2' });
  await rig.reconcile();
  assert.deepEqual(rig.told, [found, 'revert-asked web', 'gone web equal']);
  assert.deepEqual([rig.released, rig.deps.reversions.until(web, T)], [[web], undefined]);
});

test('I10: three asks in ten minutes, then a refusal that names the fight, told once, and restarts go on', async () => {
  const rig = drifted();
  for (const at of [0, 30_000, 60_000, 90_000, 120_000]) {
    rig.world.now = T + at;
    await rig.reconcile();
  }
  assert.equal(rig.asks.length, 3);
  assert.deepEqual(rig.told.slice(3), ['revert-asked web', 'revert-refused web fighting']);
  assert.deepEqual(rig.released, [web]);
  rig.world.now = T + 600_000;
  await rig.reconcile();
  assert.equal(rig.asks.length, 4);
});

const ignored = { keys: ['b'], fields: [] } as const;

test('an object of which only what is ignored differs is not reverted', async () => {
  const rig = drifted();
  rig.world.leaves = [{ ...ignored, keys: ['a'], overwritten: true }];
  await rig.reconcile();
  assert.deepEqual([rig.asks, rig.told, rig.released], [[], [], [web]]);
});

test('nor one in which something ignored would be overwritten; where that is respected, it is', async () => {
  const rig = drifted();
  rig.world.leaves = [{ ...ignored, overwritten: true }];
  await rig.reconcile();
  assert.deepEqual([rig.asks, rig.told], [[], [found, 'revert-refused web overwrites-ignored']]);
  assert.deepEqual(rig.released, [web], 'restarts do not wait for it');
  rig.world.leaves = [ignored];
  await rig.reconcile();
  assert.deepEqual(rig.asks, [[web]]);
});

test('an owner that is busy is asked again soon', async () => {
  const rig = drifted();
  rig.world.asked = { kind: 'busy', reason: 'operation-running' };
  await rig.reconcile();
  assert.deepEqual([rig.told.at(-1), rig.retries, rig.released], ['revert-busy operation-running', [5_000], []]);
  rig.world.asked = { kind: 'asked' };
  await rig.reconcile();
  assert.equal(rig.asks.length, 2);
});

const refusals: [rule: string, change: (rig: Rig) => void, reason: string][] = [
  [
    'what the engine refuses',
    ({ world }) => void (world.asked = { kind: 'refused', reason: 'suspended' }),
    'suspended',
  ],
  ['adopt', ({ world }) => void (world.action = 'adopt'), 'adopt-not-here'],
  [
    'what two owners confirm',
    ({ world }) => void (world.ownership = { kind: 'unconfirmed', owner, reason: 'two-owners' }),
    'owner-unconfirmed',
  ],
  ['what nobody confirms', ({ world }) => void (world.ownership = { kind: 'not-owned' }), 'owner-unconfirmed'],
  ['what Git declares no more', ({ world }) => void (world.declares = []), 'not-declared'],
];
for (const [rule, change, reason] of refusals) {
  test(`${rule} is refused once, with the reason, and frees restarts`, async () => {
    const rig = drifted();
    change(rig);
    await rig.reconcile();
    await rig.reconcile();
    assert.deepEqual(rig.told.slice(1), [`revert-refused web ${reason}`]);
    assert.deepEqual(rig.released, [web]);
  });
}

test('observe mode asks nobody and says so', async () => {
  const rig = drifted({ mode: 'observe' });
  await rig.reconcile();
  assert.deepEqual([rig.asks, rig.told], [[], [found, 'revert-refused web observe-mode']]);
});

test('an owner that changed meanwhile is asked again, and restarts go on waiting', async () => {
  const rig = drifted();
  rig.world.asked = new LockstepError('api-conflict', { message: 'changed' });
  await assert.rejects(rig.reconcile(), { code: 'api-conflict' });
  assert.deepEqual(rig.released, []);
  rig.world.asked = { kind: 'asked' };
  await rig.reconcile();
  assert.deepEqual([rig.asks.length, rig.told], [2, [found, 'revert-asked web']]);
});

test('drift that is only reported frees restarts at once', async () => {
  const rig = drifted();
  rig.world.action = 'report';
  await rig.reconcile();
  assert.deepEqual([rig.asks, rig.released], [[], [web]]);
});

test('a restart for drift that is taken back in time is never made', async () => {
  let until: number | undefined = T + 30_000;
  const rig = await createWorkloadRig({ revertingUntil: (key) => (key === 'Secret/shop/db' ? until : undefined) });
  rig.see({ config: config(30, 'B') });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, rig.patches.length], [['held reverting'], 0]);
  assert.equal(rig.reconciler.held.get(workloadKey), 'reverting');
  rig.see({ config: config(31, 'A') });
  until = undefined;
  await rig.reconcile();
  assert.deepEqual([rig.patches.length, rig.reconciler.held.size], [0, 0]);
});

test('a restart for drift that is not taken back is made at the deadline', async () => {
  let until: number | undefined = T + 30_000;
  const rig = await createWorkloadRig({ revertingUntil: () => until });
  rig.see({ config: config(30, 'B') });
  await rig.reconcile();
  assert.equal(rig.retries.at(-1), T + 30_000 - rig.live.now);
  until = undefined;
  await rig.reconcile();
  assert.equal(rig.patches.length, 1);
});

test('a comparison frees no restart for content that was written after it had looked', async () => {
  const rig = createRig({
    // While the writer of the first object is asked for, the other is edited.
    async writersOf() {
      rig.see('api', { c: 'x' });
      rig.deps.reversions.begin('ConfigMap/shop/api', T + 30_000);
      return undefined;
    },
  });
  rig.world.declares = [...rig.world.declares, declared('api', { c: '3' })];
  rig.world.action = 'report';
  rig.see('api', { c: '3' });
  rig.see('web', { a: 'x', b: '2' });
  rig.deps.reversions.begin(web, T + 30_000);
  await rig.reconcile();
  assert.deepEqual(rig.released, [web]);
  await rig.reconcile();
  assert.deepEqual(rig.released, [web, 'ConfigMap/shop/api']);
});

test('what no engine applies is told so, and nobody is asked', async () => {
  const rig = drifted();
  rig.world.ownership = { kind: 'not-owned' };
  await rig.reconcile('owner/none/source/shop/ci');
  assert.deepEqual(rig.told, [found, 'revert-refused web no-engine']);
  assert.deepEqual(rig.asks, []);
});
