import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNewer, objectKey } from '../../server/core/object.ts';

test('resource versions are compared as numbers', () => {
  assert.equal(isNewer('10', '9'), true);
  assert.equal(isNewer('9', '10'), false);
  assert.equal(isNewer('9007199254740993', '9007199254740992'), true);
  assert.equal(isNewer('7', '7'), false);
});

test('an object key names kind, namespace and name', () => {
  assert.equal(objectKey({ kind: 'Secret', namespace: 'shop', name: 'db' }), 'Secret/shop/db');
});
