// What is told of a config object, rule by rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decideDrift,
  findDifference,
  type Drift,
  type DriftDecision,
  type DriftFacts,
  type Finding,
} from '../../server/core/decide-drift.ts';
import { engineDeadlineMs } from '../../server/core/engine-wait.ts';
import type { Comparison } from '../../server/core/drift.ts';

const T = 1_700_000_000_000;
const writer = { manager: 'kubectl-edit', kind: 'kubectl', operation: 'Update', subresource: '', notAfter: T } as const;
const differs: Finding = { kind: 'differs', reason: 'different', keys: ['a'], fields: [] };
const encrypted: Finding = { kind: 'not-comparable', reasons: ['encrypted'] };
const told: Drift = {
  reason: 'different',
  keys: ['a'],
  fields: [],
  since: T - 5,
  origin: 'runtime',
  writer: 'kubectl-edit',
};
const facts: DriftFacts = {
  now: T,
  told: undefined,
  finding: differs,
  attribution: { origin: 'runtime', writer },
  progress: { kind: 'idle' },
  waitingSince: undefined,
};
const onItsWay = { kind: 'on-its-way', reason: 'syncing' } as const;

const rows: [rule: string, facts: Partial<DriftFacts>, decision: DriftDecision][] = [
  ['equal and nothing told: nothing', { finding: { kind: 'same' } }, { kind: 'nothing', reason: 'equal' }],
  ['equal after drift: gone', { finding: { kind: 'same' }, told }, { kind: 'gone', reason: 'equal' }],
  ['not judged after drift: gone', { finding: { kind: 'not-judged' }, told }, { kind: 'gone', reason: 'not-judged' }],
  [
    'not comparable is never drift',
    { finding: encrypted },
    { kind: 'not-comparable', reason: 'encrypted', reasons: ['encrypted'] },
  ],
  ['not comparable ends drift', { finding: encrypted, told }, { kind: 'gone', reason: 'not-comparable' }],
  ['different: found', {}, { kind: 'found', reason: 'different', drift: { ...told, since: T } }],
  ['told already: nothing', { told }, { kind: 'nothing', reason: 'told' }],
  [
    'another key differs: changed, since the first',
    { told, finding: { ...differs, keys: ['a', 'b'] } },
    { kind: 'changed', reason: 'different', drift: { ...told, keys: ['a', 'b'] } },
  ],
  [
    'another writer: changed',
    { told, attribution: { origin: 'runtime', writer: { ...writer, manager: 'curl' } } },
    { kind: 'changed', reason: 'different', drift: { ...told, writer: 'curl' } },
  ],
  [
    'missing has no writer',
    { finding: { ...differs, reason: 'missing' }, attribution: undefined },
    {
      kind: 'found',
      reason: 'missing',
      drift: { ...told, reason: 'missing', since: T, origin: 'unknown', writer: undefined },
    },
  ],
  [
    'the engine wrote it: no drift',
    { attribution: { origin: 'git', writer } },
    { kind: 'nothing', reason: 'written-by-engine' },
  ],
  [
    'the engine wrote over drift: gone',
    { told, attribution: { origin: 'git', writer } },
    { kind: 'gone', reason: 'written-by-engine' },
  ],
  [
    'the owner is on its way: wait',
    { progress: onItsWay },
    { kind: 'wait', reason: 'engine-on-its-way', until: T + engineDeadlineMs },
  ],
  [
    'the wait does not begin anew',
    { progress: onItsWay, waitingSince: T - 10 },
    { kind: 'wait', reason: 'engine-on-its-way', until: T - 10 + engineDeadlineMs },
  ],
  [
    'who knows until when it takes is given that long',
    { progress: { ...onItsWay, until: T + 600_000 }, waitingSince: T - engineDeadlineMs },
    { kind: 'wait', reason: 'engine-on-its-way', until: T + 600_000 },
  ],
  [
    'after the deadline: found',
    { progress: onItsWay, waitingSince: T - engineDeadlineMs },
    { kind: 'found', reason: 'different', drift: { ...told, since: T } },
  ],
  ['told drift does not wait', { progress: onItsWay, told }, { kind: 'nothing', reason: 'told' }],
];
for (const [rule, more, decision] of rows) {
  test(rule, () => assert.deepEqual(decideDrift({ ...facts, ...more }), decision));
}

test('of very many keys the first fifty are named', () => {
  const keys = Array.from({ length: 99 }, (_, at) => `k${at}`);
  const decision = decideDrift({ ...facts, finding: { ...differs, keys } });
  assert.equal(decision.kind === 'found' ? decision.drift.keys.length : 0, 50);
});

const comparison: Comparison = {
  answer: 'different',
  keys: new Map([
    ['a', { answer: 'different' }],
    ['b', { answer: 'equal' }],
    ['c', { answer: 'only-live' }],
    ['d', { answer: 'not-comparable', reason: 'encrypted' }],
  ]),
  fields: ['immutable'],
  reasons: ['encrypted'],
};
const findings: [rule: string, compared: Parameters<typeof findDifference>[0], finding: Finding][] = [
  [
    'names the keys that surely differ',
    { comparison, isLive: true },
    { kind: 'differs', reason: 'different', keys: ['a', 'c'], fields: ['immutable'] },
  ],
  [
    'an empty object that is not there is missing',
    { comparison: { answer: 'equal', keys: new Map(), fields: [], reasons: [] }, isLive: false },
    { kind: 'differs', reason: 'missing', keys: [], fields: [] },
  ],
  [
    'nothing is known of it: its absence is not judged',
    { comparison: { ...comparison, answer: 'not-comparable' }, isLive: false },
    encrypted,
  ],
  ['equal is the same', { comparison: { ...comparison, answer: 'equal' }, isLive: true }, { kind: 'same' }],
];
for (const [rule, compared, finding] of findings) {
  test(rule, () => assert.deepEqual(findDifference(compared), finding));
}
