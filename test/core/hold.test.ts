import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Owed } from '../../server/core/decide-workload.ts';
import { holdRestart, type Hold, type HoldFacts } from '../../server/core/hold.ts';

const now = 1_000_000_000;
const free: HoldFacts = {
  now,
  paused: false,
  running: false,
  deleting: false,
  pausePeriodInvalid: false,
  pauseSwitch: false,
  refusedAt: undefined,
  undoneAt: [],
  rolloutsInProgress: 0,
  maxRollouts: 100,
};
const changed: Owed[] = [{ name: 'Secret/db', reason: 'changed' }];
const undone: Owed[] = [{ name: 'Secret/db', reason: 'undone' }];
const fight = [now - 500_000, now - 300_000, now - 1_000];

const rows: [rule: string, facts: Partial<HoldFacts>, owed: Owed[], hold: Hold | undefined][] = [
  ['nothing in the way', {}, changed, undefined],
  ['being deleted', { deleting: true, paused: true }, changed, { reason: 'deleting', retryAt: undefined }],
  ['rule 18: paused', { paused: true }, changed, { reason: 'paused', retryAt: undefined }],
  [
    'a pause period that is no duration',
    { pausePeriodInvalid: true },
    changed,
    { reason: 'pause-period-invalid', retryAt: undefined },
  ],
  ['rule 17: pause switch', { pauseSwitch: true }, changed, { reason: 'pause-switch', retryAt: undefined }],
  ['rule 12: refused a moment ago', { refusedAt: now - 1 }, changed, { reason: 'refused', retryAt: now - 1 + 600_000 }],
  ['rule 12: tried again after ten minutes', { refusedAt: now - 600_000 }, changed, undefined],
  ['rule 10: three in ten minutes', { undoneAt: fight }, undone, { reason: 'fighting', retryAt: now + 100_000 }],
  ['rule 10: the oldest is over', { undoneAt: [now - 600_000, ...fight.slice(1)] }, undone, undefined],
  ['rule 10: a content change is no fight', { undoneAt: fight }, [...undone, ...changed], undefined],
  ['rule 17: cap reached', { rolloutsInProgress: 100 }, changed, { reason: 'rollout-cap', retryAt: now + 5_000 }],
  ['rule 17: one below the cap', { rolloutsInProgress: 99 }, changed, undefined],
  ['rule 17: no cap', { rolloutsInProgress: 1_000, maxRollouts: 0 }, changed, undefined],
];
for (const [rule, facts, owed, hold] of rows) {
  test(`hold: ${rule}`, () => assert.deepEqual(holdRestart({ ...free, ...facts }, owed), hold));
}
