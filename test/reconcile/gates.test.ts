// Limits that spread or stop restarts, with a clock that stands: jitter, the circuit breaker, and the halt after failed rollouts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { tokenRefillMs } from '../../server/core/hold.ts';
import type { SeenWorkload } from '../../server/core/seen.ts';
import { config, createRig, key, noGates, revision, workload, type Rig } from './rig.ts';

const minute = 60_000;

/** Draws these, one after the other. */
function drawing(...numbers: number[]): { random: () => number; left: () => number } {
  return { random: () => numbers.shift() ?? assert.fail('one draw too many'), left: () => numbers.length };
}

test('jitter: each owed restart waits a random part, drawn once however often it is looked at', async () => {
  const { random, left } = drawing(0.25, 0.5);
  const rig = await createRig({ random, gates: { ...noGates, jitterMs: minute } });
  rig.see({ config: config(30, 'B') });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, rig.retries, rig.reconciler.held.get(key)], [['held jitter'], [15_000], 'jitter']);
  rig.live.now += 10_000;
  rig.see({ config: config(31, 'C') });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, rig.retries], [['held jitter'], [15_000, 5_000]], 'a further change draws no more');
  rig.live.now += 5_000;
  await rig.reconcile();
  assert.deepEqual([rig.patches.length, rig.reconciler.held.size, left()], [1, 0, 1]);
  rig.see({ workload: rolledOut(), config: config(41, 'D') });
  await rig.reconcile();
  assert.deepEqual([rig.retries.at(-1), left()], [30_000, 0], 'a new debt draws anew');
});

test('jitter: drawn when nothing else holds, so that what was paused together is spread', async () => {
  const { random, left } = drawing(0.5);
  const rig = await createRig({ random, gates: { ...noGates, jitterMs: minute } });
  rig.see({ workload: workload(21, { paused: true }), config: config(30, 'B') });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, left()], [['held paused'], 1]);
  rig.live.now += 10 * minute;
  rig.see({ workload: workload(31) });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes.at(-1), rig.retries.at(-1)], ['held jitter', 30_000]);
});

test('jitter: a debt that is gone by itself leaves nothing', async () => {
  const { random, left } = drawing(0.5, 0.25);
  const rig = await createRig({ random, gates: { ...noGates, jitterMs: minute } });
  rig.see({ workload: workload(21, { reload: workload(1).reload }), config: config(30, 'B') });
  await rig.reconcile();
  rig.live.now += minute;
  const born = {
    ...revision,
    uid: 'r2',
    name: 'shop/web-2',
    number: '2',
    createdAt: rig.live.now,
    resourceVersion: '35',
  };
  rig.state.revisions.apply({ present: true, how: 'added', object: born, version: '35' });
  rig.see({ workload: workload(36, { currentRevision: '2' }) });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes.at(-1), rig.patches.length, left()], ['recorded fresh', 0, 1]);
  rig.see({ config: config(37, 'C') });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes.at(-1), left()], ['held jitter', 0]);
});

/** As its controller left it after the restart, with the key that Lockstep wrote last. */
function rolledOut(rig?: Rig): SeenWorkload {
  const last = rig?.patches.at(-1) as { key: SeenWorkload['restartKey'] } | undefined;
  return workload(40, { restartKey: last?.key ?? { n: 1, acks: {} } });
}

/** One more change, seen after the last restart was rolled out. */
async function change(rig: Rig, count: number): Promise<void> {
  const content = config(100 + count, `content ${count}`, { writers: [`writer-${count % 2}`] });
  rig.see({ workload: rolledOut(rig), config: { ...content, dataWrittenAt: rig.live.now } });
  await rig.reconcile();
}

test('flapping: as many restarts as tokens, told once with who writes, then one each five minutes for the latest content', async () => {
  const rig = await createRig({ gates: { ...noGates, restartBurst: 3 } });
  for (let count = 0; count < 8; count++) await change(rig, count);
  assert.equal(rig.patches.length, 3);
  assert.deepEqual(
    rig.outcomes.filter((told) => !told.startsWith('restart')),
    ['held flapping', 'throttled Secret/db 4 writer-1,writer-0'],
  );
  assert.equal(rig.retries.at(-1), tokenRefillMs);
  rig.live.now += tokenRefillMs - 1;
  await rig.reconcile();
  assert.equal(rig.patches.length, 3);
  rig.live.now += 1;
  await rig.reconcile();
  assert.equal(rig.patches.length, 4);
  assert.equal(rig.state.ledger.object('Secret/shop/db')?.resourceVersion, '107', 'the last content');
  await change(rig, 8);
  assert.deepEqual(rig.outcomes.filter((told) => told.startsWith('throttled')).length, 1, 'the same trip');
  assert.equal(rig.reconciler.held.get(key), 'flapping');
});

