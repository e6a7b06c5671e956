import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataField, ValueInput } from '../../server/core/digest.ts';
import { deletedHash, hashContent, hashMountedObjects } from '../../server/core/reloader-hash.ts';

const input = (dataKey: string, value: string | Uint8Array, field: DataField = 'data'): ValueInput => ({
  dataKey,
  field,
  value: Buffer.from(value),
});
const bytes = Uint8Array.of(0, 255, 59, 61);

/** Made by sha1sum over the encoding that Reloader documents: `printf 'a=1;b=2' | sha1sum`. */
const vectors: readonly (readonly [rule: string, inputs: ValueInput[], expected: string])[] = [
  ['nothing', [], 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['one key', [input('a', '1')], '86eda770a6060824b090dd4df091e3bd4121279c'],
  ['two keys', [input('a', '1'), input('b', '2')], 'f83e99e324ba68ccc373a58ef1eb42f8ab88646a'],
  ['keys are sorted', [input('b', '2'), input('a', '1')], 'f83e99e324ba68ccc373a58ef1eb42f8ab88646a'],
  ['an ambiguous value', [input('a', '1;b=2')], 'f83e99e324ba68ccc373a58ef1eb42f8ab88646a'],
  [
    'by bytes: dash and dot stand before =',
    [input('a', '1'), input('a-b', '2'), input('a.b', '3')],
    '942b4845629e0534d759ffbb19ef6f6e34511a2d',
  ],
  ['by bytes: upper case first', [input('a', '1'), input('B', '2')], '4494acdf58d32d501d9948750606eb7820c3d3b9'],
  ['digits before letters', [input('a', '1'), input('9', '2')], '809747459003859ce686e855c1e77018c01e0b4c'],
  ['UTF-8', [input('a', 'grün')], '83f139ae352a431fa9e3776c5c7ee1ec592f6c0b'],
  ['an empty value', [input('a', '')], '30042aab716211a15ff4e0c635b9f7eaef2abbf4'],
  ['binaryData is base64 with padding', [input('k', bytes, 'binaryData')], '1374814ac7a9d34eef5d92d7ccbb997057e779fa'],
  [
    'data and binaryData are sorted together',
    [input('k', bytes, 'binaryData'), input('a', '1')],
    'fac026b72033c13e170ca9c3f37a7c87fffc6526',
  ],
];
for (const [rule, inputs, expected] of vectors) {
  test(`hash: ${rule}`, () => assert.equal(hashContent(inputs), expected));
}

test('hash: a Secret’s values count as raw bytes', () => {
  assert.equal(hashContent([input('a', bytes)]), 'cf8f6ab7d85ac269693227610c29444b2674e6e3');
});

test('hash: the marker of a deleted object', () => {
  assert.equal(deletedHash, 'aae45badef99284e4dae01d6046154ea9d99532f');
});

const mounted = [
  ['nothing mounted', [], '10316a93b485aacb8d4d4b8519ecf88ec97cc082'],
  ['objects are sorted', ['b=2', 'a=1'], '67c5c714aab59cb7658b20e86acd7244e28d8eb9'],
  ['the class is sorted in between, all by bytes', ['a=1', 'a/b=2', 'A=1'], '6169e2efb130848fda3e853ce92532067bdf486b'],
] as const;
for (const [rule, objects, expected] of mounted) {
  test(`hash of a SecretProviderClass: ${rule}`, () => {
    const pairs = objects.map((text) => text.split('=')).map(([id = '', version = '']) => ({ id, version }));
    assert.equal(hashMountedObjects({ className: 'vault', objects: pairs }), expected);
  });
}
