import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recorded } from '../../server/core/recorded.ts';
import { listRecorded } from '../../server/reconcile/recorded.ts';
import { config, createRig, workload, type Rig } from './rig.ts';

/** The digest that Lockstep knows the live content by. */
function liveDigest({ state }: Rig): string {
  return state.configs.view('Secret/shop/db', { keys: 'all', optional: false })?.digests[0] ?? '';
}

const carrying = (value: string) => workload(21, { annotations: { 'checksum.lockstep.dev/secret.db': value } });

const rows: [rule: string, prepare: (rig: Rig) => void, expected: Recorded][] = [
  ['the workload carries no checksum', () => undefined, 'not-recorded'],
  ['it carries that of the live content', (rig) => rig.see({ workload: carrying(liveDigest(rig)) }), 'current'],
  [
    'the content changed since',
    (rig) => {
      rig.see({ workload: carrying(liveDigest(rig)) });
      rig.see({ config: config(30, 'B') });
    },
    'outdated',
  ],
  ['it was made under a key that is not held', (rig) => rig.see({ workload: carrying('gone:x') }), 'unknown'],
];
for (const [rule, prepare, expected] of rows) {
  test(`recorded: ${rule}: ${expected}`, async () => {
    const rig = await createRig();
    prepare(rig);
    const ref = { kind: 'Secret', namespace: 'shop', name: 'db' };
    assert.deepEqual(listRecorded(rig.state, 'shop'), [{ config: ref, answer: expected }]);
    assert.deepEqual(listRecorded(rig.state), [{ config: ref, answer: expected }]);
    assert.deepEqual(listRecorded(rig.state, 'elsewhere'), []);
  });
}
