import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import {
  compareContent,
  declareUnknown,
  generatorName,
  notComparable,
  type ConfigFields,
  type DeclaredContent,
  type LiveContent,
  type NotComparable,
} from '../../server/core/drift.ts';

const open: ConfigFields = { type: undefined, immutable: undefined };
const digests = (values: Record<string, string>, keyId = 'k1') => ({ keyId, values: new Map(Object.entries(values)) });
const declare = (values: Record<string, string>, more: Partial<DeclaredContent> = {}): DeclaredContent => ({
  content: digests(values),
  unclear: new Map(),
  rest: undefined,
  fields: open,
  ...more,
});
const live = (values: Record<string, string>, more: Partial<LiveContent> = {}): LiveContent => ({
  contents: [digests(values)],
  fields: open,
  ...more,
});
const unclear = (reason: NotComparable) => ({ unclear: new Map([['a', reason]]) });

type Row = [
  rule: string,
  declared: DeclaredContent,
  live: LiveContent | undefined,
  answer: string,
  keys: Record<string, string>,
];
const answers: Row[] = [
  ['the same', declare({ a: '1' }), live({ a: '1' }), 'equal', { a: 'equal' }],
  ['nothing on both sides', declare({}), live({}), 'equal', {}],
  ['another value', declare({ a: '1', b: '1' }), live({ a: '2', b: '1' }), 'different', { a: 'different', b: 'equal' }],
  ['a key that is only live', declare({}), live({ a: '1' }), 'different', { a: 'only-live' }],
  ['a key that is only declared', declare({ a: '1' }), live({}), 'different', { a: 'only-declared' }],
  ['an object that is not there', declare({ a: '1' }), undefined, 'different', { a: 'only-declared' }],
  ['encrypted and live', declare({}, unclear('encrypted')), live({ a: '1' }), 'not-comparable', { a: 'encrypted' }],
  ['encrypted and not live', declare({}, unclear('encrypted')), live({}), 'different', { a: 'only-declared' }],
  ['sealed and not live', declare({}, unclear('sealed')), live({}), 'different', { a: 'only-declared' }],
  ['null and not live', declare({}, unclear('null-value')), live({}), 'not-comparable', { a: 'null-value' }],
  [
    'one key unclear and another equal',
    declare({ b: '1' }, unclear('not-base64')),
    live({ a: '1', b: '1' }),
    'not-comparable',
    { a: 'not-base64', b: 'equal' },
  ],
  [
    'one key unclear and another different',
    declare({ b: '1' }, unclear('not-base64')),
    live({ a: '1', b: '2' }),
    'different',
    { a: 'not-base64', b: 'different' },
  ],
  [
    'a live key where more may be declared',
    declare({ b: '1' }, { rest: 'yaml-dialects' }),
    live({ a: '1', b: '1' }),
    'not-comparable',
    { a: 'yaml-dialects', b: 'equal' },
  ],
  ['nothing live where more may be declared', declare({}, { rest: 'sealed' }), live({}), 'not-comparable', {}],
  [
    'digests under a key that is not held',
    declare({ a: '1', c: '1' }, { content: digests({ a: '1', c: '1' }, 'lost') }),
    live({ a: '1', b: '1' }),
    'different',
    { a: 'unknown-digest-key', b: 'only-live', c: 'only-declared' },
  ],
  [
    'digests under the second key that is held',
    declare({ a: '1' }, { content: digests({ a: '1' }, 'old') }),
    live({}, { contents: [digests({ a: 'x' }), digests({ a: '1' }, 'old')] }),
    'equal',
    { a: 'equal' },
  ],
];
for (const [rule, declared, content, answer, keys] of answers) {
  test(`compare: ${rule}: ${answer}`, () => {
    const found = compareContent(declared, content);
    const words = [...found.keys].map(([name, key]) => [
      name,
      key.answer === 'not-comparable' ? key.reason : key.answer,
    ]);
    assert.deepEqual([found.answer, Object.fromEntries(words)], [answer, keys]);
  });
}

const fields: [rule: string, declared: Partial<ConfigFields>, live: Partial<ConfigFields>, differing: string[]][] = [
  ['another type', { type: 'Opaque' }, { type: 'kubernetes.io/tls' }, ['type']],
  ['the same type', { type: 'Opaque' }, { type: 'Opaque' }, []],
  ['a type that is not declared', {}, { type: 'kubernetes.io/tls' }, []],
  ['immutable', { immutable: true }, { immutable: false }, ['immutable']],
  ['immutable by somebody else', {}, { immutable: true }, []],
];
for (const [rule, declared, content, differing] of fields) {
  test(`fields: ${rule}`, () => {
    const found = compareContent(
      declare({}, { fields: { ...open, ...declared } }),
      live({}, { fields: { ...open, ...content } }),
    );
    assert.deepEqual(found.fields, differing);
    assert.equal(found.answer, differing.length > 0 ? 'different' : 'equal');
  });
}

for (const reason of Object.keys(notComparable) as NotComparable[]) {
  test(`not comparable: ${reason}: all of it, and never drift`, () => {
    const found = compareContent(declareUnknown(reason), live({ a: '1' }));
    assert.deepEqual([found.answer, found.reasons], ['not-comparable', [reason]]);
    assert.deepEqual(found.keys.get('a'), { answer: 'not-comparable', reason });
  });
}

test('each reason once', () => {
  const both = new Map<string, NotComparable>([
    ['a', 'encrypted'],
    ['b', 'encrypted'],
    ['c', 'null-value'],
  ]);
  const found = compareContent(declare({}, { unclear: both }), live({ a: '1', b: '1', c: '1' }));
  assert.deepEqual(found.reasons, ['encrypted', 'null-value']);
});

test('property: equal exactly when the digests are', () => {
  const content = fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), fc.constantFrom('1', '2'), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(content, content, (left, right) => {
      const { answer, keys } = compareContent(declare(left), live(right));
      const same = isDeepStrictEqual(left, right);
      assert.equal(answer, same ? 'equal' : 'different');
      assert.equal(keys.size, new Set([...Object.keys(left), ...Object.keys(right)]).size);
    }),
  );
});

const names: [name: string, generator: string | undefined][] = [
  ['app-config-6ct58987ht', 'app-config'],
  ['app-config', undefined],
  ['app-config-6ct58987h', undefined],
  ['app-config-a1e3058987', undefined],
  ['-6ct58987ht', undefined],
];
for (const [name, generator] of names) {
  test(`the generator of ${name} is called ${generator}`, () => assert.equal(generatorName(name), generator));
}
