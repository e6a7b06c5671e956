import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { test } from 'node:test';
import { once } from 'node:events';
import { hasCode, LockstepError } from '../../server/core/errors.ts';
import { startRig, type Rig } from './rig.ts';

const event = (namespace = 'apps', message = 'Deployment/apps/web configured'): string =>
  JSON.stringify({
    involvedObject: { kind: 'Kustomization', namespace, name: 'web' },
    severity: 'info',
    timestamp: '2026-08-20T10:00:00Z',
    message,
    reason: 'Progressing',
    metadata: { revision: 'main@sha1:731f7eaddfb6af01cb2173e18f0f75b0ba780ef1' },
    reportingController: 'kustomize-controller',
  });
const signed = (body: string | Uint8Array, key = 's3cr3t'): Record<string, string> => ({
  'content-type': 'application/json',
  'x-signature': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
});

async function post(rig: Rig, path: string, body: string | Buffer<ArrayBuffer>, headers = signed(body)) {
  const response = await fetch(`${rig.url}${path}`, { method: 'POST', body, headers });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

const unauthorized = { code: 'hook-unauthorized', message: 'unknown tenant or wrong signature' };

test('webhook: a signed event is accepted and leads to looks', async (context) => {
  const rig = await startRig(context);
  const answer = await post(rig, '/hooks/flux/prod', event());
  assert.equal(answer.status, 202);
  assert.deepEqual(rig.looks, [
    {
      kind: 'source',
      about: { kind: 'Kustomization', namespace: 'apps', name: 'web' },
      within: ['apps'],
      commit: '731f7eaddfb6af01cb2173e18f0f75b0ba780ef1',
    },
    { kind: 'workload', workload: { kind: 'Deployment', namespace: 'apps', name: 'web' } },
  ]);
  assert.deepEqual(rig.hooks, ['flux accepted']);
});

test('webhook: the content type does not matter, the bytes do', async (context) => {
  const rig = await startRig(context);
  const body = event('apps', 'a < b');
  assert.equal(
    (await post(rig, '/hooks/flux/prod', body, { ...signed(body), 'content-type': 'text/plain' })).status,
    202,
  );
});

test('webhook: a duplicate is accepted too', async (context) => {
  const rig = await startRig(context);
  assert.equal((await post(rig, '/hooks/flux/prod', event())).status, 202);
  assert.equal((await post(rig, '/hooks/flux/prod', event())).status, 202);
  assert.deepEqual(rig.looks.slice(0, 2), rig.looks.slice(2));
});

const refusals: [
  rule: string,
  path: string,
  body: string,
  headers: Record<string, string> | undefined,
  status: number,
  code: string,
][] = [
  ['a wrong key', '/hooks/flux/prod', event(), signed(event(), 'wrong'), 401, 'hook-unauthorized'],
  ['no signature', '/hooks/flux/prod', event(), {}, 401, 'hook-unauthorized'],
  ['no body and no signature', '/hooks/flux/prod', '', {}, 401, 'hook-unauthorized'],
  ['an unknown tenant', '/hooks/flux/nobody', event(), undefined, 404, 'hook-unauthorized'],
  [
    'an unknown tenant signed with the key checked in its stead',
    '/hooks/flux/nobody',
    event(),
    signed(event(), '\u0001'.repeat(32)),
    404,
    'hook-unauthorized',
  ],
  ['a tenant named like a property', '/hooks/flux/constructor', event(), undefined, 404, 'hook-unauthorized'],
  ['no JSON', '/hooks/flux/prod', 'x', signed('x'), 400, 'hook-body-invalid'],
  ['another tenant’s namespace', '/hooks/flux/prod', event('bank'), undefined, 403, 'hook-outside-tenant'],
  ['an unknown sender', '/hooks/other/prod', event(), undefined, 404, 'route-unknown'],
  [
    'a compressed body',
    '/hooks/flux/prod',
    'x',
    { ...signed('x'), 'content-encoding': 'gzip' },
    400,
    'request-invalid',
  ],
  ['a path that cannot be decoded', '/hooks/flux/%E0%A4%A', event(), undefined, 400, 'request-invalid'],
];
for (const [rule, path, body, headers, status, code] of refusals) {
  test(`webhook is refused without effect: ${rule}`, async (context) => {
    const rig = await startRig(context);
    const answer = await post(rig, path, body, headers ?? signed(body));
    assert.equal(answer.status, status);
    assert.equal((answer.body as { code: string }).code, code);
    assert.deepEqual(Object.keys(answer.body as object), ['code', 'message']);
    assert.deepEqual(rig.looks, []);
  });
}

test('webhook: an unknown tenant and a wrong signature get the same body', async (context) => {
  const rig = await startRig(context);
  assert.deepEqual((await post(rig, '/hooks/flux/prod', event(), {})).body, unauthorized);
  assert.deepEqual((await post(rig, '/hooks/flux/nobody', event(), {})).body, unauthorized);
});

test('webhook: 3 MiB are read, one byte more is not', async (context) => {
  const rig = await startRig(context);
  const full = Buffer.alloc(3 * 1024 * 1024, 0x20);
  assert.equal((await post(rig, '/hooks/flux/prod', full)).status, 400); // blanks are no JSON, but were read and verified
  const over = await post(rig, '/hooks/flux/prod', Buffer.alloc(full.length + 1, 0x20));
  assert.equal(over.status, 413);
  assert.equal((over.body as { code: string }).code, 'request-too-large');
});

test('webhook: a body that is announced too large is refused before it is sent', async (context) => {
  const rig = await startRig(context);
  const socket = connect(Number(new URL(rig.url).port), '127.0.0.1');
  context.after(() => socket.destroy());
  socket.write('POST /hooks/flux/prod HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000000\r\n\r\n');
  const [first] = (await once(socket, 'data', { signal: AbortSignal.timeout(5000) })) as [Buffer];
  assert.match(first.toString(), /^HTTP\/1\.1 413 /);
});

test('webhook: a body without an announced length is cut off at 3 MiB', async (context) => {
  const rig = await startRig(context);
  const chunks = Array.from({ length: 4 }, () => Buffer.alloc(1024 * 1024, 0x20));
  const init = { method: 'POST', body: ReadableStream.from(chunks), duplex: 'half' as const };
  assert.equal((await fetch(`${rig.url}/hooks/flux/prod`, init)).status, 413);
});

test('http: too many requests get 429 with Retry-After', async (context) => {
  const rig = await startRig(context, { requestsPerMinute: 2 });
  for (const status of [202, 202]) assert.equal((await post(rig, '/hooks/flux/prod', event())).status, status);
  const third = await post(rig, '/hooks/flux/prod', event());
  assert.equal(third.status, 429);
  assert.equal((third.body as { code: string }).code, 'request-throttled');
  assert.match(third.headers.get('retry-after') ?? '', /^\d+$/);
});

test('http: a bug is answered without a stack and logged with it', async (context) => {
  const rig = await startRig(context, {
    look: () => {
      throw new TypeError('hunter2 is undefined');
    },
  });
  const answer = await post(rig, '/hooks/flux/prod', event());
  assert.equal(answer.status, 500);
  assert.deepEqual(answer.body, {
    code: 'internal',
    message: 'the request failed by a fault of Lockstep; its log says why',
  });
  assert.ok(
    rig.logged.some(({ message, fields }) => message === 'request failed' && fields['err'] instanceof TypeError),
  );
});

test('http: security headers are there and the server’s name is not', async (context) => {
  const rig = await startRig(context);
  const { headers } = await fetch(`${rig.url}/`);
  assert.equal(headers.get('x-powered-by'), null);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('content-security-policy'), "default-src 'none'");
});

