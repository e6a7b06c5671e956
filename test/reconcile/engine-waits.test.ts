// Rule 11 in the loop: an owed restart waits while the workload's owner is on its way to it, and no longer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineProgress, EngineRef, Ownership, OwnershipMarks } from '../../server/core/engine.ts';
import { engineDeadlineMs } from '../../server/core/engine-wait.ts';
import type { SeenWorkload } from '../../server/core/seen.ts';
import { config, createRig, key, noGates, revision, workload, type Rig } from './rig.ts';

const owner: EngineRef = { engine: 'argocd', kind: 'Application', namespace: 'argocd', name: 'shop' };
const ownership: OwnershipMarks = {
  group: 'apps',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
  labels: {},
  annotations: {},
  owners: [],
};
const idle: EngineProgress = { kind: 'idle' };
const syncing: EngineProgress = { kind: 'on-its-way', reason: 'syncing' };

interface EngineRig extends Rig {
  readonly engine: { ownership: Ownership; progress: EngineProgress };
}

/** In step; its owner is in mid-sync. */
async function createEngineRig(more: Parameters<typeof createRig>[0] = {}): Promise<EngineRig> {
  const engine: EngineRig['engine'] = { ownership: { kind: 'owned', owner, by: 'tracking-id' }, progress: syncing };
  const asked = { ownerOf: () => engine.ownership, progressOf: () => engine.progress };
  const rig = await createRig({ engines: asked, gates: noGates, ...more });
  rig.see({ workload: seen(20) });
  return { ...rig, engine };
}

const seen = (version: number, more: Partial<SeenWorkload> = {}): SeenWorkload =>
  workload(version, { ownership, ...more });
const fromGit = (version: number, text: string) => config(version, text, { writers: ['argocd-controller'] });
const fromRuntime = (version: number, text: string) =>
  config(version, text, { writers: ['cert-manager', 'argocd-controller'] });

test('engine-syncing: the restart waits, is said once, and is shown', async () => {
  const rig = await createEngineRig();
  rig.see({ config: fromGit(30, 'B') });
  await rig.reconcile();
  rig.live.now += 10_000;
  await rig.reconcile();
  assert.deepEqual(
    [rig.outcomes, rig.retries],
    [['held engine-syncing'], [engineDeadlineMs, engineDeadlineMs - 10_000]],
  );
  assert.equal(rig.reconciler.held.get(key), 'engine-syncing');
});

test('engine-syncing: the engine rolls the workload itself, and nothing is left to do', async () => {
  const rig = await createEngineRig();
  rig.see({ config: fromGit(30, 'B') });
  await rig.reconcile();
  rig.engine.progress = idle;
  const born = {
    ...revision,
    uid: 'r2',
    name: 'shop/web-2',
    number: '2',
    createdAt: rig.live.now,
    resourceVersion: '35',
  };
  rig.state.revisions.apply({ present: true, how: 'added', object: born, version: '35' });
  rig.see({ workload: seen(36, { currentRevision: '2' }) });
  await rig.reconcile();
  assert.deepEqual(rig.outcomes, ['held engine-syncing', 'recorded fresh']);
  assert.deepEqual([rig.patches.length, rig.reconciler.held.size], [0, 0]);
});

test('engine-syncing: the engine handled it and left the template as it was', async () => {
  const rig = await createEngineRig();
  rig.see({ config: fromGit(30, 'B') });
  await rig.reconcile();
  rig.engine.progress = idle;
  await rig.reconcile();
  assert.deepEqual(rig.outcomes, ['held engine-syncing', 'restarting n=1 changed', 'restarted n=1 changed']);
});

