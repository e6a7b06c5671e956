import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createClient } from '../../server/kube/client.ts';
import { connect } from '../../server/kube/connection.ts';
import { createCertificate } from '../fakes/certificate.ts';

function kubeconfig(context: TestContext, more: object = {}, server = 'https://127.0.0.1:6443/prefix/'): string {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-connection-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 'secret-token' } }],
    contexts: [
      { name: 'x', context: { cluster: 'c', user: 'u' } },
      { name: 'broken', context: { cluster: 'none', user: 'u' } },
    ],
    'current-context': 'x',
    ...more,
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

test('origin for messages, path before /api, and a token as header', async (context) => {
  const connection = await connect({ kubeconfig: kubeconfig(context), context: undefined }, () => 0);
  context.after(connection.close);
  assert.deepEqual([connection.server, connection.basePath], ['https://127.0.0.1:6443', '/prefix']);
  assert.deepEqual(await connection.headers(), { authorization: 'Bearer secret-token' });
});

const bad: [rule: string, more: object, context: string | undefined, server?: string][] = [
  ['an unknown context', {}, 'nowhere'],
  ['a context without a cluster', {}, 'broken'],
  ['a server that is no URL', {}, undefined, 'not a url'],
];
for (const [rule, more, name, server] of bad) {
  test(`kubeconfig-unreadable: ${rule}`, async (context) => {
    const options = { kubeconfig: kubeconfig(context, more, server), context: name };
    await assert.rejects(
      connect(options, () => 0),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'kubeconfig-unreadable');
        assert.doesNotMatch(error.message, /secret-token/);
        return true;
      },
    );
  });
}

test('kubeconfig-unreadable: no such file', async () => {
  const options = { kubeconfig: join(tmpdir(), 'lockstep-no-such-kubeconfig'), context: undefined };
  await assert.rejects(
    connect(options, () => 0),
    { code: 'kubeconfig-unreadable' },
  );
});

test('several kubeconfigs are one, as in $KUBECONFIG; of two entries with one name the first counts', async (context) => {
  const other = {
    clusters: [
      { name: 'c', cluster: { server: 'https://127.0.0.1:1' } },
      { name: 'd', cluster: { server: 'https://127.0.0.1:2' } },
    ],
    contexts: [{ name: 'y', context: { cluster: 'd', user: 'u' } }],
    'current-context': 'y',
  };
  const files = [kubeconfig(context), kubeconfig(context, other)].join(delimiter);
  const servers: string[] = [];
  for (const name of [undefined, 'y']) {
    const connection = await connect({ kubeconfig: files, context: name }, () => 0);
    context.after(connection.close);
    servers.push(connection.server);
  }
  assert.deepEqual(servers, ['https://127.0.0.1:6443', 'https://127.0.0.1:2']);
});

test('I6: a kubeconfig that cannot be parsed is not quoted', async (context) => {
  const file = kubeconfig(context);
  writeFileSync(file, 'users: [{ token: CANARY }\n  - x');
  await assert.rejects(
    connect({ kubeconfig: file, context: undefined }, () => 0),
    (error: Error) => !`${error.message} ${String(error.cause)}`.includes('CANARY'),
  );
});

test('credentials are read again after 30 s or when the clock was put back, once for parallel requests', async (context) => {
  const time = { now: 1_000_000 };
  const connection = await connect({ kubeconfig: kubeconfig(context), context: undefined }, () => time.now);
  context.after(connection.close);
  const isReadAgain = (at: number): boolean => {
    const before = connection.headers();
    time.now = at;
    const after = connection.headers();
    assert.equal(connection.headers(), after);
    return after !== before;
  };
  assert.deepEqual([1_029_000, 1_031_000, 1_032_000, 500_000].map(isReadAgain), [false, true, false, true]);
});

/** Offers HTTP/2 before HTTP/1.1, as API servers do. Its answers never end. */
async function listen(onRequest: (httpVersion: string) => void): Promise<{ url: string; ended: () => Promise<void> }> {
  const { cert, key } = createCertificate({ name: 'localhost', notBefore: 0, notAfter: Date.UTC(2100, 0) });
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    onRequest(request.httpVersion);
    response.on('error', () => undefined).write('{');
  });
  server.on('sessionError', () => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    ended: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

test('closed while connections come about: every request ends as aborted, and nothing is thrown past them', async (context) => {
  const stop = new AbortController();
  const versions = new Set<string>();
  const server = await listen((httpVersion) => {
    versions.add(httpVersion);
    stop.abort();
  });
  const clusters = [{ name: 'c', cluster: { server: server.url, 'insecure-skip-tls-verify': true } }];
  const connection = await connect({ kubeconfig: kubeconfig(context, { clusters }), context: undefined }, () => 0);
  const client = createClient(connection, () => undefined);
  const request = { verb: 'get', resource: 'secrets', subject: '', path: '/', signal: stop.signal } as const;
  const runs = Array.from({ length: 20 }, () => client.send(request));
  await Promise.all(runs.map((run) => assert.rejects(run, { name: 'AbortError' })));
  await connection.close();
  // What is thrown past everybody is thrown before the last socket is gone.
  await server.ended();
  assert.deepEqual([...versions], ['1.1']);
});
