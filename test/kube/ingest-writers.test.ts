import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWriters } from '../../server/kube/ingest-writers.ts';

const parse = (metadata: object) =>
  parseWriters({ metadata: { name: 'x', ...metadata }, data: { a: canary } } as never);
const canary = 'c4n4ry-value';
const entry = (fieldsV1: object | undefined, more: object = {}) => ({
  manager: 'm',
  operation: 'Update',
  time: '2026-01-01T00:00:00Z',
  fieldsV1,
  ...more,
});
const keyed = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index): [string, object] => [`f:k${index}`, {}]));

const ownedKeys: [rule: string, fields: object | undefined, keys: string[] | undefined][] = [
  ['data', { 'f:data': { '.': {}, 'f:a': {}, 'f:b.c': {} } }, ['a', 'b.c']],
  ['binaryData', { 'f:binaryData': { 'f:a': {} } }, ['a']],
  ['stringData, by an apply', { 'f:data': { 'f:a': {} }, 'f:stringData': { 'f:a': {}, 'f:b': {} } }, ['a', 'b']],
  ['the map itself and no key', { 'f:data': { '.': {} } }, undefined],
  ['metadata only', { 'f:metadata': { 'f:labels': {} } }, undefined],
  ['no fields', undefined, undefined],
  [
    'a key named like a prototype’s',
    { 'f:data': { 'f:__proto__': {}, 'f:constructor': {} } },
    ['__proto__', 'constructor'],
  ],
];
for (const [rule, fields, keys] of ownedKeys) {
  test(`owned keys: ${rule}`, () => {
    const [write] = parse({ managedFields: [entry(fields)] }).writes.entries;
    assert.deepEqual(write?.keys, keys);
  });
}

test('manager, operation, subresource and time of an entry', () => {
  const fields = { 'f:data': { 'f:a': {} } };
  const { entries, complete } = parse({
    managedFields: [
      entry(fields, { operation: 'Apply', subresource: 'status' }),
      entry(fields, { manager: undefined, time: undefined, operation: undefined }),
      entry(fields, { manager: '<b>x</b>\n', time: 'never' }),
    ],
  }).writes;
  assert.equal(complete, true);
  assert.deepEqual(entries, [
    { manager: 'm', operation: 'Apply', subresource: 'status', at: Date.UTC(2026, 0, 1), keys: ['a'] },
    { manager: '', operation: 'Update', subresource: '', at: undefined, keys: ['a'] },
    { manager: '?b?x?/b??', operation: 'Update', subresource: '', at: undefined, keys: ['a'] },
  ]);
});

const bounds: [rule: string, managedFields: object[], complete: boolean][] = [
  ['50 entries', Array.from({ length: 50 }, () => entry({ 'f:data': { 'f:a': {} } })), true],
  ['51 entries', Array.from({ length: 51 }, () => entry({ 'f:data': { 'f:a': {} } })), false],
  ['5,000 keys', [entry({ 'f:data': keyed(5_000) })], true],
  ['5,001 keys', [entry({ 'f:data': keyed(5_000) }), entry({ 'f:data': { 'f:a': {} } })], false],
];
for (const [rule, managedFields, complete] of bounds) {
  test(`bounds: ${rule}: ${complete ? 'complete' : 'not complete'}`, () => {
    const { writes } = parse({ managedFields });
    assert.equal(writes.complete, complete);
    assert.ok(writes.entries.length <= 50);
  });
}

test('owners by group, kind and name', () => {
  const ownerReferences = [
    { apiVersion: 'bitnami.com/v1alpha1', kind: 'SealedSecret', name: 'db', uid: 'u' },
    { apiVersion: 'v1', kind: 'Pod', name: 'p' },
  ];
  assert.deepEqual(parse({ ownerReferences }).owners, [
    { group: 'bitnami.com', kind: 'SealedSecret', name: 'db' },
    { group: '', kind: 'Pod', name: 'p' },
  ]);
});

test('only marks of producers are kept, and only names in them', () => {
  const { marks } = parse({
    labels: { 'reconcile.external-secrets.io/managed': 'true', app: 'web' },
    annotations: {
      'cert-manager.io/certificate-name': 'not a NAME',
      'kubectl.kubernetes.io/last-applied-configuration': canary,
    },
  });
  assert.deepEqual(marks, { 'reconcile.external-secrets.io/managed': 'true' });
});

test('an object without any of it', () =>
  assert.deepEqual(parse({ labels: null, annotations: null, managedFields: null, ownerReferences: null }), {
    writes: { entries: [], complete: true },
    owners: [],
    marks: {},
  }));

test('I6: no value comes through', () => {
  const facts = parse({
    annotations: {
      'cert-manager.io/certificate-name': `${canary} `,
      'sealedsecrets.bitnami.com/managed': `"${canary}"`,
    },
    managedFields: [entry({ 'f:data': { 'f:a': {}, [`v:${canary}`]: {}, [`k:${canary}`]: {} } })],
  });
  assert.ok(!JSON.stringify(facts).includes(canary));
});
