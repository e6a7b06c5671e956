import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { waitFor } from '../cluster/wait.ts';
import { startFakeApiServer, writeKubeconfig } from '../fakes/server.ts';
import { createWorld } from '../git-server/world.ts';
import { openKubeApi } from './api.ts';
import { openCheckout } from './git.ts';
import { fluxKinds, startSmallFlux } from './small-flux.ts';

const deadlineMs = 20_000;
const manifest =
  'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: pages\n  namespace: default\ndata:\n  text: one\n';
const kustomization = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/shop';
const pages = '/api/v1/namespaces/default/configmaps/pages';

test('it says what it applied as Flux does, and takes an edit back when it is asked to', async () => {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(createWorld({ 'app/pages.yaml': manifest }));
  const server = await startFakeApiServer({ customKinds: fluxKinds });
  stack.defer(() => server.stop());
  server.seed([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'flux-system' } }]);
  const signal = AbortSignal.timeout(deadlineMs * 2);
  const kubeconfig = writeKubeconfig(server, world.root);
  const api = await openKubeApi({ kubeconfig, userAgent: 'test-flux', signal });
  stack.defer(() => api.close());
  const directory = join(world.root, 'engine');
  const failures: unknown[] = [];
  const flux = await startSmallFlux({
    api,
    checkout: openCheckout({ repository: world.bare, branch: 'main', path: 'app', directory, signal }),
    pollMs: 20,
    intervalMs: 3_600_000,
    onReconciled: () => undefined,
    onFailure: (error) => void failures.push(error),
    namespace: 'flux-system',
    name: 'shop',
    repository: 'https://git.example.com/shop',
    branch: 'main',
    path: 'app',
  });
  stack.defer(() => flux.stop());
  const statusOf = async () => (await api.get(kustomization))?.['status'] as Record<string, unknown> | undefined;
  const until = (what: string, look: () => Promise<boolean>) => waitFor(look, { what, deadlineMs });

  await until('the first status', async () => (await statusOf())?.['lastAppliedRevision'] !== undefined);
  const revision = `main@sha1:${world.git('rev-parse', 'main')}`;
  const { lastAppliedRevision, inventory } = (await statusOf()) ?? {};
  assert.deepEqual(
    { lastAppliedRevision, inventory },
    { lastAppliedRevision: revision, inventory: { entries: [{ id: 'default_pages__ConfigMap', v: 'v1' }] } },
  );
  assert.deepEqual((await api.get(pages))?.metadata.labels, {
    'kustomize.toolkit.fluxcd.io/name': 'shop',
    'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
  });

  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'pages', namespace: 'default' } };
  await api.merge({ ...object, data: { text: 'edited' } }, { fieldManager: 'kubectl-edit' });
  const { apiVersion = '', kind = '' } = (await api.get(kustomization)) ?? {};
  const annotations = { 'reconcile.fluxcd.io/requestedAt': 'now' };
  await api.merge(
    { apiVersion, kind, metadata: { name: 'shop', namespace: 'flux-system', annotations } },
    { fieldManager: 'flux-client-side-apply' },
  );
  await until('the echo', async () => (await statusOf())?.['lastHandledReconcileAt'] === 'now');
  assert.deepEqual((await api.get(pages))?.['data'], { text: 'one' });
  assert.deepEqual(failures, []);
});
