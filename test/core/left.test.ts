// What an owner leaves to the cluster is no difference, rule by rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findDifference } from '../../server/core/decide-drift.ts';
import type { DeclaredConfig } from '../../server/core/declaration.ts';
import { compareLeaving } from '../../server/core/left.ts';
import { leaveKeys, type LeaveRule, type Marked } from '../../server/core/leave-rule.ts';
import { declared, digestsOf, refOf, type Values } from './diff-facts.ts';

const secret = refOf('db', 'Secret');
const [ssa] = leaveKeys;
const mark = { key: ssa, value: 'Ignore', on: 'either' } as const;
const all: LeaveRule = { keys: 'all', fields: ['type', 'immutable'] };
const marked = (key: string, value: string): Marked => ({ labels: {}, annotations: { [key]: value } });

interface Given {
  readonly rules: readonly LeaveRule[];
  readonly declares?: Values;
  readonly unclear?: Readonly<Record<string, 'encrypted'>>;
  readonly type?: string;
  readonly marks?: DeclaredConfig['marks'];
  /** Undefined: it does not exist. */
  readonly live?: Values | 'absent';
  readonly liveMarks?: Marked;
}

function compare({ rules, declares = { a: '1', b: '2' }, live = { a: 'x', b: '2' }, ...given }: Given) {
  const { unclear = {}, type = 'Opaque', marks, liveMarks } = given;
  const config = { ...declared(secret, declares, { unclear, type }), ...(marks === undefined ? {} : { marks }) };
  const fields = { type: 'Opaque', immutable: false };
  const there =
    live === 'absent' ? undefined : { content: { contents: [digestsOf(secret, live)], fields }, marks: liveMarks };
  const { comparison, overwrites } = compareLeaving(config, there, rules);
  const finding = findDifference({ comparison, isLive: there !== undefined });
  return { comparison, overwrites, answer: finding.kind === 'differs' ? finding.reason : finding.kind };
}

const left = 'not-comparable';
const rows: [rule: string, given: Given, answer: string, keys?: Values][] = [
  ['nothing is left', { rules: [] }, 'different', { a: 'different', b: 'equal' }],
  ['the key that differs', { rules: [{ keys: ['a'], fields: [] }] }, left, { a: left, b: 'equal' }],
  ['another key', { rules: [{ keys: ['b'], fields: [] }] }, 'different', { a: 'different', b: left }],
  ['a key that is nowhere', { rules: [{ keys: ['z'], fields: [] }], live: { a: '1', b: '2' } }, 'same'],
  ['a key that was deleted live', { rules: [{ keys: ['a'], fields: [] }], live: { b: '2' } }, left],
  ['a key that only the cluster has', { rules: [{ keys: ['c'], fields: [] }], live: { a: '1', b: '2', c: '3' } }, left],
  [
    'an encrypted key that was deleted live',
    { rules: [{ keys: ['a'], fields: [] }], declares: { b: '2' }, unclear: { a: 'encrypted' }, live: { b: '2' } },
    left,
    { a: left, b: 'equal' },
  ],
  ['all keys', { rules: [all] }, left, { a: left, b: left }],
  [
    'what Git does not declare',
    { rules: [{ keys: 'undeclared', fields: [] }], live: { a: '1', b: '2', c: '3' } },
    left,
    { a: 'equal', b: 'equal', c: left },
  ],
  ['but not what it declares', { rules: [{ keys: 'undeclared', fields: [] }] }, 'different'],
  ['a field', { rules: [{ keys: [], fields: ['type'] }], type: 'other', live: { a: '1', b: '2' } }, 'same'],
  ['another field', { rules: [{ keys: [], fields: ['immutable'] }], type: 'other' }, 'different'],
  ['an object of that kind, namespace and name', { rules: [{ ...all, ...secret }] }, left],
  ['one of another kind', { rules: [{ ...all, kind: 'ConfigMap' }] }, 'different'],
  ['one of another namespace', { rules: [{ ...all, namespace: 'x' }] }, 'different'],
  ['one of another name', { rules: [{ ...all, name: 'x' }] }, 'different'],
  [
    'two rules together',
    {
      rules: [
        { keys: ['a'], fields: [] },
        { keys: ['b'], fields: [] },
      ],
    },
    left,
    { a: left, b: left },
  ],
  ['an object that does not exist is created all the same', { rules: [all], live: 'absent' }, 'missing'],
  ['an object that is not created either', { rules: [{ ...all, absent: 'left' }], live: 'absent' }, left],
  ['a mark that it has not', { rules: [{ ...all, mark }] }, 'different'],
  ['a declared mark', { rules: [{ ...all, mark }], marks: [`${ssa}=ignore`] }, left],
  ['another declared value', { rules: [{ ...all, mark }], marks: [`${ssa}=merge`] }, 'different'],
  ['a live mark, in any case', { rules: [{ ...all, mark }], liveMarks: marked(ssa, 'IGNORE') }, left],
  ['a live label', { rules: [{ ...all, mark }], liveMarks: { labels: { [ssa]: 'Ignore' }, annotations: {} } }, left],
  [
    'a live mark that counts only in Git',
    { rules: [{ ...all, mark: { ...mark, on: 'declared' } }], liveMarks: marked(ssa, 'Ignore') },
    'different',
  ],
];
for (const [rule, given, answer, keys] of rows) {
  test(`left: ${rule}: ${answer}`, () => {
    const found = compare(given);
    assert.equal(found.answer, answer);
    if (answer === left) assert.deepEqual(found.comparison.reasons, ['left-to-cluster']);
    if (keys === undefined) return;
    assert.deepEqual(Object.fromEntries([...found.comparison.keys].map(([name, key]) => [name, key.answer])), keys);
  });
}

test('left: what a revert of the rest would overwrite is told', () => {
  const rule = (keys: readonly string[]): LeaveRule => ({ keys, fields: [], overwritten: true });
  assert.equal(compare({ rules: [rule(['b'])] }).overwrites, true);
  assert.equal(compare({ rules: [rule(['z'])] }).overwrites, false, 'there is no such key');
  assert.equal(compare({ rules: [{ keys: ['b'], fields: [] }] }).overwrites, false, 'it is respected');
});
