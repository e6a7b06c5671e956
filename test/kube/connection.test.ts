import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect } from '../../server/kube/connection.ts';

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