test('flapping: a bucket that was full again trips anew', async () => {
  const rig = await createRig({ gates: { ...noGates, restartBurst: 1 } });
  const trips = (): number => rig.outcomes.filter((told) => told.startsWith('throttled')).length;
  for (const count of [0, 1]) await change(rig, count);
  rig.live.now += tokenRefillMs;
  await rig.reconcile();
  assert.deepEqual([rig.patches.length, trips()], [2, 1]);
  rig.live.now += 2 * tokenRefillMs;
  for (const count of [2, 3]) await change(rig, count);
  assert.deepEqual([rig.patches.length, trips()], [3, 2]);
});

test('flapping: 0 is no limit, and a refused restart takes no token', async () => {
  const free = await createRig({ gates: noGates });
  for (let count = 0; count < 30; count++) await change(free, count);
  assert.equal(free.patches.length, 30);
  const rig = await createRig({ gates: { ...noGates, restartBurst: 1 } });
  rig.live.refuse = new LockstepError('api-conflict', { message: 'no' });
  for (let count = 0; count < 5; count++) await change(rig, count);
  rig.live.refuse = undefined;
  await rig.reconcile();
  assert.equal(rig.patches.length, 1);
});

test('flapping: observe mode says what enforce would do', async () => {
  const rig = await createRig({ mode: 'observe', gates: { ...noGates, restartBurst: 2 } });
  for (let count = 0; count < 4; count++) {
    rig.see({ config: config(100 + count, `content ${count}`) });
    await rig.reconcile();
  }
  assert.deepEqual(
    rig.outcomes.map((told) => told.split(' ')[0]),
    ['would-restart', 'would-restart', 'held', 'throttled'],
  );
});

const api = 'Deployment/shop/api';

/** `web`’s rollout failed; `api` uses the same Secret and was in step with its content before. */
async function halted(): Promise<Rig & { reconcileApi(): Promise<void> }> {
  const rig = await createRig({ gates: { ...noGates, haltAfterFailures: 1 } });
  const other = workload(22, { ref: { kind: 'Deployment', namespace: 'shop', name: 'api' }, uid: 'v' });
  rig.see({ config: config(30, 'B') });
  await rig.reconcile();
  rig.see({ workload: rolling(rig, { failed: true }) });
  await rig.reconcile();
  const others = { ...revision, uid: 's', ownerUid: 'v', name: 'shop/api-1' };
  rig.state.revisions.apply({ present: true, how: 'listed', object: others, version: '9' });
  rig.see({ workload: other });
  const value = { uid: 'v', n: 1, acks: {} };
  rig.state.ledger.put({ kind: 'workload', key: api, value }, rig.live.now, 'traced');
  rig.see({ config: config(41, 'C') });
  const reconcileApi = (): Promise<void> => rig.reconciler.reconcile(api, new AbortController().signal);
  await reconcileApi();
  return Object.assign(rig, { reconcileApi });
}

function rolling(rig: Rig, more: Partial<SeenWorkload>): SeenWorkload {
  return { ...rolledOut(rig), rolledOut: false, ...more };
}

test('halted: a failed rollout stops the others and is named; when it is available they go on', async () => {
  const rig = await halted();
  assert.deepEqual(rig.outcomes.slice(2), [
    'rollout-late web progress-deadline-exceeded',
    'halted Deployment/shop/web',
    'held halted',
  ]);
  assert.deepEqual([rig.patches.length, rig.reconciler.held.get(api)], [1, 'halted']);
  rig.see({ workload: rolling(rig, { resourceVersion: '42', rolledOut: true }) });
  const before = rig.retries.length;
  await rig.reconcile();
  assert.ok(rig.outcomes.includes('halt-ended'));
  assert.deepEqual(rig.retries.slice(before, before + 1), [0], 'who was halted is looked at again');
  await rig.reconcileApi();
  assert.equal(rig.reconciler.held.get(api), undefined);
});

test('halted: the failed workload itself is restarted, since new content may be its cure', async () => {
  const rig = await halted();
  await rig.reconcile();
  assert.deepEqual([rig.patches.length, rig.outcomes.includes('halt-ended')], [2, false]);
  await rig.reconcileApi();
  assert.equal(rig.reconciler.held.get(api), 'halted', 'until it is available');
});

test('halted: ends when the failed workload is deleted', async () => {
  const rig = await halted();
  rig.state.workloads.apply({ present: false, watched: true, key, version: '50' });
  await rig.reconcile();
  assert.equal(rig.outcomes.at(-1), 'halt-ended');
});

test('a rollout that is not available in time is told without a halt, too', async () => {
  const rig = await createRig({ gates: noGates });
  rig.see({ config: config(30, 'B') });
  await rig.reconcile();
  rig.see({ workload: rolling(rig, {}) });
  rig.live.now += 10 * minute;
  assert.deepEqual(rig.reconciler.overdue(), [key]);
  await rig.reconcile();
  assert.equal(rig.outcomes.at(-1), 'rollout-late web not-available-in-time');
});
