// Pauses for a period, with a clock that is moved by hand: what is written when, and what follows from each state of a Deployment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import type { PauseFacts } from '../../server/core/pause-period.ts';
import { config, createRig, key, noGates, revision, T, workload, type Rig } from './rig.ts';

const periodMs = 300_000;
const asks: PauseFacts = { period: periodMs, pausedAt: undefined, isPaused: false };
const mark = new Date(T).toISOString().replace(/\.\d+Z$/, 'Z');
const paused: PauseFacts = { period: periodMs, pausedAt: mark, isPaused: true };
const error = (code: 'api-conflict' | 'api-forbidden') => new LockstepError(code, { message: 'no' });

/** As the watch shows it, with the restart key of our last patch. */
const see = (rig: Rig, version: number, more: Parameters<typeof workload>[1]): void =>
  rig.see({ workload: workload(version, { restartKey: rig.patches.at(-1)?.key, ...more }) });

/** Paused: its controller makes no revision, and it is not rolled out. */
const seePaused = (rig: Rig, version: number, pause: PauseFacts = paused): void =>
  see(rig, version, { pause, rolledOut: false, currentRevision: undefined });

/** Restarted and paused for one change; the cache has caught up. */
async function createPaused(more: Parameters<typeof createRig>[0] = {}): Promise<Rig> {
  const rig = await createRig(more);
  rig.see({ workload: workload(21, { pause: asks }), config: config(30, 'B') });
  await rig.reconcile();
  seePaused(rig, 40);
  await rig.reconcile();
  rig.outcomes.length = 0;
  rig.wakes.length = 0;
  return rig;
}

test('an owed restart begins the pause, in one order', async () => {
  const rig = await createRig();
  rig.see({ workload: workload(21, { pause: asks }), config: config(30, 'B') });
  await rig.reconcile();
  assert.deepEqual(rig.outcomes, ['restarting n=1 changed', 'restarted n=1 changed', `paused until ${T + periodMs}`]);
  assert.deepEqual(
    rig.patches.map(({ pausedAt, resourceVersion }) => [pausedAt, resourceVersion]),
    [[T, '21']],
  );
});

test('nothing is owed: nothing is paused', async () => {
  const rig = await createRig();
  rig.see({ workload: workload(21, { pause: asks }) });
  await rig.reconcile();
  assert.deepEqual([rig.patches, rig.outcomes, rig.wakes], [[], [], []]);
});

test('a zero period restarts without a pause', async () => {
  const rig = await createRig();
  rig.see({ workload: workload(21, { pause: { ...asks, period: 'none' } }), config: config(30, 'B') });
  await rig.reconcile();
  assert.equal(rig.patches[0]?.pausedAt, undefined);
  assert.equal(rig.outcomes.at(-1), 'restarted n=1 changed');
});

test('a second change during the pause is written at once, and the pause stays what it is', async () => {
  const rig = await createPaused();
  rig.live.now += 60_000;
  rig.see({ config: config(50, 'C') });
  await rig.reconcile();
  assert.deepEqual(rig.outcomes, ['restarting n=2 changed', 'restarted n=2 changed']);
  assert.equal(rig.patches[1]?.pausedAt, undefined);
  assert.deepEqual([rig.wakes, rig.retries, rig.resumes], [[periodMs - 60_000], [], []]);
});

test('the revision from before the pause proves nothing about its template', async () => {
  const rig = await createPaused();
  rig.see({ config: config(50, 'C') });
  // It is newer than the change, but it is not this template's.
  const late = { ...revision, uid: 'x', name: 'shop/web-x', number: '1', resourceVersion: '55' };
  rig.state.revisions.apply({ present: true, how: 'added', object: late, version: '55' });
  await rig.reconcile();
  assert.equal(rig.outcomes.at(-1), 'restarted n=2 changed');
});

test('a template that was put back before the pause is not taken for undone again and again', async () => {
  const rig = await createPaused();
  for (const number of ['1', '3'])
    rig.state.revisions.apply({ present: true, how: 'modified', object: { ...revision, number }, version: '41' });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, rig.patches.length], [[], 1]);
});

