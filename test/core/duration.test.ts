import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from '../../server/core/duration.ts';

const readings: [text: string, ms: number | undefined][] = [
  ['0', 0],
  ['+0', 0],
  ['1s', 1000],
  ['500ms', 500],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['1.s', 1000],
  ['-2s', -2000],
  ['1000us', 1],
  ['1000µs', 1],
  ['2h45m', 9_900_000],
  ['', undefined],
  ['5', undefined],
  ['s', undefined],
  ['.s', undefined],
  ['1d', undefined],
  ['1 s', undefined],
  ['1S', undefined],
];
for (const [text, ms] of readings)
  test(`duration ${JSON.stringify(text)}`, () => assert.equal(parseDuration(text), ms));

for (const ms of [0, 1, 999, 1000, 1500, 60_000, 90_000, 3_600_000, 5_445_500]) {
  test(`duration ${ms} survives a round trip`, () => assert.equal(parseDuration(formatDuration(ms)), ms));
}
