import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { digestValues, type ValueInput } from '../../server/core/digest.ts';
import { compareContent, type DeclaredContent } from '../../server/core/drift.ts';
import { digestDeclared, type DataKind } from '../../server/declared/content.ts';
import { composeDocument } from '../../server/declared/read.ts';

const key = { id: 'k1', secret: Buffer.alloc(32, 7) };
const refOf = (kind: DataKind) => ({ kind, namespace: 'shop', name: 'db' });
const base64 = (value: string): string => Buffer.from(value).toString('base64');

function declare(kind: DataKind, body: string, variables: 'none' | 'unknown' = 'none'): DeclaredContent {
  const head = /^kind:/m.test(body) ? '' : `apiVersion: v1\nkind: ${kind}\nmetadata: {name: db}\n`;
  const composed = composeDocument(head + body);
  assert.ok(composed.kind === 'document', composed.kind);
  return digestDeclared({ document: composed.document, item: undefined, ref: refOf(kind), variables }, key);
}

const digest = (kind: DataKind, values: Record<string, string>, field: ValueInput['field'] = 'data') =>
  digestValues(
    refOf(kind),
    Object.entries(values).map(([dataKey, value]) => ({ dataKey, field, value: Buffer.from(value) })),
    key,
  );

const same: [rule: string, kind: DataKind, body: string, values: Record<string, string>][] = [
  ['data', 'Secret', 'data: {a: eA==}', { a: 'x' }],
  ['base64 over several lines', 'Secret', 'data:\n  a: |\n    aGVs\n    bG8=\n', { a: 'hello' }],
  ['carriage returns in base64', 'Secret', 'data: {a: "aGVs\\r\\nbG8="}', { a: 'hello' }],
  ['base64 whose unused bits are set', 'Secret', 'data: {a: eB==}', { a: 'x' }],
  ['stringData', 'Secret', 'stringData: {a: x}', { a: 'x' }],
  ['stringData wins over data', 'Secret', 'stringData: {a: new}\ndata: {a: eA==, b: eA==}', { a: 'new', b: 'x' }],
  ['empty stringData wins too', 'Secret', 'data: {a: eA==}\nstringData: {a: ""}', { a: '' }],
  ['empty values', 'ConfigMap', 'data: {a: "", b: \'\'}', { a: '', b: '' }],
  ['no data', 'Secret', 'type: Opaque', {}],
  ['data: null', 'Secret', 'data: null\nstringData:', {}],
  ['data: ~', 'ConfigMap', 'data: ~', {}],
  ['a literal block', 'ConfigMap', 'data:\n  a: |\n    one\n    two\n', { a: 'one\ntwo\n' }],
  ['a folded block', 'ConfigMap', 'data:\n  a: >-\n    one\n    two\n', { a: 'one two' }],
  ['Windows line ends', 'ConfigMap', 'data:\r\n  a: |\r\n    one\r\n    two\r\n', { a: 'one\ntwo\n' }],
  ['a quoted number', 'ConfigMap', 'data: {a: "5", b: \'yes\'}', { a: '5', b: 'yes' }],
  ['a number tagged as a string', 'ConfigMap', 'data: {a: !!str 5}', { a: '5' }],
  ['a date, which stays a string', 'ConfigMap', 'data: {a: 2026-01-01}', { a: '2026-01-01' }],
  ['a version', 'ConfigMap', 'data: {a: 1.2.3}', { a: '1.2.3' }],
  ['a number as a key', 'ConfigMap', 'data: {80: x}', { 80: 'x' }],
  ['an alias', 'ConfigMap', 'x: &v text\ndata: {a: *v}', { a: 'text' }],
  ['an alias of all data', 'ConfigMap', 'x: &v {a: text}\ndata: *v', { a: 'text' }],
  [
    'a key like a prototype’s',
    'ConfigMap',
    'data: {constructor: x, __proto__: z}',
    { constructor: 'x', ['__proto__']: 'z' },
  ],
  ['a variable that nothing replaces', 'ConfigMap', 'data: {a: "${X}"}', { a: '${X}' }],
];
for (const [rule, kind, body, values] of same) {
  test(`content: ${rule}`, () => {
    const found = declare(kind, body);
    assert.deepEqual([found.content, found.unclear, found.rest], [digest(kind, values), new Map(), undefined]);
  });
}

test('content: binaryData of a ConfigMap is other content than data', () => {
  assert.deepEqual(
    declare('ConfigMap', 'binaryData: {a: eA==}').content,
    digest('ConfigMap', { a: 'x' }, 'binaryData'),
  );
});

