import assert from 'node:assert/strict';
import { lookup } from 'node:dns';
import { test } from 'node:test';
import { hasCode } from '../../server/core/errors.ts';
import type { Resolve } from '../../server/notify/addresses.ts';
import { createWebhook } from '../../server/notify/webhook.ts';
import { startReceiver, status } from './receiver.ts';

const resolve: Resolve = (host, answer) => lookup(host, { all: true }, answer);
const never = new AbortController().signal;

test('the payload is Reloader’s, byte for byte', async (context) => {
  const receiver = await startReceiver(context, status(200));
  const webhook = createWebhook(`http://me:pass@127.0.0.1:${receiver.port}/x?key=1`, { resolve });
  assert.equal(await webhook.send(never), 200);
  const authorization = `Basic ${Buffer.from('me:pass').toString('base64')}`;
  const body = '{"webhook":"update successful"}';
  assert.deepEqual(receiver.received, [
    { method: 'POST', url: '/x?key=1', contentType: 'application/json', authorization, body },
  ]);
  assert.equal(webhook.host, `127.0.0.1:${receiver.port}`, 'all that is named of the URL');
});

for (const code of [302, 404, 500]) {
  test(`HTTP ${code} is an answer, and no error`, async (context) => {
    const receiver = await startReceiver(context, status(code, { location: 'http://127.0.0.1:9/elsewhere' }));
    const webhook = createWebhook(`http://127.0.0.1:${receiver.port}/`, { resolve });
    assert.equal(await webhook.send(never), code);
    assert.equal(receiver.received.length, 1, 'no redirect is followed');
  });
}

const addresses: [rule: string, address: string, isRefused: boolean][] = [
  ['a receiver in the cluster', '10.96.0.12', false],
  ['a metadata service', '169.254.169.254', true],
  ['a link-local address', 'fe80::1', true],
];
for (const [rule, address, isRefused] of addresses) {
  test(`address: ${rule} is ${isRefused ? 'refused' : 'tried'}`, async () => {
    const aborted = AbortSignal.abort();
    const found: Resolve = (_, answer) => answer(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
    const webhook = createWebhook('http://receiver.example/', { resolve: found });
    const code = isRefused ? 'sink-address-refused' : 'sink-unreachable';
    await assert.rejects(webhook.send(isRefused ? never : aborted), (error) => hasCode(error, code));
  });
}

test('nobody there: a failure that names the host and nothing else of the URL', async () => {
  const webhook = createWebhook('http://127.0.0.1:9/s3cr3t', { resolve });
  await assert.rejects(
    webhook.send(never),
    (error) => hasCode(error, 'sink-unreachable') && !error.message.includes('s3cr3t'),
  );
});

test('what is no URL is refused at once', () => {
  assert.throws(
    () => createWebhook('receiver', { resolve }),
    (error) => hasCode(error, 'sink-url-invalid') && error.message.startsWith('--webhook-url'),
  );
});
