import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeApiServer } from './server.ts';

const path = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/shop/kustomizations';
const headers = { 'content-type': 'application/json' };
const body = JSON.stringify({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name: 'shop' },
  spec: { path: './apps', nested: { list: [1] } },
  status: { ready: true },
});

test('a kind that no definition brought is not served', async () => {
  const server = await startFakeApiServer();
  try {
    const replies = await Promise.all([
      fetch(server.url + path),
      fetch(`${server.url}/apis/kustomize.toolkit.fluxcd.io/v1`),
    ]);
    assert.deepEqual(
      replies.map(({ status }) => status),
      [404, 404],
    );
    assert.doesNotMatch(await (await fetch(`${server.url}/apis`)).text(), /fluxcd/);
  } finally {
    await server.stop();
  }
});

test('one that is defined keeps what it is given, with its status apart and its spec counted', async () => {
  const server = await startFakeApiServer({ customKinds: ['Kustomization'] });
  try {
    server.seed([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }]);
    assert.equal((await fetch(server.url + path, { method: 'POST', headers, body })).status, 201);
    const patch = { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } };
    await fetch(`${server.url}${path}/shop/status`, { ...patch, body: '{"status":{"a":{"b":1}},"spec":{"path":"x"}}' });
    await fetch(`${server.url}${path}/shop`, { ...patch, body: '{"spec":{"path":"./other"}}' });
    const found = server.get('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'shop', 'shop');
    assert.deepEqual(found?.['spec'], { path: './other', nested: { list: [1] } });
    assert.deepEqual(found?.['status'], { a: { b: 1 } });
    assert.equal((found?.['metadata'] as { generation?: number } | undefined)?.generation, 2);
  } finally {
    await server.stop();
  }
});