const enc = 'ENC[AES256_GCM,data:Zm9v,iv:aXY=,tag:dGFn,type:str]';
const problems: [rule: string, kind: DataKind, body: string, reason: string][] = [
  ['a number', 'Secret', 'stringData: {a: 5}', 'not-a-string'],
  ['a boolean', 'ConfigMap', 'data: {a: true}', 'not-a-string'],
  ['a boolean of YAML 1.1', 'ConfigMap', 'data: {a: yes}', 'not-a-string'],
  ['an octal number', 'ConfigMap', 'data: {a: 0644}', 'not-a-string'],
  ['a number with underscores', 'ConfigMap', 'data: {a: 1_000}', 'not-a-string'],
  ['a map', 'ConfigMap', 'data: {a: {b: c}}', 'not-a-string'],
  ['a list', 'ConfigMap', 'data: {a: [b]}', 'not-a-string'],
  ['binary by tag', 'ConfigMap', 'data: {a: !!binary eA==}', 'not-a-string'],
  ['null', 'Secret', 'data: {a: null}', 'null-value'],
  ['nothing', 'Secret', 'stringData: {a: }', 'null-value'],
  ['plain text under data', 'Secret', 'data: {a: hunter2}', 'not-base64'],
  ['base64 with a blank', 'Secret', 'data: {a: "aGVs bG8="}', 'not-base64'],
  ['base64 without its padding', 'Secret', 'data: {a: eA}', 'not-base64'],
  ['base64 for URLs', 'ConfigMap', 'binaryData: {a: -_-_}', 'not-base64'],
  ['stringData over what is refused', 'Secret', 'data: {a: "!"}\nstringData: {a: x}', 'not-base64'],
  ['a key twice', 'ConfigMap', 'data: {a: x, a: y}', 'duplicate-key'],
  ['data and binaryData', 'ConfigMap', 'data: {a: x}\nbinaryData: {a: eA==}', 'in-both-fields'],
  ['stringData of a ConfigMap', 'ConfigMap', 'stringData: {a: x}', 'unknown-field'],
  ['binaryData of a Secret', 'Secret', 'binaryData: {a: eA==}', 'unknown-field'],
  ['a line break of YAML 1.1', 'ConfigMap', 'data: {a: "x\u0085y"}', 'yaml-dialects'],
  ['SOPS under stringData', 'Secret', `stringData: {a: "${enc}"}\nsops: {mac: x}`, 'encrypted'],
  ['SOPS under data', 'Secret', `data: {a: "${enc}"}\nsops: {mac: x}`, 'encrypted'],
  ['a file that SOPS encrypted', 'Secret', `data: {a: ${base64('x: y\nsops:\n  mac: ENC[x]\n')}}`, 'encrypted'],
  [
    'a value of a dotenv file that SOPS encrypted, as a generator gives it',
    'Secret',
    `data: {a: ${base64(enc)}}`,
    'encrypted',
  ],
];
for (const [rule, kind, body, reason] of problems) {
  test(`one key not comparable: ${rule}: ${reason}`, () => {
    const found = declare(kind, `${body}\n`);
    assert.deepEqual([[...found.unclear], found.content.values.size, found.rest], [[['a', reason]], 0, undefined]);
  });
}

test('one key not comparable: a name that the API server refuses: invalid-key', () => {
  for (const name of ['a b', '..', '..a', 'a/b', 'x'.repeat(254)])
    assert.equal(declare('ConfigMap', `data: {"${name}": x}`).unclear.get(name), 'invalid-key');
});

test('SOPS: what stays in clear is compared', () => {
  const found = declare('Secret', `stringData: {a: "${enc}", b: x, c: ""}\nsops: {mac: x}`);
  assert.deepEqual([found.content, found.rest], [digest('Secret', { b: 'x', c: '' }), undefined]);
});

const head = 'apiVersion: v1\nkind: ConfigMap\n';
const sealed =
  'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db}\nspec:\n  encryptedData: {a: AgB}\n  template: {data: {b: "{{ .a }}"}}\n';
const wholes: [rule: string, kind: DataKind, body: string, rest: string][] = [
  ['a SealedSecret', 'Secret', sealed, 'sealed'],
  ['a name made by the API server', 'ConfigMap', `${head}metadata: {generateName: db-}\n`, 'generated'],
  [
    'a name that will get a hash',
    'ConfigMap',
    `${head}metadata: {name: db, annotations: {kustomize.config.k8s.io/needs-hash: "true"}}\n`,
    'generated',
  ],
  ['a strategic merge patch', 'ConfigMap', '$patch: delete\n', 'patch-directive'],
  ['a directive among the data', 'ConfigMap', 'data: {$patch: replace}\n', 'patch-directive'],
  ['a merge key', 'ConfigMap', 'x: &m {a: x}\ndata: {<<: *m}\n', 'yaml-dialects'],
  ['a merge key at the root', 'ConfigMap', 'x: &m {data: {a: x}}\n<<: *m\n', 'yaml-dialects'],
  ['an octal key', 'ConfigMap', 'data: {010: x}\n', 'yaml-dialects'],
  ['a boolean key', 'ConfigMap', 'data: {on: x}\n', 'yaml-dialects'],
  ['data twice', 'ConfigMap', 'data: {a: x}\ndata: {b: x}\n', 'duplicate-key'],
  ['a list of data', 'ConfigMap', 'data: [a]\n', 'malformed'],
  ['data as text', 'Secret', 'data: text\n', 'malformed'],
  ['another kind', 'ConfigMap', 'apiVersion: v1\nkind: Service\nmetadata: {name: db}\n', 'malformed'],
];
for (const [rule, kind, body, rest] of wholes) {
  test(`all not comparable: ${rule}: ${rest}`, () => assert.equal(declare(kind, body).rest, rest));
}

