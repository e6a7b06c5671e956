import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLedgerStore } from '../../server/kube/ledger-store.ts';
import { createFakeClient } from './fake-client.ts';

const { signal } = new AbortController();
const shard = (name: string, resourceVersion: string, records?: string) => ({
  metadata: { name, resourceVersion, uid: 'u' },
  ...(records === undefined ? {} : { data: { records } }),
});

test('loads every shard of its own label, past any cache', async () => {
  const client = createFakeClient([{ items: [shard('s0', '4', 'text'), shard('s1', '5')] }]);
  assert.deepEqual(await createLedgerStore(client, 'ours').load(signal), [
    { name: 's0', version: '4', text: 'text' },
    { name: 's1', version: '5', text: '' },
  ]);
  assert.equal(client.requests[0]?.path, '/api/v1/namespaces/ours/configmaps');
  assert.deepEqual(client.requests[0]?.query, { labelSelector: 'lockstep.dev/own=ledger' });
});

const rows = [
  ['a new shard is created', undefined, 'create', '/api/v1/namespaces/ours/configmaps'],
  ['a known one is updated only at its version', '4', 'update', '/api/v1/namespaces/ours/configmaps/s0'],
] as const;
for (const [rule, version, verb, path] of rows) {
  test(rule, async () => {
    const client = createFakeClient([shard('s0', '6')]);
    assert.equal(await createLedgerStore(client, 'ours').save({ name: 's0', version, text: 'text' }, signal), '6');
    const [request] = client.requests;
    assert.deepEqual([request?.verb, request?.path, request?.query], [verb, path, { fieldManager: 'lockstep' }]);
    assert.ok(request !== undefined);
    const { metadata, data } = request.body as { metadata: { resourceVersion?: string }; data: object };
    assert.deepEqual([metadata.resourceVersion, data], [version, { records: 'text' }]);
  });
}
