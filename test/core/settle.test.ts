import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settleForHeal, settleOf, settleProblem } from '../../server/core/settle.ts';

const otherwise = { windowMs: 1_000, maxMs: 10_000 };
const rows: [text: string | undefined, windowMs: number, maxMs: number, isProblem: boolean][] = [
  [undefined, 1_000, 10_000, false],
  ['500ms', 500, 10_000, false],
  ['0s', 0, 10_000, false],
  ['1m', 60_000, 60_000, false],
  ['10m', 600_000, 600_000, false],
  ['11m', 1_000, 10_000, true],
  ['-1s', 1_000, 10_000, true],
  ['soon', 1_000, 10_000, true],
  ['', 1_000, 10_000, true],
];
for (const [text, windowMs, maxMs, isProblem] of rows) {
  test(`rule 15: settle annotation ${text ?? 'absent'}`, () => {
    const annotations: Record<string, string> = text === undefined ? {} : { 'lockstep.dev/settle': text };
    assert.deepEqual(settleOf(annotations, otherwise), { windowMs, maxMs });
    assert.equal(settleProblem(annotations) !== undefined, isProblem);
  });
}

const heals: [rule: string, windowMs: number, maxMs: number, expected: [windowMs: number, maxMs: number]][] = [
  ['at least 5 s', 1_000, 10_000, [5_000, 10_000]],
  ['also where none was asked for', 0, 0, [5_000, 5_000]],
  ['a longer one stays', 60_000, 60_000, [60_000, 60_000]],
];
for (const [rule, windowMs, maxMs, [least, most]] of heals) {
  test(`rule 15: content that self-heal may take back: ${rule}`, () => {
    assert.deepEqual(settleForHeal({ windowMs, maxMs }), { windowMs: least, maxMs: most });
  });
}