test('it is resumed when its period is over, and not before', async () => {
  const rig = await createPaused();
  rig.live.now += periodMs - 1;
  await rig.reconcile();
  assert.deepEqual([rig.resumes, rig.wakes, rig.outcomes], [[], [1], []]);
  rig.live.now += 1;
  await rig.reconcile();
  assert.deepEqual(
    rig.resumes.map(({ resourceVersion }) => resourceVersion),
    ['40'],
  );
  assert.deepEqual(rig.outcomes, ['resumed period-over']);
});

test('another process resumes what it finds paused', async () => {
  const rig = await createRig();
  rig.live.now += periodMs;
  seePaused(rig, 40);
  await rig.reconcile();
  assert.deepEqual(rig.outcomes, ['resumed period-over']);
});

test('what changed just before the end is read by the pods of this rollout and asks for no other', async () => {
  const rig = await createPaused();
  rig.live.now += periodMs;
  rig.see({ config: config(50, 'C') });
  await rig.reconcile();
  assert.deepEqual([rig.resumes.length, rig.patches.length], [1, 1]);
  see(rig, 61, { pause: asks, rolledOut: false, currentRevision: '2' });
  const made = { ...revision, uid: 'n', name: 'shop/web-2', number: '2', createdAt: rig.live.now };
  rig.state.revisions.apply({ present: true, how: 'added', object: made, version: '62' });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes.at(-1), rig.patches.length], ['recorded fresh', 1]);
});

const lost: [reason: string, pause: PauseFacts][] = [
  ['no-period', { ...paused, period: 'none' }],
  ['period-unreadable', { ...paused, period: 'unreadable' }],
  ['paused-at-unreadable', { ...paused, pausedAt: 'yesterday' }],
];
for (const [reason, pause] of lost) {
  test(`resumed at once: ${reason}, also when it is not opted in`, async () => {
    const rig = await createRig();
    rig.see({ workload: workload(40, { pause, reload: undefined, references: [] }) });
    await rig.reconcile();
    assert.deepEqual(rig.outcomes, [`resumed ${reason}`]);
  });
}

test('what a person paused is never resumed', async () => {
  const rig = await createRig();
  rig.see({ workload: workload(21, { paused: true, pause: { ...asks, isPaused: true } }), config: config(30, 'B') });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, rig.resumes, rig.patches], [['held paused'], [], []]);
});

test('what a person resumed loses its mark, so that a later pause by hand is theirs', async () => {
  const rig = await createRig();
  rig.see({ workload: workload(40, { pause: { ...paused, isPaused: false } }) });
  await rig.reconcile();
  assert.deepEqual([rig.resumes.length, rig.outcomes], [1, ['resumed resumed-by-hand']]);
});

test('a period that is no duration holds the restart, once and visibly', async () => {
  const rig = await createRig();
  rig.see({ workload: workload(21, { pause: { ...asks, period: 'unreadable' } }), config: config(30, 'B') });
  await rig.reconcile();
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, rig.patches], [['held pause-period-invalid'], []]);
  assert.equal(rig.reconciler.held.get(key), 'pause-period-invalid');
});

test('observe mode says that it would resume, once, and writes nothing', async () => {
  const rig = await createRig({ mode: 'observe' });
  rig.live.now += periodMs;
  seePaused(rig, 40);
  await rig.reconcile();
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, rig.resumes], [['would-resume period-over'], []]);
});

test('rule 17: the pause switch holds a resume too, since it is a rollout', async () => {
  const rig = await createPaused();
  const turn = (isOn: boolean) =>
    rig.namespaces.apply({
      present: true,
      how: 'modified',
      object: { name: 'shop', paused: isOn, labels: {}, resourceVersion: '1' },
      version: '1',
    });
  turn(true);
  rig.live.now += periodMs;
  await rig.reconcile();
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, rig.resumes], [['resume-held pause-switch'], []]);
  assert.equal(rig.reconciler.held.get(key), 'pause-switch');
  turn(false);
  await rig.reconcile();
  assert.deepEqual([rig.outcomes.at(-1), rig.resumes.length], ['resumed period-over', 1]);
});