test('a SealedSecret names its keys', () =>
  assert.deepEqual(
    [...declare('Secret', sealed).unclear],
    [
      ['a', 'sealed'],
      ['b', 'sealed'],
    ],
  ));

test('substitution: values and keys with variables are not comparable, others are', () => {
  const found = declare('ConfigMap', 'data: {a: "${X}", b: "$${X}", c: $X, "${K}": y}', 'unknown');
  assert.deepEqual(found.content, digest('ConfigMap', { c: '$X' }));
  assert.deepEqual([found.unclear.get('a'), found.unclear.get('b')], Array(2).fill('substituted-from-unknown'));
  assert.equal(found.rest, 'substituted-from-unknown');
});

const fields: [rule: string, kind: DataKind, body: string, type: string | undefined, immutable: boolean | undefined][] =
  [
    ['declared', 'Secret', 'type: kubernetes.io/tls\nimmutable: true', 'kubernetes.io/tls', true],
    ['an empty type', 'Secret', 'type: ""\nimmutable: false', 'Opaque', false],
    ['not declared', 'Secret', 'data: {}', undefined, undefined],
    ['null', 'Secret', 'type: null\nimmutable: null', undefined, undefined],
    ['text instead of a boolean', 'ConfigMap', 'type: x\nimmutable: "true"', undefined, undefined],
  ];
for (const [rule, kind, body, type, immutable] of fields) {
  test(`fields: ${rule}`, () => assert.deepEqual(declare(kind, body).fields, { type, immutable }));
}

/** Text that YAML can hold in every style. */
const text = fc.string({ unit: fc.constantFrom(...Array.from('ab 01:#-\'"{}[]\n,&*!|>%@`é\t\\ß€')), maxLength: 40 });
const styles = ['QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED', 'PLAIN'] as const;
const secretOf = (value: string, spelling: (typeof styles)[number] | 'data' | 'wrapped'): DeclaredContent => {
  const wrapped = spelling === 'wrapped' ? base64(value).replaceAll(/(.{5})/g, '$1\n') : base64(value);
  const body = spelling === 'data' || spelling === 'wrapped' ? { data: { a: wrapped } } : { stringData: { a: value } };
  const defaultStringType = spelling === 'data' || spelling === 'wrapped' ? 'QUOTE_DOUBLE' : spelling;
  return declare('Secret', stringify(body, { defaultStringType, defaultKeyType: 'PLAIN' }));
};

test('property: equal content in any spelling is equal, and one byte makes exactly its key differ', () => {
  const live = (value: string) => ({
    contents: [digest('Secret', { a: value })],
    fields: { type: 'Opaque', immutable: undefined },
  });
  fc.assert(
    fc.property(text, fc.constantFrom(...styles, 'data' as const, 'wrapped' as const), (value, spelling) => {
      const declared = secretOf(value, spelling);
      // A block cannot hold blanks only.
      fc.pre(!spelling.startsWith('BLOCK') || value.trim() !== '');
      // What YAML 1.1 takes for something else is named, never judged.
      if (spelling === 'PLAIN' && declared.unclear.size > 0) return;
      assert.equal(compareContent(declared, live(value)).answer, 'equal');
      assert.equal(compareContent(declared, live(`${value}x`)).keys.get('a')?.answer, 'different');
    }),
    { numRuns: 500 },
  );
});

test('I6: no value comes through, whatever is wrong with it', () => {
  const canary = 'c4n4ry-value';
  const bodies = [`data: {a: ${canary}}`, `stringData: {a: ${canary}}`, `data: ${canary}`, `data: [${canary}]`];
  for (const body of [
    ...bodies,
    `data: {a: ${base64(canary)}, a: x}`,
    `type: Opaque\nstringData: {a: {b: ${canary}}}`,
  ]) {
    const declared = declare('Secret', body);
    const compared = compareContent(declared, { contents: [declared.content], fields: declared.fields });
    const printed = inspect([declared, compared], { depth: 20 });
    for (const form of [canary, base64(canary), Buffer.from(canary).toString('hex')])
      assert.ok(!printed.includes(form));
  }
});
