import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fields, type Problem, readResource } from '../../flux/fields.ts';

const open = (value: unknown): [Fields, Problem[]] => {
  const problems: Problem[] = [];
  return [new Fields('spec', value, problems), problems];
};

const reads: [
  rule: string,
  value: unknown,
  read: (fields: Fields) => unknown,
  expected: unknown,
  problems: string[],
][] = [
  ['a text', { url: 'x' }, (f) => f.text('url'), 'x', []],
  ['an empty text is absent, as in Go', { url: '' }, (f) => f.text('url'), undefined, []],
  ['null is absent, as in Go', { url: null }, (f) => f.has('url'), false, []],
  ['a number is no text', { url: 7 }, (f) => f.text('url'), undefined, ['spec.url wrong-type']],
  ['a text too long', { url: 'x'.repeat(4_097) }, (f) => f.text('url'), undefined, ['spec.url too-long']],
  ['a needed text', {}, (f) => f.need('url'), '', ['spec.url missing']],
  ['a needed text of the wrong type', { url: [] }, (f) => f.need('url'), '', ['spec.url wrong-type']],
  ['a word', { kind: 'Secret' }, (f) => f.word('kind', ['Secret']), 'Secret', []],
  ['no such word', { kind: 'secret' }, (f) => f.word('kind', ['Secret']), undefined, ['spec.kind malformed']],
  ['a flag', { prune: true }, (f) => f.flag('prune'), true, []],
  ['"true" is no flag', { prune: 'true' }, (f) => f.flag('prune'), false, ['spec.prune wrong-type']],
  ['a number', { n: -1 }, (f) => f.count('n'), -1, []],
  ['a fraction', { n: 0.5 }, (f) => f.count('n'), undefined, ['spec.n wrong-type']],
  ['a number beyond what is exact', { n: 2 ** 53 }, (f) => f.count('n'), undefined, ['spec.n wrong-type']],
  ['a map inside', { ref: { name: 'x' } }, (f) => f.map('ref').text('name'), 'x', []],
  ['a list is no map', { ref: [] }, (f) => f.map('ref').text('name'), undefined, ['spec.ref wrong-type']],
  ['texts', { a: ['x', 'y'] }, (f) => f.texts('a', 2), ['x', 'y'], []],
  [
    'texts, some not',
    { a: ['x', 7, null] },
    (f) => f.texts('a', 9),
    ['x'],
    ['spec.a[1] wrong-type', 'spec.a[2] wrong-type'],
  ],
  ['a list too long', { a: ['x', 'y', 'z'] }, (f) => f.texts('a', 2), ['x', 'y'], ['spec.a too-many']],
  ['a text is no list', { a: 'xy' }, (f) => f.texts('a', 2), [], ['spec.a wrong-type']],
  [
    'maps, one not',
    { a: [{ n: 'x' }, null] },
    (f) => f.maps('a', 2).map((m) => m.text('n')),
    ['x', undefined],
    ['spec.a[1] wrong-type'],
  ],
  ['keys', { a: { x: 1, y: 2 } }, (f) => f.keys('a', 2), ['x', 'y'], []],
  ['keys too many', { a: { x: 1, y: 2 } }, (f) => f.keys('a', 1), ['x'], ['spec.a too-many']],
  [
    'an inherited property',
    {},
    (f) => [f.has('constructor'), f.text('toString'), f.map('__proto__').has('x')],
    [false, undefined, false],
    [],
  ],
  [
    '__proto__ as an own key is a key',
    JSON.parse('{"a":{"__proto__":{"url":"x"}}}'),
    (f) => [f.keys('a', 9), f.map('a').text('url')],
    [['__proto__'], undefined],
    [],
  ],
  ['what is no map at all', 'x', (f) => f.text('url'), undefined, ['spec wrong-type']],
  [
    'sound',
    { a: 'x', b: 7 },
    (f) => [f.text('a'), f.text('b'), f.isSound('a'), f.isSound('a', 'b')],
    ['x', undefined, true, false],
    ['spec.b wrong-type'],
  ],
  [
    'unsound by what is inside',
    { a: { b: 7 }, ab: 'x' },
    (f) => [f.map('a').text('b'), f.isSound('ab'), f.isSound('a')],
    [undefined, true, false],
    ['spec.a.b wrong-type'],
  ],
  [
    'unsound by one of a list',
    { a: [7] },
    (f) => [f.texts('a', 1), f.isSound('a')],
    [[], false],
    ['spec.a[0] wrong-type'],
  ],
  ['unsound as a whole', 7, (f) => f.isSound('a'), false, ['spec wrong-type']],
  [
    'the same problem is told once',
    { a: 7 },
    (f) => [f.text('a'), f.text('a')],
    [undefined, undefined],
    ['spec.a wrong-type'],
  ],
];
for (const [rule, value, read, expected, problems] of reads) {
  test(`flux fields: ${rule}`, () => {
    const [fields, found] = open(value);
    assert.deepEqual(read(fields), expected);
    assert.deepEqual(
      found.map(({ path, word }) => `${path} ${word}`),
      problems,
    );
  });
}

test('flux fields: problems end after a hundred, and say so', () => {
  const [fields, problems] = open({ a: Array.from({ length: 5_000 }, () => 7) });
  assert.deepEqual(fields.texts('a', 10_000), []);
  assert.equal(problems.length, 101);
  assert.deepEqual(problems.at(-1), { path: '', word: 'too-many' });
  assert.equal(fields.isSound('b'), false);
});

const identity = { apiVersion: 'g.io/v1', kind: 'K', metadata: { namespace: 'n', name: 'a.b' } };
const resources: [rule: string, value: unknown, problems: string[]][] = [
  ['a resource', identity, []],
  ['another version of the group', { ...identity, apiVersion: 'g.io/v2' }, []],
  ['another group', { ...identity, apiVersion: 'h.io/v1' }, ['apiVersion malformed']],
  ['a group that begins so', { ...identity, apiVersion: 'g.io.evil.com/v1' }, ['apiVersion malformed']],
  ['another kind', { ...identity, kind: 'L' }, ['kind malformed']],
  ['no kind', { ...identity, kind: undefined }, ['kind missing']],
  ['no metadata', { ...identity, metadata: undefined }, ['metadata.namespace missing', 'metadata.name missing']],
  [
    'a namespace with a slash',
    { ...identity, metadata: { namespace: 'a/b', name: 'x' } },
    ['metadata.namespace malformed'],
  ],
  ['a name with a line break', { ...identity, metadata: { namespace: 'a', name: 'x\n' } }, ['metadata.name malformed']],
  [
    'null',
    null,
    [
      'kind missing',
      'apiVersion missing',
      'apiVersion malformed',
      'metadata.namespace missing',
      'metadata.name missing',
    ],
  ],
  ['a list', [identity], [' wrong-type']],
];
for (const [rule, value, problems] of resources) {
  test(`flux resource: ${rule}`, () => {
    const reading = readResource(value, { group: 'g.io', kinds: ['K'] }, (_, ref) => ref);
    assert.equal(reading.kind, problems.length === 0 ? 'read' : 'unreadable');
    assert.deepEqual(
      reading.problems.map(({ path, word }) => `${path} ${word}`),
      problems,
    );
  });
}
