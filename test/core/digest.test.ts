// Expected values were computed with openssl over hand-made encodings: each field is its length (4 bytes, big endian), then
// its bytes. Value digest of a Secret: HMAC-SHA256 over namespace, kind, name, data key, `data` or `binaryData`, value.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestProjection, digestValues, keyIdOf, type ContentDigests } from '../../server/core/digest.ts';

const key = { id: 'k1', secret: Uint8Array.from({ length: 32 }, (_, index) => index + 1) };
const secret = { kind: 'Secret', namespace: 'shop', name: 'db' } as const;
const configMap = { kind: 'ConfigMap', namespace: 'shop', name: 'app' } as const;
const input = (dataKey: string, text: string, field: 'data' | 'binaryData' = 'data') => ({
  dataKey,
  field,
  value: Buffer.from(text),
});
const db = digestValues(secret, [input('user', 'root'), input('password', 'hunter2')], key);

test('a Secret’s values become 128 bits of a keyed digest each', () => {
  assert.deepEqual(db, {
    keyId: 'k1',
    values: new Map([
      ['user', 'xhpDCHJL34_biW7cF1yHlg'],
      ['password', '5PplMsgO5V3ci7ugB_Nj7A'],
    ]),
  });
});

const projections: [rule: string, keys: 'all' | string[], digest: string][] = [
  ['all keys, sorted by bytes', 'all', 'k1:ADQxt1WqStPG3ximQptUQeRN_wZDZa1joJRx1csH8g0'],
  ['used keys only', ['user'], 'k1:bgxxsOCoelfyi_gJLHooZ0PIp9BaiPPwXHACuNbAU5E'],
  [
    'a used key that is not there counts as nothing',
    ['absent', 'user'],
    'k1:bgxxsOCoelfyi_gJLHooZ0PIp9BaiPPwXHACuNbAU5E',
  ],
  ['no key at all', ['absent'], 'k1:UHuTOOXfYVQEbnj-0fKeRNqTGpA95iLnvdqOKWeY3f4'],
];
for (const [rule, keys, digest] of projections) {
  test(`projection: ${rule}`, () => assert.equal(digestProjection(secret, db, keys, key), digest));
}

test('a ConfigMap’s digest has no key and no namespace, so that clusters agree', () => {
  const other = { ...configMap, namespace: 'elsewhere' };
  const of = (ref: typeof configMap | typeof other): ContentDigests => digestValues(ref, [input('a', '1')], key);
  assert.equal(of(configMap).values.get('a'), 'W1rEr20wvpizzX4rHdgiQw');
  assert.deepEqual(of(configMap), of(other));
  assert.equal(
    digestProjection(configMap, of(configMap), 'all', key),
    'sha256:shnzwc3MKEPqzqKIEgClWpDr5v_6qrZ11mcMbhAn4QU',
  );
});

test('the same bytes under binaryData are other content', () => {
  assert.equal(digestValues(configMap, [input('a', '1', 'binaryData')], key).values.get('a'), '_GvJXH3-eEZwR0dK4cGlpA');
});

test('moving a byte from one field to the next changes the digest', () => {
  const digest = (dataKey: string, text: string): string =>
    digestProjection(secret, digestValues(secret, [input(dataKey, text)], key), 'all', key);
  assert.notEqual(digest('ab', 'c'), digest('a', 'bc'));
});

test('another key, namespace or name gives another digest of a Secret', () => {
  const digest = (ref: { kind: 'Secret'; namespace: string; name: string }, with_: typeof key): string =>
    digestProjection(ref, digestValues(ref, [input('a', '1')], with_), 'all', with_);
  const other = { id: 'k1', secret: Uint8Array.from({ length: 32 }, () => 9) };
  const all = [
    digest(secret, key),
    digest(secret, other),
    digest({ ...secret, namespace: 'x' }, key),
    digest({ ...secret, name: 'x' }, key),
  ];
  assert.equal(new Set(all).size, all.length);
});

test('the key id stands before the colon', () => assert.equal(keyIdOf('k1:abc:d'), 'k1'));
