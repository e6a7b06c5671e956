import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
