// When a Deployment is paused for a period, and when it is resumed; one row a rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkloadKind } from '../../server/core/object.ts';
import {
  beginsPause,
  isPausedForPeriod,
  judgeResume,
  pauseFields,
  readPause,
  type PauseFacts,
  type Resume,
} from '../../server/core/pause-period.ts';

const keys = { period: 'pause-period', pausedAt: 'paused-at' };
const now = Date.parse('2026-11-22T12:00:00Z');
const read = (annotations: Record<string, string>, isPaused = false, kind: WorkloadKind = 'Deployment') =>
  readPause({ kind, annotations, isPaused }, keys);

const periods: [rule: string, text: string, period: PauseFacts['period'] | undefined][] = [
  ['minutes', '5m', 300_000],
  ['several units', '1m30s', 90_000],
  ['a fraction', '1.5h', 5_400_000],
  ['zero is no pause', '0', undefined],
  ['nor is zero with a unit', '0s', undefined],
  ['nor is a negative one', '-5m', undefined],
  ['a number without a unit', '5', 'unreadable'],
  ['a word', 'soon', 'unreadable'],
  ['empty', '', 'unreadable'],
  ['white space', ' 5m', 'unreadable'],
  ['days are no unit of Go', '1d', 'unreadable'],
  ['longer than Go can count', '9999999h', 'unreadable'],
];
for (const [rule, text, period] of periods) {
  test(`period: ${rule}`, () => {
    const { facts, problems } = read({ 'pause-period': text });
    assert.equal(facts?.period, period);
    assert.equal(problems.length, period === 'unreadable' ? 1 : 0);
    assert.equal(beginsPause(facts), typeof period === 'number');
  });
}

test('without the annotations there is nothing to know', () => {
  assert.deepEqual(read({}, true), { facts: undefined, problems: [] });
});

test('a problem says what to write and does not repeat what was written', () => {
  const [problem = ''] = read({ 'pause-period': 'hunter2' }).problems;
  assert.match(problem, /^annotation pause-period .* such as 5m/);
  assert.doesNotMatch(problem, /hunter2/);
});

for (const kind of ['StatefulSet', 'DaemonSet'] as const) {
  test(`a ${kind} is restarted without a pause, and that is said`, () => {
    const { facts, problems } = read({ 'pause-period': '5m', 'paused-at': '2026-11-22T12:00:00Z' }, false, kind);
    assert.deepEqual(
      [facts, problems],
      [undefined, ['annotation pause-period works on Deployments only and is ignored']],
    );
    assert.deepEqual(read({}, false, kind).problems, []);
  });
}

const before = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
const over: Resume = { at: now - 60_000, reason: 'period-over' };
const unreadable: Resume = { at: 0, reason: 'paused-at-unreadable' };
const resumes: [rule: string, annotations: Record<string, string>, isPaused: boolean, resume: Resume | undefined][] = [
  ['paused by a person', { 'pause-period': '5m' }, true, undefined],
  ['an empty mark is none', { 'pause-period': '5m', 'paused-at': '' }, true, undefined],
  ['not paused', { 'pause-period': '5m' }, false, undefined],
  [
    'its period goes on',
    { 'pause-period': '5m', 'paused-at': before(1) },
    true,
    { at: now + 240_000, reason: 'period-over' },
  ],
  ['its period is over', { 'pause-period': '5m', 'paused-at': before(6) }, true, over],
  ['Reloader’s local time', { 'pause-period': '5m', 'paused-at': '2026-11-22T13:54:00+02:00' }, true, over],
  ['the period is gone', { 'paused-at': before(1) }, true, { at: 0, reason: 'no-period' }],
  ['a zero period', { 'pause-period': '0s', 'paused-at': before(1) }, true, { at: 0, reason: 'no-period' }],
  [
    'an unreadable period',
    { 'pause-period': 'soon', 'paused-at': before(1) },
    true,
    { at: 0, reason: 'period-unreadable' },
  ],
  ['an unreadable mark', { 'pause-period': '5m', 'paused-at': 'yesterday' }, true, unreadable],
  ['a mark that only Date.parse can read', { 'pause-period': '5m', 'paused-at': 'Nov 22 2026' }, true, unreadable],
  ['a day that does not exist', { 'pause-period': '5m', 'paused-at': '2026-13-41T00:00:00Z' }, true, unreadable],
  ['a mark of tomorrow', { 'pause-period': '5m', 'paused-at': before(-1440) }, true, unreadable],
  [
    'a clock a little ahead',
    { 'pause-period': '5m', 'paused-at': before(-0.5) },
    true,
    { at: now + 330_000, reason: 'period-over' },
  ],
  [
    'resumed by hand: the mark is left',
    { 'pause-period': '5m', 'paused-at': before(1) },
    false,
    { at: 0, reason: 'resumed-by-hand' },
  ],
];
for (const [rule, annotations, isPaused, resume] of resumes) {
  test(`resume: ${rule}`, () => {
    const { facts } = read(annotations, isPaused);
    assert.deepEqual(judgeResume(facts, now), resume);
    assert.equal(isPausedForPeriod(facts), isPaused && resume !== undefined);
    assert.equal(beginsPause(facts) && isPaused, false, 'what is paused is not paused again');
  });
}

test('the mark has whole seconds, as Reloader’s', () => {
  assert.deepEqual(pauseFields('paused-at', now + 999), {
    metadata: { annotations: { 'paused-at': '2026-11-22T12:00:00Z' } },
    spec: { paused: true },
  });
  assert.deepEqual(pauseFields('paused-at', undefined), { metadata: {}, spec: {} });
});
