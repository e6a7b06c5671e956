// `lockstep serve` as a process of its own, against an API server in memory: it ends when it should, and at once.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import type { FaultHook } from './fakes/faults.ts';
import { startFakeApiServer, writeKubeconfig } from './fakes/server.ts';

/** Far below the 30 s that a pod has, and that a failing source waits for its next try. */
const endsWithinMs = 8_000;

/** Starts it with a source that cannot be reached; resolves once it leads and has tried to read that source. */
async function startServe(context: TestContext, faults?: FaultHook) {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-serve-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const server = await startFakeApiServer(faults === undefined ? {} : { faults });
  context.after(() => server.stop());
  const config = join(folder, 'config.yaml');
  const source = { name: 'shop', repository: 'http://127.0.0.1:1/shop.git', namespace: 'shop' };
  writeFileSync(config, JSON.stringify({ sources: [source] }));
  const flags = [
    `--kubeconfig=${writeKubeconfig(server, folder)}`,
    `--config=${config}`,
    `--state-dir=${folder}/state`,
  ];
  const serving = ['--allow-local-git', '--address=127.0.0.1:0', '--metrics-address=127.0.0.1:0', '--log-format=json'];
  const child = spawn(process.execPath, ['server/main.ts', ...flags, ...serving, '--state-namespace=default'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(30_000) }) as Promise<[number | null]>;
  context.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended.catch(() => undefined);
  });
  const messages: string[] = [];
  const hasFailed = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg } = JSON.parse(line) as { msg: string };
      messages.push(msg);
      if (msg === 'reconcile failed, trying again') resolve();
    });
  });
  await Promise.race([hasFailed, ended.then(() => assert.fail(`ended early: ${messages.join('; ')}`))]);
  return { child, ended, server, messages };
}

test('serve: SIGTERM ends it at once, whatever waits for its next try', async (context) => {
  const { child, ended, messages } = await startServe(context);
  const askedAt = performance.now();
  child.kill('SIGTERM');
  assert.deepEqual((await ended)[0], 0);
  assert.ok(performance.now() - askedAt < endsWithinMs);
  assert.equal(messages.at(-1), 'drained');
});

const leaseRows: readonly [rule: string, faults: FaultHook | undefined][] = [
  ['ends it with 1', undefined],
  [
    'ends it also while nobody answers what its rights are',
    ({ path }) => (path.includes('selfsubjectaccessreviews') ? { kind: 'reset' } : undefined),
  ],
];
for (const [rule, faults] of leaseRows) {
  test(`serve: a Lease that another process took ${rule}`, (context) => loseLease(context, faults));
}

async function loseLease(context: TestContext, faults: FaultHook | undefined): Promise<void> {
  const { ended, server, messages } = await startServe(context, faults);
  const url = `${server.url}/apis/coordination.k8s.io/v1/namespaces/default/leases/lockstep`;
  const taken = await fetch(url, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ spec: { holderIdentity: 'another' } }),
  });
  assert.equal(taken.status, 200);
  const takenAt = performance.now();
  assert.deepEqual((await ended)[0], 1);
  assert.ok(performance.now() - takenAt < endsWithinMs + 5_000);
  assert.equal(messages.at(-1), 'stopping');
}
