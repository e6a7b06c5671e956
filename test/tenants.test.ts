import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../server/core/errors.ts';
import { createTenants } from '../server/tenants.ts';

const prod = { name: 'prod', keyFile: '/k/prod', namespaces: ['shop'] };
const staging = { name: 'test', keyFile: '/k/test', namespaces: ['test'] };

function keys(files: Map<string, string>) {
  return (path: string): Uint8Array => {
    const text = files.get(path);
    if (text === undefined) throw new Error('ENOENT');
    return Buffer.from(text);
  };
}

test('tenants: the key’s bytes are kept as they are, and no other name is known', () => {
  const tenant = createTenants([prod], keys(new Map([['/k/prod', 's3cr3t\n']])));
  assert.deepEqual(tenant('prod'), { key: Buffer.from('s3cr3t\n'), namespaces: ['shop'] });
  assert.equal(tenant('test'), undefined);
  assert.equal(tenant('constructor'), undefined);
});

test('tenants: a rotated key counts at once, and one that is gone signs nothing', () => {
  const files = new Map([['/k/prod', 'old']]);
  const tenant = createTenants([prod], keys(files));
  files.set('/k/prod', 'new');
  assert.deepEqual(tenant('prod')?.key, Buffer.from('new'));
  files.clear();
  assert.equal(tenant('prod')?.key.length, 0);
});

test('tenants: every key that cannot be used at the start is named', () => {
  assert.throws(
    () => createTenants([prod, staging], keys(new Map([['/k/test', '']]))),
    (error: unknown) => {
      assert.ok(hasCode(error, 'config-invalid'));
      assert.deepEqual(error.message.split('\n'), [
        'Flux tenant prod: /k/prod is empty or cannot be read',
        'Flux tenant test: /k/test is empty or cannot be read',
      ]);
      return true;
    },
  );
});
