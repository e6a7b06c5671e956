import { deepEqual, equal, ok } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { matchAsGo, parseBool, trimSpace } from './go-text.ts';
import { readVectors } from './vectors.ts';

suite('Go on text, by its own answers', () => {
  for (const { text, valid, value } of readVectors('parse-bools.json')) {
    test(`§2.7 ParseBool ${JSON.stringify(text)}`, () => equal(parseBool(text), valid && value));
  }
  for (const { text, value } of readVectors('trims.json')) {
    test(`§2.5 TrimSpace ${JSON.stringify(text)}`, () => equal(trimSpace(text), value));
  }
});

suite('Go on patterns', () => {
  const { names, patterns } = readVectors('regexps.json');

  test('several hundred were asked about, valid and not', () => {
    ok(patterns.length >= 300, `${patterns.length} patterns`);
    ok(patterns.filter(({ valid }) => !valid).length >= 50);
    equal(new Set(patterns.map(({ pattern }) => pattern)).size, patterns.length);
  });

  // Where both languages mean the same, a second implementation can be asked.
  const plain = patterns.filter(({ pattern }) => /^[a-z0-9.|()-]*$/.test(pattern) && !/\(\?|\(\)/.test(pattern));
  test('simple ones agree with this runtime', () => {
    ok(plain.length > 80, `${plain.length} patterns`);
    for (const { pattern, valid, matches } of plain) {
      const expression = compile(`^${pattern}$`);
      equal(expression !== undefined, valid, pattern);
      if (expression)
        deepEqual(
          matches,
          names.filter((name) => expression.test(name)),
          pattern,
        );
    }
  });

  const rows: readonly (readonly [pattern: string, name: string, answer: boolean | undefined])[] = [
    ['foo|bar', 'foobar', true],
    ['foo|bar', 'xfoo', false],
    ['(foo|bar)', 'foobar', false],
    ['*', 'foo', true],
    ['[', 'foo', undefined],
    ['(?=foo).*', 'foo', undefined],
    ['(?i)FOO', 'foo', true],
    ['a{1', 'aa', false],
  ];
  for (const [pattern, name, answer] of rows) {
    test(`§2.5 ^${pattern}$ in ${name}: ${answer ?? 'invalid'}`, () => equal(matchAsGo(pattern, name), answer));
  }
});

function compile(source: string): RegExp | undefined {
  try {
    return new RegExp(source);
  } catch {
    return undefined;
  }
}
