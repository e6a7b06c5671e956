import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gather, prove, unproven } from '../../server/reconcile/gather.ts';
import { config, createRig, T, workload, type Rig } from './rig.ts';

const { signal } = new AbortController();
const nothing = new Set<string>();
const ask = (rig: Rig, facts: 'reads' | 'pods') =>
  prove(rig.state, workload(20), { reads: rig.deps.reads, facts, signal });

test('a snapshot is the workload, its pairs, its record, and whether it is proven', async () => {
  const { state } = await createRig();
  const snapshot = gather(state, workload(20), unproven, T);
  assert.deepEqual(
    [snapshot.now, snapshot.workload.resourceVersion, snapshot.proven, snapshot.pods],
    [T, '20', false, undefined],
  );
  assert.deepEqual(
    snapshot.pairs.map(({ name, projection, optional }) => ({ name, projection, optional })),
    [{ name: 'Secret/db', projection: '*', optional: false }],
  );
  assert.deepEqual(Object.keys(snapshot.record?.acks ?? {}), ['Secret/db']);
});

test('reads that agree with the caches prove them', async () => {
  assert.deepEqual(await ask(await createRig(), 'reads'), { proven: true, pods: undefined, missing: nothing });
  const pods = [{ createdAt: 0, current: true }];
  assert.deepEqual(await ask(await createRig(), 'pods'), { proven: true, pods, missing: nothing });
});

const behind: [rule: string, (rig: Rig) => void][] = [
  ['the workload changed', (rig) => (rig.live.workload = workload(21))],
  ['the workload is gone', (rig) => (rig.live.workload = undefined)],
  ['a config object changed', (rig) => (rig.live.config = config(11, 'A'))],
  ['a config object is gone', (rig) => (rig.live.config = undefined)],
];
for (const [rule, change] of behind) {
  test(`rule 5: no proof when ${rule}`, async () => {
    const rig = await createRig();
    change(rig);
    assert.equal(await ask(rig, 'reads'), undefined);
  });
}

test('rule 5: no proof when the workload changed while its pods were read', async () => {
  const rig = await createRig();
  const reads = { ...rig.deps.reads, pods: async () => ((rig.live.workload = workload(21)), []) };
  assert.equal(await prove(rig.state, workload(20), { reads, facts: 'pods', signal }), undefined);
});

test('an ignored config object needs no proof', async () => {
  const rig = await createRig();
  rig.see({ config: config(12, 'A', { ignored: true }) });
  rig.live.config = config(13, 'A', { ignored: true });
  assert.deepEqual(await ask(rig, 'reads'), { proven: true, pods: undefined, missing: nothing });
});