test('api: what is owed in a namespace', async (context) => {
  const rig = await startRig(context);
  const web = {
    workload: { kind: 'Deployment', namespace: 'shop', name: 'web' },
    state: 'owed',
    reason: 'changed',
  } as const;
  rig.owed.push(web);
  const shop = await fetch(`${rig.url}/v1/namespaces/shop/owed?phase=postsync&application=shop`);
  assert.deepEqual(await shop.json(), { done: false, owed: [web] });
  const bank = await fetch(`${rig.url}/v1/namespaces/bank/owed`);
  assert.deepEqual(await bank.json(), { done: true, owed: [] });
});

test('api: recorded checksums of a namespace or of all; not of what is not watched, and not before all is seen', async (context) => {
  const app = { config: { kind: 'ConfigMap', namespace: 'shop', name: 'app' }, answer: 'current' } as const;
  const rig = await startRig(context, { recorded: (namespace) => (namespace === 'bank' ? [] : [app]) });
  const ask = async (query: string) => {
    const answer = await fetch(`${rig.url}/v1/recorded${query}`);
    return { status: answer.status, body: await answer.json() };
  };
  assert.deepEqual(await ask(''), { status: 200, body: { recorded: [app] } });
  assert.deepEqual(await ask('?namespace=shop'), { status: 200, body: { recorded: [app] } });
  assert.deepEqual(await ask('?namespace=bank'), { status: 200, body: { recorded: [] } });
  assert.equal((await ask('?namespace=elsewhere')).status, 404);
  assert.equal((await ask('?namespace=..')).status, 400);
  rig.unsynced.push('secrets');
  assert.equal((await ask('?namespace=shop')).status, 503);
});