test('rule 17: the cap counts a paused Deployment from its resume on', async () => {
  const rig = await createPaused({ gates: { ...noGates, maxRollouts: 1 } });
  const other = workload(42, {
    ref: { kind: 'Deployment', namespace: 'shop', name: 'api' },
    uid: 'v',
    pause: { ...paused, period: 'none' },
    reload: undefined,
  });
  rig.live.now += periodMs;
  await rig.reconcile();
  assert.equal(rig.outcomes.at(-1), 'resumed period-over', 'its own restart took no place');
  rig.see({ workload: other });
  await rig.reconciler.reconcile('Deployment/shop/api', new AbortController().signal);
  assert.equal(rig.outcomes.at(-1), 'resume-held rollout-cap');
  see(rig, 61, { pause: asks });
  await rig.reconcile();
  await rig.reconciler.reconcile('Deployment/shop/api', new AbortController().signal);
  assert.equal(rig.outcomes.at(-1), 'resumed no-period');
});

test('rule 5: a conflict starts again, and nothing is decided on a cache from before our resume', async () => {
  const rig = await createPaused();
  rig.live.now += periodMs;
  rig.live.refuse = error('api-conflict');
  await rig.reconcile();
  rig.live.refuse = undefined;
  await rig.reconcile();
  await rig.reconcile();
  assert.deepEqual(rig.outcomes, ['conflict', 'resumed period-over']);
  assert.deepEqual([rig.resumes.length, rig.retries], [1, [250, 250]]);
});

test('rule 12: a refused resume is tried again in 10 minutes, and restarts go on joining', async () => {
  const rig = await createPaused();
  rig.live.now += periodMs;
  rig.live.refuse = error('api-forbidden');
  await rig.reconcile();
  rig.live.refuse = undefined;
  rig.see({ config: config(50, 'C') });
  await rig.reconcile();
  assert.deepEqual(rig.outcomes, ['resume-refused', 'restarting n=2 changed', 'restarted n=2 changed']);
  assert.equal(rig.reconciler.held.get(key), 'refused');
  rig.live.now += 600_000;
  await rig.reconcile();
  assert.deepEqual([rig.outcomes.at(-1), rig.resumes.length], ['resumed period-over', 1]);
});

test('rule 10: whoever puts a pause back that is over is fought three times in 10 minutes', async () => {
  const rig = await createPaused();
  rig.live.now += periodMs;
  for (const version of [40, 61, 62, 63]) {
    seePaused(rig, version);
    await rig.reconcile();
  }
  assert.deepEqual([rig.resumes.length, rig.outcomes.at(-1)], [3, 'resume-held fighting']);
});

test('gates: what joins a pause waits for none and spends nothing', async () => {
  const gates = { ...noGates, restartBurst: 1, jitterMs: 60_000 };
  const rig = await createRig({ gates, random: () => 0 });
  rig.see({ workload: workload(21, { pause: asks }), config: config(30, 'B') });
  await rig.reconcile();
  seePaused(rig, 40);
  rig.see({ config: config(50, 'C') });
  await rig.reconcile();
  assert.equal(rig.patches.length, 2, 'the only token went to the rollout that is to come');
});

test('gates: a rollout that is paused before its end gives its place back, and is not late', async () => {
  const rig = await createPaused({ gates: { ...noGates, maxRollouts: 1 } });
  rig.live.now += periodMs;
  await rig.reconcile();
  see(rig, 61, { pause: asks, rolledOut: false, currentRevision: '2' });
  await rig.reconcile();
  seePaused(rig, 62, { ...paused, pausedAt: new Date(rig.live.now).toISOString() });
  await rig.reconcile();
  rig.live.now += 600_000;
  assert.deepEqual(rig.reconciler.overdue(), []);
});
