import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HoldReason } from '../../server/core/hold.ts';
import { listOwed } from '../../server/reconcile/owed.ts';
import { config, createRig, key, T, workload, type Rig } from './rig.ts';

const rows: [
  rule: string,
  prepare: (rig: Rig) => void,
  held: HoldReason | undefined,
  expected: [state: string, reason: string] | undefined,
][] = [
  ['in step and rolled out', () => undefined, undefined, undefined],
  ['a change that still settles', (rig) => rig.see({ config: config(30, 'B') }), undefined, ['owed', 'changed']],
  ['not decided yet', (rig) => rig.state.ledger.remove(key, T), undefined, ['owed', 'undecided']],
  [
    'rolling out',
    (rig) => rig.see({ workload: workload(21, { rolledOut: false }) }),
    undefined,
    ['rolling', 'rolling-out'],
  ],
  [
    'restarted, and paused for its period',
    (rig) => rig.see({ workload: workload(21, { pause: { period: 1, pausedAt: 'then', isPaused: true } }) }),
    undefined,
    ['rolling', 'pause-period'],
  ],
  [
    'rule 18: waits for somebody to delete its pods',
    (rig) => rig.see({ workload: workload(21, { rolledOut: false, waitsForDelete: true }) }),
    undefined,
    ['blocked', 'waiting-for-delete'],
  ],
  ...(['paused', 'pause-period-invalid', 'pause-switch', 'refused', 'fighting', 'halted'] as const).map(
    (reason): (typeof rows)[number] => [`held: ${reason}`, () => undefined, reason, ['blocked', reason]],
  ),
  ...(['rollout-cap', 'namespace-rollout-cap', 'jitter', 'flapping', 'deleting'] as const).map(
    (reason): (typeof rows)[number] => [`held: ${reason}`, () => undefined, reason, ['owed', reason]],
  ),
];
for (const [rule, prepare, held, expected] of rows) {
  test(`owed: ${rule}`, async () => {
    const rig = await createRig();
    prepare(rig);
    const view = { state: rig.state, held: new Map(held === undefined ? [] : [[key, held]]), now: () => T };
    assert.deepEqual(
      listOwed(view, 'shop').map(({ state, reason }) => [state, reason]),
      expected === undefined ? [] : [expected],
    );
    assert.deepEqual(listOwed(view, 'elsewhere'), []);
  });
}
