import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { fluxSender } from '../../hooks/flux.ts';
import { waitFor } from '../cluster/wait.ts';
import { startFakeApiServer, writeKubeconfig } from '../fakes/server.ts';
import { createWorld, type World } from '../git-server/world.ts';
import { openKubeApi, type KubeApi, type KubeObject } from './api.ts';
import { sendFluxEvent } from './flux-event.ts';
import { openCheckout } from './git.ts';
import { fieldManager, startSmallEngine, type Reconciliation, type SmallEngine } from './small-engine.ts';

const deadlineMs = 20_000;
const path = '/api/v1/namespaces/default/configmaps/pages';

test('it creates what Git declares, and writes nothing while that holds', async () => {
  await using stage = await openStage();
  await stage.after(2);
  assert.deepEqual(stage.seen.map(({ cause, written }) => ({ cause, written })).slice(0, 2), [
    { cause: 'revision', written: ['ConfigMap/default/pages created'] },
    { cause: 'interval', written: [] },
  ]);
  assert.deepEqual(stage.writers(), [fieldManager]);
});

test('a new revision is applied, other folders are not', async () => {
  await using stage = await openStage();
  await stage.after(1);
  const revision = stage.world.person('main', {
    'app/pages.yaml': manifest('two'),
    'other/x.yaml': manifest('x', 'not-ours'),
  });
  await waitFor(async () => stage.engine.last?.revision === revision, { what: 'the revision', deadlineMs });
  assert.deepEqual(await stage.data(), { text: 'two' });
  assert.equal(await stage.api.get(path.replace('pages', 'not-ours')), undefined);
});

test('what others change in declared fields is taken back within the interval, what they add stays', async () => {
  await using stage = await openStage();
  await stage.after(1);
  const changed = object('by hand', { 'example.com/note': 'kept' });
  await stage.api.apply(changed, { fieldManager: 'somebody' });
  const isRepaired = async () => stage.seen.some(({ written }) => written[0] === 'ConfigMap/default/pages configured');
  await waitFor(isRepaired, { what: 'the repair', deadlineMs });
  assert.deepEqual(await stage.data(), { text: 'one' });
  const live = await stage.api.get(path);
  assert.equal(live?.metadata.annotations?.['example.com/note'], 'kept');
});

test('who asks has what was changed taken back at once, by a look that began after the asking', async () => {
  await using stage = await openStage({ intervalMs: 3_600_000 });
  await stage.after(1);
  await stage.api.apply(object('by hand', {}), { fieldManager: 'somebody' });
  const { cause, written } = await stage.engine.look();
  assert.deepEqual({ cause, written }, { cause: 'request', written: ['ConfigMap/default/pages configured'] });
  assert.deepEqual(await stage.data(), { text: 'one' });
});

test('a manifest that cannot be parsed is told, and applied once it can be', async () => {
  await using stage = await openStage();
  await stage.after(1);
  stage.world.person('main', { 'app/pages.yaml': 'a: [' });
  await waitFor(async () => stage.failures.length > 0, { what: 'the failure', deadlineMs });
  assert.match(String(stage.failures[0]), /app\/pages\.yaml at [0-9a-f]{40}: /);
  assert.deepEqual(await stage.data(), { text: 'one' });
  const revision = stage.world.person('main', { 'app/pages.yaml': manifest('three') });
  await waitFor(async () => stage.engine.last?.revision === revision, { what: 'the revision', deadlineMs });
  assert.deepEqual(await stage.data(), { text: 'three' });
});

test('its event is what Lockstep’s receiver verifies and understands', async () => {
  const received: { body: Buffer; signature: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ body: Buffer.concat(chunks), signature: String(request.headers['x-signature']) });
      response.writeHead(202).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/flux/demo`;
  const revision = 'a'.repeat(40);
  const done: Reconciliation = { revision, cause: 'revision', written: ['Deployment/shop/web configured'] };
  const receiver = { url, token: 'key', namespace: 'shop', branch: 'main' };
  const status = await sendFluxEvent(receiver, done, AbortSignal.timeout(deadlineMs));
  server.close();
  assert.equal(status, 202);
  const [{ body, signature } = { body: Buffer.alloc(0), signature: undefined }] = received;
  assert.equal(signature, `sha256=${createHmac('sha256', 'key').update(body).digest('hex')}`);
  assert.ok(fluxSender.verify({ body, header: () => signature }, Buffer.from('key')));
  const { commit, touched } = fluxSender.parse(body);
  assert.deepEqual(
    { commit, touched },
    { commit: revision, touched: [{ kind: 'Deployment', namespace: 'shop', name: 'web' }] },
  );
});

interface TestStage extends AsyncDisposable {
  readonly api: KubeApi;
  readonly world: World;
  readonly engine: SmallEngine;
  readonly seen: readonly Reconciliation[];
  readonly failures: readonly unknown[];
  after(count: number): Promise<unknown>;
  data(): Promise<Record<string, string>>;
  /** Field managers of the writes that were no dry runs. */
  writers(): readonly string[];
}

async function openStage({ intervalMs = 100 } = {}): Promise<TestStage> {
  await using opening = new AsyncDisposableStack();
  const world = opening.use(createWorld({ 'app/pages.yaml': manifest('one') }));
  const server = await startFakeApiServer();
  opening.defer(() => server.stop());
  const signal = AbortSignal.timeout(deadlineMs * 2);
  const kubeconfig = writeKubeconfig(server, world.root);
  const api = await openKubeApi({ kubeconfig, userAgent: 'test-engines', signal });
  opening.defer(() => api.close());
  const checkout = openCheckout({
    repository: world.bare,
    branch: 'main',
    path: 'app',
    directory: join(world.root, 'engine'),
    signal,
  });
  const seen: Reconciliation[] = [];
  const failures: unknown[] = [];
  const engine = startSmallEngine({
    api,
    checkout,
    pollMs: 20,
    intervalMs,
    onReconciled: (reconciliation) => void seen.push(reconciliation),
    onFailure: (error) => void failures.push(error),
  });
  opening.defer(() => engine.stop());
  const stack = opening.move();
  return {
    api,
    world,
    engine,
    seen,
    failures,
    after: (count) => waitFor(async () => seen.length >= count, { what: `${count} reconciliations`, deadlineMs }),
    data: async () => ((await api.get(path))?.['data'] ?? {}) as Record<string, string>,
    writers: () => server.changes.filter(({ isDryRun }) => !isDryRun).map((change) => change.fieldManager),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function object(text: string, annotations: Record<string, string> = {}): KubeObject {
  const metadata = { name: 'pages', namespace: 'default', annotations };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text } };
}

function manifest(text: string, name = 'pages'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: default\ndata:\n  text: ${text}\n`;
}
