// When an engine is asked to revert, rule by rule; and which annotation decides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideRevert, type RevertDecision, type RevertFacts } from '../../server/core/decide-revert.ts';
import { chooseDriftAction, type DriftMarks, type DriftSetting } from '../../server/core/drift-action.ts';

const T = 1_700_000_000_000;
const facts: RevertFacts = {
  now: T,
  action: 'revert',
  reason: 'different',
  hasEngine: true,
  isConfirmed: true,
  overwrites: false,
  since: T,
  mode: 'enforce',
  askedAt: [],
};
const rows: [rule: string, facts: Partial<RevertFacts>, decision: RevertDecision][] = [
  ['report asks nobody', { action: 'report' }, { kind: 'none', reason: 'report' }],
  ['adopt is refused', { action: 'adopt' }, { kind: 'refuse', reason: 'adopt-not-here', until: undefined }],
  ['revert asks', {}, { kind: 'ask', reason: 'revert' }],
  ['a missing object is put back', { reason: 'missing' }, { kind: 'ask', reason: 'revert' }],
  ['nothing is deleted', { reason: 'not-declared' }, { kind: 'refuse', reason: 'not-declared', until: undefined }],
  ['I15: no side is taken', { isConfirmed: false }, { kind: 'refuse', reason: 'owner-unconfirmed', until: undefined }],
  [
    'what is ignored would be overwritten',
    { overwrites: true },
    { kind: 'refuse', reason: 'overwrites-ignored', until: undefined },
  ],
  ['observe mode asks nobody', { mode: 'observe' }, { kind: 'refuse', reason: 'observe-mode', until: undefined }],
  ['an ask has its time', { now: T + 5, askedAt: [T] }, { kind: 'wait', reason: 'asked', until: T + 30_000 }],
  ['an ask for earlier drift is none for this', { since: T, askedAt: [T - 5] }, { kind: 'ask', reason: 'revert' }],
  ['what stays is asked for again', { now: T + 30_000, askedAt: [T] }, { kind: 'ask', reason: 'revert' }],
  [
    'I10: three asks in ten minutes',
    { now: T + 90_000, askedAt: [T, T + 30_000, T + 60_000] },
    { kind: 'refuse', reason: 'fighting', until: T + 600_000 },
  ],
  [
    'I10: after ten minutes again',
    { now: T + 600_000, askedAt: [T, T + 30_000, T + 60_000] },
    { kind: 'ask', reason: 'revert' },
  ],
];
for (const [rule, more, decision] of rows) {
  test(rule, () => assert.deepEqual(decideRevert({ ...facts, ...more }), decision));
}

const key = 'lockstep.dev/drift';
const marks: DriftMarks = { config: {}, workloads: [], namespace: undefined, flag: 'report' };
const settings: [
  rule: string,
  marks: Partial<DriftMarks>,
  action: DriftSetting['action'],
  from: DriftSetting['from'],
][] = [
  ['the flag is the default', { flag: 'revert' }, 'revert', 'flag'],
  ['the namespace goes before the flag', { namespace: 'revert' }, 'revert', 'namespace'],
  ['a user goes before the namespace', { workloads: [{ [key]: 'report' }], namespace: 'revert' }, 'report', 'workload'],
  [
    'of users that differ the most careful counts',
    { workloads: [{ [key]: 'revert' }, {}, { [key]: 'adopt' }] },
    'adopt',
    'workload',
  ],
  [
    'the object itself goes before all',
    { config: { [key]: 'revert' }, workloads: [{ [key]: 'report' }] },
    'revert',
    'config-object',
  ],
  [
    'what cannot be read is the most careful',
    { config: { [key]: 'delete' }, flag: 'revert' },
    'report',
    'config-object',
  ],
];
for (const [rule, more, action, from] of settings) {
  test(rule, () => {
    const setting = chooseDriftAction({ ...marks, ...more });
    assert.deepEqual([setting.action, setting.from], [action, from]);
    assert.equal(setting.problem !== undefined, rule.startsWith('what cannot'));
  });
}
