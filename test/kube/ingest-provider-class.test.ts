// The driver's objects as the API server sends them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import { parseProviderClass, parseStatus } from '../../server/kube/ingest-provider-class.ts';

const keys = [{ id: 'k1', secret: Buffer.alloc(32, 1) }];
const metadata = { name: 'web-shop-db', namespace: 'shop', uid: 'u', resourceVersion: '7' };
const status = (objects: readonly { id: string; version: string }[] | null, more: object = {}) =>
  parseStatus({ metadata: { ...metadata, ...more }, status: { secretProviderClassName: 'db', objects } } as never, {
    keys,
  }).value;
const valuesOf = (objects: readonly { id: string; version: string }[]) => status(objects).contents[0]?.values;

test('the class is the one that the status names, in its namespace', () => {
  assert.deepEqual(status([]).providerClass, { kind: 'SecretProviderClass', namespace: 'shop', name: 'db' });
});

test('another version is other content, another order of the same is not', () => {
  const [one, two] = [
    { id: 'a', version: '1' },
    { id: 'a', version: '2' },
  ];
  assert.notDeepEqual(valuesOf([one]), valuesOf([two]));
  assert.deepEqual(valuesOf([one, two]), valuesOf([two, one]));
  assert.notDeepEqual(valuesOf([one, two]), valuesOf([two]), 'one object in two versions');
  assert.equal(status(null).contents[0]?.values.size, 0);
});

test('a version is kept as a keyed digest only', () => {
  const parsed = status([{ id: 'a', version: 'plaintext-version' }]);
  assert.equal(parsed.contents[0]?.keyId, 'k1');
  assert.ok(![...(parsed.contents[0]?.values.values() ?? [])].join().includes('plaintext'));
});

test('its second generation is a rotation; its time is that of the status', () => {
  const time = '2026-11-01T00:00:00Z';
  const managedFields = [
    { time, fieldsV1: { 'f:status': {} } },
    { time: '2026-11-02T00:00:00Z', fieldsV1: { 'f:metadata': {} } },
  ];
  assert.equal(status([], { generation: 1 }).rotated, false);
  const second = status([], { generation: 2, managedFields });
  assert.deepEqual([second.rotated, second.writtenAt], [true, Date.parse(time)]);
});

test('ignore and match are the class object’s', () => {
  const annotations = { 'reloader.stakater.com/match': 'true', 'reloader.stakater.com/ignore': 'true', other: 'x' };
  const object = { metadata: { ...metadata, name: 'db', annotations } };
  const { value } = parseProviderClass(object, { rules: defaultReloadRules });
  assert.equal(value.ignored, true);
  assert.deepEqual(Object.keys(value.annotations).sort(), [
    'reloader.stakater.com/ignore',
    'reloader.stakater.com/match',
  ]);
});
