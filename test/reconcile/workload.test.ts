import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { config, createRig, key, noGates, T, workload, revision } from './rig.ts';

const error = (code: 'api-conflict' | 'api-invalid' | 'api-forbidden' | 'api-failed') =>
  new LockstepError(code, { message: 'no' });

test('a change is one restart, remembered with what it was for', async () => {
  const rig = await createRig();
  rig.see({ config: config(30, 'B') });
  await rig.reconcile();
  assert.deepEqual(rig.outcomes, ['restarting n=1 changed', 'restarted n=1 changed']);
  assert.equal(rig.patches.length, 1);
  assert.equal(rig.state.ledger.workload(key)?.n, 1);
  assert.equal(rig.state.ledger.object('Secret/shop/db')?.resourceVersion, '30');
});

test('rule 5: nothing is decided on a workload older than our own patch', async () => {
  const rig = await createRig();
  rig.see({ config: config(30, 'B') });
  await rig.reconcile();
  rig.see({ config: config(31, 'C') });
  await rig.reconcile();
  assert.deepEqual([rig.patches.length, rig.retries], [1, [250]]);
});

test('rule 5: a conflict starts again', async () => {
  const rig = await createRig();
  rig.live.refuse = error('api-conflict');
  rig.see({ config: config(30, 'B') });
  await rig.reconcile();
  assert.deepEqual([rig.outcomes.at(-1), rig.retries, rig.state.ledger.workload(key)?.n], ['conflict', [250], 0]);
});

for (const code of ['api-invalid', 'api-forbidden'] as const) {
  test(`rule 12: ${code}: owed and visible, one try in 10 minutes`, async () => {
    const rig = await createRig();
    rig.live.refuse = error(code);
    rig.see({ config: config(30, 'B') });
    await rig.reconcile();
    assert.deepEqual(
      [rig.outcomes.at(-1), rig.retries, rig.reconciler.held.get(key)],
      ['refused', [600_000], 'refused'],
    );
    rig.live.now += 599_999;
    await rig.reconcile();
    assert.equal(rig.outcomes.at(-1), 'refused');
    rig.live.now += 1;
    rig.live.refuse = undefined;
    await rig.reconcile();
    assert.deepEqual([rig.outcomes.at(-1), rig.reconciler.held.size], ['restarted n=1 changed', 0]);
  });
}

test('any other failure goes to the queue’s backoff', async () => {
  const rig = await createRig();
  rig.live.refuse = error('api-failed');
  rig.see({ config: config(30, 'B') });
  await assert.rejects(rig.reconcile(), { code: 'api-failed' });
});

test('what needs proof waits while the caches are behind', async () => {
  const rig = await createRig();
  rig.state.ledger.remove(key, T);
  rig.live.workload = workload(99);
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, rig.retries], [[], [250]]);
  rig.live.workload = workload(20);
  await rig.reconcile();
  assert.deepEqual(rig.outcomes, ['recorded baseline']);
});

test('observe mode says what it would do, once, and writes nothing', async () => {
  const rig = await createRig({ mode: 'observe' });
  rig.see({ config: config(30, 'B') });
  await rig.reconcile();
  await rig.reconcile();
  assert.deepEqual([rig.outcomes, rig.patches], [['would-restart n=1 changed'], []]);
});

const holds: [rule: string, reason: string, more: Parameters<typeof workload>[1]][] = [
  ['18: paused', 'paused', { paused: true }],
  ['being deleted', 'deleting', { deleting: true }],
];
for (const [rule, reason, more] of holds) {
  test(`rule ${rule}: held`, async () => {
    const rig = await createRig();
    rig.see({ workload: workload(21, more), config: config(30, 'B') });
    await rig.reconcile();
    assert.deepEqual([rig.outcomes, rig.patches], [[`held ${reason}`], []]);
  });
}

for (const name of ['shop', 'ours']) {
  test(`rule 17: the pause switch of ${name} holds, and turning it off lets go`, async () => {
    const rig = await createRig();
    const turn = (paused: boolean) =>
      rig.namespaces.apply({
        present: true,
        how: 'modified',
        object: { name, resourceVersion: '1', labels: {}, paused },
        version: '1',
      });
    turn(true);
    rig.see({ config: config(30, 'B') });
    await rig.reconcile();
    assert.deepEqual([rig.outcomes, rig.reconciler.held.get(key)], [['held pause-switch'], 'pause-switch']);
    turn(false);
    await rig.reconcile();
    assert.equal(rig.patches.length, 1);
  });
}

test('rule 17: one rollout at a time where the cap says so', async () => {
  const rig = await createRig({ gates: { ...noGates, maxRollouts: 1 } });
  const other = workload(22, { ref: { kind: 'Deployment', namespace: 'shop', name: 'api' }, uid: 'v' });
  const others = { ...revision, uid: 's', ownerUid: 'v', name: 'shop/api-1' };
  rig.state.revisions.apply({ present: true, how: 'listed', object: others, version: '9' });
  rig.see({ config: config(30, 'B') });
  await rig.reconcile();
  rig.see({ workload: other });
  rig.live.workload = other;
  rig.state.ledger.put(
    { kind: 'workload', key: 'Deployment/shop/api', value: { uid: 'v', n: 1, acks: {} } },
    T,
    'traced',
  );
  const before = rig.patches.length;
  rig.see({ config: config(31, 'C') });
  await rig.reconciler.reconcile('Deployment/shop/api', new AbortController().signal);
  assert.deepEqual([rig.patches.length, rig.outcomes.at(-1)], [before, 'held rollout-cap']);
  rig.see({ workload: workload(40, { rolledOut: true }) });
  await rig.reconcile();
  assert.ok(rig.retries.includes(0), 'who waits is let in before who ends');
  await rig.reconciler.reconcile('Deployment/shop/api', new AbortController().signal);
  assert.equal(rig.patches.length, before + 1);
});

test('a workload that is gone is forgotten', async () => {
  const rig = await createRig();
  rig.state.workloads.apply({ present: false, watched: true, key, version: '50' });
  await rig.reconcile();
  assert.equal(rig.state.ledger.workload(key), undefined);
});