test('engine-deadline: after 30 s it is restarted all the same, and further changes do not prolong that', async () => {
  const rig = await createEngineRig();
  rig.see({ config: fromGit(30, 'B') });
  await rig.reconcile();
  rig.live.now += engineDeadlineMs - 1;
  rig.see({ config: fromGit(31, 'C') });
  await rig.reconcile();
  assert.equal(rig.patches.length, 0);
  rig.live.now += 1;
  await rig.reconcile();
  assert.deepEqual(rig.outcomes, [
    'held engine-syncing',
    'restarting n=1 engine-deadline',
    'restarted n=1 engine-deadline',
  ]);
  rig.see({ workload: seen(40, { restartKey: rig.patches[0]?.key }), config: fromGit(41, 'D') });
  await rig.reconcile();
  assert.equal(rig.outcomes.at(-1), 'held engine-syncing', 'a new debt waits anew');
});

test('engine-deadline: observe mode says what enforce would do', async () => {
  const rig = await createEngineRig({ mode: 'observe' });
  rig.see({ config: fromGit(30, 'B') });
  await rig.reconcile();
  rig.live.now += engineDeadlineMs;
  await rig.reconcile();
  assert.deepEqual(rig.outcomes, ['held engine-syncing', 'would-restart n=1 engine-deadline']);
});

test('engine-syncing: an owner that changed wakes those that wait for it, and nobody else', async () => {
  const rig = await createEngineRig();
  rig.reconciler.onOwners([owner]);
  rig.see({ config: fromGit(30, 'B') });
  await rig.reconcile();
  rig.reconciler.onOwners([{ ...owner, name: 'other' }]);
  assert.deepEqual(rig.retries, [engineDeadlineMs]);
  rig.reconciler.onOwners([owner]);
  assert.deepEqual(rig.retries, [engineDeadlineMs, 0]);
  rig.engine.progress = idle;
  await rig.reconcile();
  rig.reconciler.onOwners([owner]);
  assert.deepEqual([rig.patches.length, rig.retries.length], [1, 2], 'restarted: it waits no more');
});

const atOnce: [rule: string, arrange: (rig: EngineRig) => void][] = [
  ['the content was written at runtime', (rig) => rig.see({ config: fromRuntime(30, 'B') })],
  ['nobody is known to have written it', (rig) => rig.see({ config: config(30, 'B') })],
  [
    'the owner is not confirmed',
    (rig) => {
      rig.engine.ownership = { kind: 'unconfirmed', owner, reason: 'not-in-status' };
      rig.see({ config: fromGit(30, 'B') });
    },
  ],
  [
    'no engine owns it',
    (rig) => {
      rig.engine.ownership = { kind: 'not-owned' };
      rig.see({ config: fromGit(30, 'B') });
    },
  ],
  ['it carries no marks', (rig) => rig.see({ workload: workload(21), config: fromGit(30, 'B') })],
  [
    'the engine failed, is stalled, or waits for a PostSync hook',
    (rig) => {
      rig.engine.progress = idle;
      rig.see({ config: fromGit(30, 'B') });
    },
  ],
];
for (const [rule, arrange] of atOnce) {
  test(`rule 11: restarted at once when ${rule}`, async () => {
    const rig = await createEngineRig();
    arrange(rig);
    await rig.reconcile();
    assert.deepEqual(rig.outcomes, ['restarting n=1 changed', 'restarted n=1 changed']);
  });
}

test('rule 11: who wrote another key than the workload uses does not matter', async () => {
  const rig = await createEngineRig();
  rig.see({ config: fromGit(30, 'B') });
  const { contents } = fromGit(30, 'B');
  rig.see({ config: { ...fromRuntime(31, 'B'), contents } });
  await rig.reconcile();
  assert.deepEqual(rig.outcomes, ['held engine-syncing']);
});

test('rule 11: the wait begins when nothing stops the restart, and the jitter after it', async () => {
  const rig = await createEngineRig({ gates: { ...noGates, jitterMs: 20_000 } });
  rig.see({ workload: seen(21, { paused: true }), config: fromGit(30, 'B') });
  await rig.reconcile();
  rig.live.now += 600_000;
  rig.see({ workload: seen(22) });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, rig.retries.at(-1)], [['held paused', 'held engine-syncing'], engineDeadlineMs]);
  rig.engine.progress = idle;
  await rig.reconcile();
  assert.deepEqual([rig.outcomes.at(-1), rig.retries.at(-1)], ['held jitter', 10_000]);
});