test('api: it does not say that nothing is owed when it cannot know', async (context) => {
  const rig = await startRig(context);
  const elsewhere = await fetch(`${rig.url}/v1/namespaces/elsewhere/owed`);
  assert.equal(elsewhere.status, 404);
  assert.equal(((await elsewhere.json()) as { code: string }).code, 'namespace-unwatched');
  rig.unsynced.push('secrets');
  const early = await fetch(`${rig.url}/v1/namespaces/shop/owed`);
  assert.equal(early.status, 503);
  assert.deepEqual(await early.json(), { code: 'not-ready', message: 'not synced yet: secrets' });
});

test('api: a replica that stands by says so, and gives the connection up', async (context) => {
  const rig = await startRig(context, {
    owed: () => {
      throw new LockstepError('not-ready', { message: 'this replica starts, or stands by' });
    },
  });
  const answer = await fetch(`${rig.url}/v1/namespaces/shop/owed`);
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('connection'), 'close');
  assert.deepEqual(await answer.json(), { code: 'not-ready', message: 'this replica starts, or stands by' });
});

test('api: a bad request says what is wrong', async (context) => {
  const rig = await startRig(context);
  const answer = await fetch(`${rig.url}/v1/namespaces/shop/owed?phase=never`);
  assert.equal(answer.status, 400);
  assert.deepEqual(await answer.json(), { code: 'request-invalid', message: 'the phase is none of postsync' });
});

test('health: live, ready once every watch is synced, metrics', async (context) => {
  const rig = await startRig(context);
  rig.unsynced.push('secrets', 'pods');
  assert.equal(await (await fetch(`${rig.metricsUrl}/livez`)).text(), 'ok');
  assert.equal(await (await fetch(`${rig.metricsUrl}/live`)).text(), 'alive');
  const early = await fetch(`${rig.metricsUrl}/readyz`);
  assert.equal(early.status, 503);
  assert.deepEqual(await early.json(), { ready: false, unsynced: ['secrets', 'pods'] });
  rig.unsynced.length = 0;
  const ready = await fetch(`${rig.metricsUrl}/readyz`);
  assert.equal(ready.status, 200);
  assert.deepEqual(await ready.json(), { ready: true, unsynced: [] });
  const metrics = await fetch(`${rig.metricsUrl}/metrics`);
  assert.equal(await metrics.text(), 'lockstep_up 1\n');
  assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.equal((await fetch(`${rig.metricsUrl}/hooks/flux/prod`, { method: 'POST' })).status, 404);
});

test('listening: a taken port is an error that names it, and leaves nothing open', async (context) => {
  const rig = await startRig(context);
  const taken = Number(new URL(rig.url).port);
  const deps = { address: { host: '127.0.0.1', port: taken } };
  await assert.rejects(startRig(context, deps), (error: unknown) => {
    assert.ok(hasCode(error, 'listen-failed'));
    assert.equal(error.message, `cannot listen on 127.0.0.1:${taken}: EADDRINUSE`);
    return true;
  });
});

test('stopping: a connection that says nothing is cut', async (context) => {
  const rig = await startRig(context);
  const socket = connect(Number(new URL(rig.url).port), '127.0.0.1');
  context.after(() => socket.destroy());
  await once(socket, 'connect');
  await fetch(`${rig.url}/`);
  const closed = once(socket.resume(), 'close');
  await rig.stop();
  await closed;
  await assert.rejects(fetch(`${rig.url}/`));
});
