// The server's reading of text against Go's own answers (vectors/README.md): patterns, booleans, blanks, flag lists, durations.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseDuration } from '../../server/core/duration.ts';
import { parseBool, splitTrimmed, trimSpace } from '../../server/core/go-text.ts';
import { matchesName, readPatterns } from '../../server/core/reloader-pattern.ts';
import { parseFlags } from '../../server/flags.ts';
import { readVectors } from './oracle/vectors.ts';

const { names, patterns } = readVectors('regexps.json');

suite(`${patterns.length} patterns for ${names.length} names each`, () => {
  for (const { pattern, valid, matches } of patterns) {
    // A list is split and trimmed before its parts are patterns: what that changes is no longer the pattern that Go was asked about.
    const isWhole = splitTrimmed(pattern)[0] === pattern;
    const about = isWhole ? '' : ' (trimmed first)';
    test(`${JSON.stringify(pattern)} is ${valid ? 'valid' : 'not'}${about}`, () => {
      const { patterns: read, problems } = readPatterns(isWhole ? pattern : `(?:${pattern})`);
      assert.deepEqual(
        problems.map(({ reason }) => reason),
        valid ? [] : ['bad-pattern'],
      );
      assert.deepEqual(
        names.filter((name) => matchesName(read, name)),
        matches,
      );
    });
  }
});

suite('booleans, blanks, lists, durations', () => {
  for (const { text, valid, value } of readVectors('parse-bools.json')) {
    test(`§2.7 ParseBool ${JSON.stringify(text)}`, () => assert.equal(parseBool(text), valid ? value : undefined));
  }
  for (const { text, value } of readVectors('trims.json')) {
    test(`§2.5 TrimSpace ${JSON.stringify(text)}`, () => assert.equal(trimSpace(text), value));
  }
  for (const { text, valid, value } of readVectors('flag-lists.json')) {
    if (isSecondRecord(text)) continue;
    test(`§1 StringSlice ${JSON.stringify(text)}`, () => assert.deepEqual(readList(text), { valid, value }));
  }
  for (const { text, valid, value } of readVectors('durations.json')) {
    if (exceeds64Bits(text)) continue;
    test(`§2 ParseDuration ${JSON.stringify(text)}`, () => {
      const ms = parseDuration(text);
      assert.equal(ms !== undefined, valid);
      // Go counts whole nanoseconds, the server milliseconds in a double.
      const difference = Math.abs((ms ?? 0) * 1e6 - Number(value ?? 0));
      assert.ok(difference < Math.max(1, Number.EPSILON * Math.abs(Number(value ?? 0))), `${difference}ns away`);
    });
  }
});

suite('where the server takes what Go does not, counted', () => {
  test('§1 StringSlice: a line break in a list is a letter, where Go drops all behind the first line', () => {
    const texts = readVectors('flag-lists.json').filter(({ text }) => isSecondRecord(text));
    assert.equal(texts.length, 3);
    for (const { text } of texts) assert.deepEqual(readList(text), { valid: true, value: [text] });
  });

  test('§2 ParseDuration: more than 292 years, which overflow in Go', () => {
    const texts = readVectors('durations.json').filter(({ text }) => exceeds64Bits(text));
    assert.equal(texts.length, 5);
    for (const { text, valid } of texts) assert.deepEqual([valid, parseDuration(text) !== undefined], [false, true]);
  });
});

function readList(text: string): { valid: boolean; value: readonly string[] | undefined } {
  const { values, problems } = parseFlags({ list: { type: 'list', group: '', help: '' } }, [`--list=${text}`]);
  return { valid: problems.length === 0, value: values.list };
}

/** A line break outside of quotes ends a record of CSV. */
function isSecondRecord(text: string): boolean {
  return text.replace(/"[^"]*"/g, '').includes('\n');
}

/** Those of the vectors that do; nanoseconds in Go are an int64. */
function exceeds64Bits(text: string): boolean {
  return [
    '9223372036854775808ns',
    '2562048h',
    '2562047h47m16.854775808s',
    '3000000h',
    '100000000000000000000s',
  ].includes(text);
}
