import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Agent } from 'undici';
import { createClient, type ApiRequest } from '../../server/kube/client.ts';

async function rig(context: TestContext, listener: RequestListener) {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const dispatcher = new Agent();
  context.after(async () => {
    await dispatcher.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const counted: number[] = [];
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connection = {
    server: origin,
    basePath: '/base',
    dispatcher,
    watchDispatcher: dispatcher,
    headers: async () => ({ authorization: 'Bearer t' }),
    close: async () => undefined,
  };
  return { client: createClient(connection, ({ code }) => counted.push(code)), counted, server };
}

const request: ApiRequest = {
  verb: 'patch',
  resource: 'deployments',
  subject: 'shop/web',
  path: '/x',
  query: { fieldManager: 'lockstep' },
  body: { a: 1 },
  contentType: 'application/merge-patch+json',
  signal: new AbortController().signal,
};
const admission = 'admission webhook "x" denied the request: Qk1QLUNBTkFSWQ';

const rows: [rule: string, status: number, body: object | string, code: string, afterMs?: number][] = [
  ['401', 401, {}, 'api-unauthorized'],
  ['403 without the right', 403, { reason: 'Forbidden', message: 'cannot patch' }, 'api-forbidden'],
  ['403 by admission', 403, { reason: 'Forbidden', message: admission }, 'api-invalid'],
  ['404', 404, { reason: 'NotFound' }, 'api-not-found'],
  ['409', 409, { reason: 'Conflict' }, 'api-conflict'],
  ['410', 410, { reason: 'Expired' }, 'api-expired'],
  ['422', 422, { reason: 'Invalid' }, 'api-invalid'],
  ['429 with Retry-After', 429, {}, 'api-throttled', 7_000],
  ['500', 500, 'no JSON', 'api-failed'],
  ['503', 503, 'null', 'api-failed'],
];
for (const [rule, status, body, code, afterMs] of rows) {
  test(`an answer of ${rule} is ${code}, without quoting the body`, async (context) => {
    const { client, counted } = await rig(context, (_, response) => {
      response.writeHead(status, { 'retry-after': '7' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    await assert.rejects(client.send(request), (error: Error & { code: string; afterMs?: number }) => {
      assert.deepEqual([error.code, error.afterMs], [code, afterMs]);
      assert.match(error.message, /^cannot patch deployments shop\/web: /);
      assert.doesNotMatch(error.message, /Qk1Q/);
      return true;
    });
    assert.deepEqual(counted, [status]);
  });
}

test('a request carries credentials, our name, path, query, type and body', async (context) => {
  const { client } = await rig(context, (incoming, response) => {
    const { authorization, accept, 'user-agent': agent, 'content-type': type } = incoming.headers;
    const echo = { method: incoming.method, url: incoming.url, authorization, accept, agent, type };
    response.end(JSON.stringify(echo));
  });
  assert.deepEqual(await client.send(request), {
    method: 'PATCH',
    url: '/base/x?fieldManager=lockstep',
    authorization: 'Bearer t',
    accept: 'application/json',
    agent: 'lockstep',
    type: 'application/merge-patch+json',
  });
});

test('429 without Retry-After waits a second', async (context) => {
  const { client } = await rig(context, (_, response) => response.writeHead(429).end());
  await assert.rejects(client.send(request), { code: 'api-throttled', afterMs: 1_000 });
});

test('no answer is api-unreachable, and counted', async (context) => {
  const { client, counted } = await rig(context, (incoming) => incoming.socket.destroy());
  await assert.rejects(client.send(request), { code: 'api-unreachable' });
  assert.deepEqual(counted, [0]);
});

test('an answer that ends early is api-unreachable', async (context) => {
  const { client } = await rig(context, (_, response) => {
    response.writeHead(200, { 'content-length': '99' });
    response.write('{', () => response.destroy());
  });
  await assert.rejects(client.send(request), { code: 'api-unreachable' });
});

test('I6: an answer that is damaged is not quoted', async (context) => {
  const { client } = await rig(context, (_, response) => response.end('{"data":{"k":"CANARY"x}}'));
  await assert.rejects(client.send(request), (error: Error & { code: string }) => {
    assert.equal(error.code, 'api-failed');
    assert.ok(!`${error.message} ${String(error.cause)}`.includes('CANARY'));
    return true;
  });
});

test('an aborted request throws what aborted it', async (context) => {
  const controller = new AbortController();
  const reason = new Error('stop');
  const { client } = await rig(context, () => controller.abort(reason));
  await assert.rejects(client.send({ ...request, signal: controller.signal }), (error) => error === reason);
});

test('a stream comes as it arrives', async (context) => {
  const { client } = await rig(context, (_, response) => {
    response.write('a');
    response.end('b');
  });
  let text = '';
  for await (const chunk of await client.stream({ ...request, verb: 'watch' })) text += chunk.toString();
  assert.equal(text, 'ab');
});
