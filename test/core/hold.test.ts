import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Owed } from '../../server/core/decide-workload.ts';
import { holdRestart, paceRestart, type Hold, type HoldFacts, type PaceFacts } from '../../server/core/hold.ts';

const now = 1_000_000_000;
const free: HoldFacts = {
  now,
  paused: false,
  running: false,
  deleting: false,
  pausePeriodInvalid: false,
  pauseSwitch: false,
  revertingUntil: undefined,
  refusedAt: undefined,
  undoneAt: [],
  halted: false,
  tokenAt: now,
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
  ['drift that is reverted', { revertingUntil: 9 }, changed, { reason: 'reverting', retryAt: 9 }],
  ['rule 17: pause switch', { pauseSwitch: true }, changed, { reason: 'pause-switch', retryAt: undefined }],
  ['rule 12: refused a moment ago', { refusedAt: now - 1 }, changed, { reason: 'refused', retryAt: now - 1 + 600_000 }],
  ['rule 12: tried again after ten minutes', { refusedAt: now - 600_000 }, changed, undefined],
  ['rule 10: three in ten minutes', { undoneAt: fight }, undone, { reason: 'fighting', retryAt: now + 100_000 }],
  ['rule 10: the oldest is over', { undoneAt: [now - 600_000, ...fight.slice(1)] }, undone, undefined],
  ['rule 10: a content change is no fight', { undoneAt: fight }, [...undone, ...changed], undefined],
  ['halted', { halted: true, tokenAt: now + 1 }, changed, { reason: 'halted', retryAt: now + 30_000 }],
  ['halted: also what another writer undid', { halted: true }, undone, { reason: 'halted', retryAt: now + 30_000 }],
  ['flapping: no token yet', { tokenAt: now + 7 }, changed, { reason: 'flapping', retryAt: now + 7 }],
  ['flapping: what another writer undid is for rule 10', { tokenAt: now + 7 }, undone, undefined],
  [
    'flapping: changed and undone',
    { tokenAt: now + 7 },
    [...undone, ...changed],
    { reason: 'flapping', retryAt: now + 7 },
  ],
  ['flapping: without a limit', { tokenAt: undefined }, changed, undefined],
];
for (const [rule, facts, owed, hold] of rows) {
  test(`hold: ${rule}`, () => assert.deepEqual(holdRestart({ ...free, ...facts }, owed), hold));
}

const paces: [rule: string, facts: Partial<PaceFacts>, hold: Hold | undefined][] = [
  ['nothing in the way', {}, undefined],
  ['jitter: its part is not over', { jitterUntil: now + 1 }, { reason: 'jitter', retryAt: now + 1 }],
  ['jitter: before any cap', { jitterUntil: now + 1, room: 'rollout-cap' }, { reason: 'jitter', retryAt: now + 1 }],
  ['rule 17: cap reached', { room: 'rollout-cap' }, { reason: 'rollout-cap', retryAt: now + 5_000 }],
  [
    'rule 17: cap of the namespace reached',
    { room: 'namespace-rollout-cap' },
    { reason: 'namespace-rollout-cap', retryAt: now + 5_000 },
  ],
];
for (const [rule, facts, hold] of paces) {
  test(`pace: ${rule}`, () => assert.deepEqual(paceRestart({ now, jitterUntil: now, room: 'free', ...facts }), hold));
}
