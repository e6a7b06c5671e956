import assert from 'node:assert/strict';
import { lookup } from 'node:dns';
import { test } from 'node:test';
import { alertTexts } from '../../server/core/notification.ts';
import { hasCode, type ErrorCode } from '../../server/core/errors.ts';
import type { Resolve } from '../../server/notify/addresses.ts';
import { createSink } from '../../server/notify/sink.ts';
import { sinks } from '../../server/registry.ts';
import { startReceiver, status } from './receiver.ts';

const resolve: Resolve = (host, answer) => lookup(host, { all: true }, answer);
const to =
  (address: string): Resolve =>
  (_host, answer) =>
    answer(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
const never = new AbortController().signal;
const web = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;
const [text = ''] = alertTexts(web, [{ name: 'Secret/db', reason: 'changed' }], ' prod ');
const path = '/services/T0/s3cr3t';

type SinkName = keyof typeof sinks;

const said =
  'prod : Reloader detected changes in *db* of type *SECRET* in namespace *shop*. ' +
  'Hence reloaded *web* of type *Deployment* in namespace *shop*';
const payloads: Record<SinkName, { contentType: string; body: string }> = {
  slack: {
    contentType: 'application/json',
    body: `{"attachments":[{"color":"good","author_name":"Reloader","text":"${said}"}]}`,
  },
  teams: { contentType: 'application/json', body: `{"text":"${said}"}` },
  gchat: { contentType: 'application/json', body: `{"text":"${said}"}` },
  raw: { contentType: 'text/plain', body: said.replaceAll('*', '') },
};
for (const [name, { contentType, body }] of Object.entries(payloads)) {
  test(`sink ${name}: the payload is Reloader's, byte for byte`, async (context) => {
    const receiver = await startReceiver(context, status(200));
    const url = ` http://me:pass@127.0.0.1:${receiver.port}${path}?key=1 `;
    const sink = createSink({ format: sinks[name as SinkName], url, proxy: undefined, resolve });
    assert.equal(sink.host, `127.0.0.1:${receiver.port}`);
    await sink.send(text, never);
    const authorization = `Basic ${Buffer.from('me:pass').toString('base64')}`;
    assert.deepEqual(receiver.received, [{ method: 'POST', url: `${path}?key=1`, contentType, authorization, body }]);
  });
}

const all: readonly SinkName[] = ['slack', 'teams', 'gchat', 'raw'];
const statuses: [code: number, takenBy: readonly SinkName[]][] = [
  [200, all],
  [201, ['slack', 'raw']],
  [204, ['slack', 'raw']],
  [304, ['slack', 'raw']],
  [301, []],
  [302, []],
  [303, []],
  [307, []],
  [308, []],
  [400, []],
  [404, []],
  [500, []],
];
for (const [code, takenBy] of statuses) {
  test(`sink: ${code} counts as taken by ${takenBy.join(', ') || 'none'}, and no redirect is followed`, async (context) => {
    const elsewhere = await startReceiver(context, status(200));
    const receiver = await startReceiver(context, status(code, { location: `http://127.0.0.1:${elsewhere.port}/` }));
    for (const name of all) {
      const url = `http://127.0.0.1:${receiver.port}${path}`;
      const sent = createSink({ format: sinks[name], url, proxy: undefined, resolve }).send(text, never);
      if (takenBy.includes(name)) await sent;
      else await assert.rejects(sent, (error) => isDiscreet(error, 'sink-refused'));
    }
    assert.equal(receiver.received.length, all.length);
    assert.deepEqual(elsewhere.received, []);
  });
}

test('sink: a receiver that never answers costs its deadline, and one that is gone says why', async (context) => {
  const receiver = await startReceiver(context, () => undefined);
  const options = { format: sinks.slack, proxy: undefined, resolve, timeoutMs: 50 };
  const silent = createSink({ ...options, url: `http://127.0.0.1:${receiver.port}${path}` });
  await assert.rejects(silent.send(text, never), /no answer in time/);
  await assert.rejects(
    createSink({ ...options, url: `http://127.0.0.1:1${path}` }).send(text, never),
    (error) => isDiscreet(error, 'sink-unreachable') && /ECONNREFUSED/.test(String(error)),
  );
});

test('sink: through a proxy, with its credentials, and the name is left to the proxy', async (context) => {
  const proxy = await startReceiver(context, status(200));
  const asked: string[] = [];
  const sink = createSink({
    format: sinks.raw,
    url: `http://hooks.example${path}`,
    proxy: ` http://me:pass@127.0.0.1:${proxy.port} `,
    resolve: (host, answer) => {
      asked.push(host);
      resolve(host, answer);
    },
  });
  await sink.send('hello', never);
  assert.deepEqual(
    proxy.received.map(({ url, body }) => ({ url, body })),
    [{ url: `http://hooks.example${path}`, body: 'hello' }],
  );
  assert.deepEqual(asked, []);
});

const refusedUrls: [rule: string, url: string, code: ErrorCode][] = [
  ['a metadata service', 'http://169.254.169.254/latest', 'sink-address-refused'],
  ['the same as one number', 'http://2852039166/latest', 'sink-address-refused'],
  ['the same inside IPv6', 'http://[::ffff:169.254.169.254]/', 'sink-address-refused'],
  ['the same behind NAT64', 'http://[64:ff9b::a9fe:a9fe]/', 'sink-address-refused'],
  ['link-local IPv6', 'http://[fe80::1]/', 'sink-address-refused'],
  ['a metadata service over IPv6', 'http://[fd00:ec2::254]/', 'sink-address-refused'],
  ['no address at all', 'http://0.0.0.0/', 'sink-address-refused'],
  ['another scheme', 'file:///etc/passwd', 'sink-url-invalid'],
  ['no URL', 'hooks.example/s3cr3t', 'sink-url-invalid'],
  ['a password that is no percent-encoding', 'https://me:s3cr3t%zz@hooks.example/', 'sink-url-invalid'],
];
for (const [rule, url, code] of refusedUrls) {
  test(`sink: refused before anything is sent: ${rule}`, () => {
    const format = sinks.raw;
    assert.throws(
      () => createSink({ format, url, proxy: undefined, resolve }),
      (error) => isDiscreet(error, code),
    );
    const proxied = { format, url: 'https://hooks.example/', proxy: url, resolve };
    assert.throws(
      () => createSink(proxied),
      (error) => isDiscreet(error, code),
    );
  });
}

for (const address of ['169.254.169.254', '::ffff:169.254.169.254', 'fe80::1', '100.100.100.200']) {
  test(`sink: a name that leads to ${address} is refused when it is looked up`, async () => {
    const url = `http://hooks.example${path}`;
    const sink = createSink({ format: sinks.raw, url, proxy: undefined, resolve: to(address) });
    await assert.rejects(sink.send(text, never), (error) => isDiscreet(error, 'sink-address-refused'));
    const proxied = createSink({ format: sinks.raw, url, proxy: 'http://proxy.example', resolve: to(address) });
    await assert.rejects(proxied.send(text, never), (error) => isDiscreet(error, 'sink-address-refused'));
  });
}

test('sink: what was looked up is what is connected to', async (context) => {
  const receiver = await startReceiver(context, status(200));
  const url = `http://hooks.example:${receiver.port}${path}`;
  await createSink({ format: sinks.raw, url, proxy: undefined, resolve: to('127.0.0.1') }).send('hello', never);
  assert.equal(receiver.received.length, 1);
});

/** The code, and nothing of the URL beyond its host. */
function isDiscreet(error: unknown, code: ErrorCode): boolean {
  assert.ok(hasCode(error, code), String(error));
  assert.equal(error.cause, undefined);
  assert.doesNotMatch(
    `${error.message} ${JSON.stringify(error)} ${error.stack ?? ''}`,
    /s3cr3t|services|passwd|latest/,
  );
  return true;
}
