// Both engines as one: whose an object is, what is missing, and all of it on a real API server.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { OwnershipMarks } from '../server/core/engine.ts';
import { engineFlags, readEngineFlags } from '../server/engine-flags.ts';
import { openEngines, readEngines, type EngineClients } from '../server/engines.ts';
import { parseFlags } from '../server/flags.ts';
import { engines as registry } from '../server/registry.ts';
import * as argo from './argocd/examples.ts';
import { whySkipped } from './cluster/binaries.ts';
import { kubectl, startCluster, type Cluster } from './cluster/cluster.ts';
import { waitFor } from './cluster/wait.ts';
import * as flux from './flux/resources.ts';
import { openClient } from './kube/engine-rig.ts';

const settingsOf = (...argv: string[]) => {
  const problems: string[] = [];
  const settings = readEngineFlags(parseFlags(engineFlags, argv).values, { problems });
  assert.deepEqual(problems, []);
  return settings;
};

const tracked = { 'argocd.argoproj.io/tracking-id': 'web:apps/Deployment:shop/web' };
const labelled = { 'kustomize.toolkit.fluxcd.io/name': 'shop', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' };
const marks = (
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): OwnershipMarks => ({
  ...argo.deployment,
  labels,
  annotations,
  owners: [],
});

const served = Object.values(registry).flatMap(({ resources }) => resources.filter(({ group }) => group !== ''));

/** As small as the API server takes them. */
function definitions(): object[] {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return served.map(({ group, version, resource, kind }) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${resource}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: resource, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: anything } }],
    },
  }));
}

const namespaces = ['argocd', 'flux-system'].map((name) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
}));
const project = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name: 'shop', namespace: 'argocd' },
  spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
};
const application = argo.application({ spec: { destination: argo.destination } });
const objects = [project, application, flux.gitRepository(), flux.kustomization()];

const apply = (cluster: Cluster, items: readonly object[]): Promise<string> =>
  kubectl(cluster, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));

async function openAll(kubeconfig: string, argv: readonly string[] = []) {
  const { client, close } = await openClient(kubeconfig);
  const settings = settingsOf(...argv);
  const hub = settings.hub === undefined ? undefined : client;
  const clients: EngineClients = { client, hub, settings, namespaces: [] };
  return { clients, [Symbol.asyncDispose]: close };
}

const until = (what: string, look: () => boolean): Promise<boolean> =>
  waitFor(async () => look(), { what, deadlineMs: 20_000, everyMs: 20 });
const never = new AbortController().signal;
const onRead = (): void => undefined;

suite('engines on a real API server', { skip: await whySkipped(), timeout: 180_000 }, () => {
  test('definitions come, objects come and go, lists agree with watches, rights are gaps', async () => {
    // Its own: whether the engines are installed is what it is about.
    await using cluster = await startCluster({ controllerManager: false, fakeNode: false });
    await using opened = await openAll(cluster.kubeconfig);
    const stop = new AbortController();
    const concerned = new Set<string>();
    const engines = openEngines(
      {
        ...opened.clients,
        onOwners: (refs) => refs.forEach(({ kind, name }) => concerned.add(`${kind} ${name}`)),
        onTrouble: () => undefined,
        now: performance.now.bind(performance),
        random: () => 0.5,
        sleep: async (_, signal) => setTimeout(100, undefined, { signal }).catch(() => undefined),
      },
      stop.signal,
    );
    await engines.synced;
    assert.deepEqual(new Set(engines.gaps().map(({ reason }) => reason)), new Set(['not-served']));
    assert.equal(engines.gaps().length, served.length);
    const claim = engines.ownerOf(marks({}, tracked));
    assert.deepEqual(claim.kind === 'unconfirmed' && claim.reason, 'owner-not-served');

    await apply(cluster, [...definitions(), ...namespaces]);
    const crds = served.map(({ group, resource }) => `crd/${resource}.${group}`);
    await kubectl(cluster, ['wait', '--for=condition=Established', '--timeout=30s', ...crds]);
    await apply(cluster, objects);
    await until('both owners', () => engines.owners().length === 2 && engines.gaps().length === 0);
    assert.deepEqual([...concerned].toSorted(), ['Application web', 'Kustomization shop']);
    assert.equal(engines.ownerOf(marks({}, tracked)).kind, 'owned');
    assert.equal(engines.ownerOf(marks(labelled, {})).kind, 'owned');
    const both = engines.ownerOf(marks(labelled, tracked));
    assert.deepEqual(both.kind === 'unconfirmed' && both.reason, 'two-owners');
    const claimedToo = engines.ownerOf(marks({ ...labelled, 'kustomize.toolkit.fluxcd.io/name': 'x' }, tracked));
    assert.equal(claimedToo.kind, 'owned', 'a confirmed owner goes before a claimed one');

    const listed = await readEngines({ ...opened.clients, onRead, signal: never });
    assert.deepEqual(listed.gaps(), []);
    assert.deepEqual(listed.owners(), engines.owners());
    const options = { revisions: new Map<string, string>() };
    for (const owner of listed.owners()) {
      const [one, other] = [listed, engines].map((each) => each.plan(owner, options)?.finish([]));
      assert.ok(one !== undefined && 'parts' in one, owner.kind);
      assert.deepEqual(one, other);
    }

    await kubectl(cluster, ['delete', '-n', 'argocd', 'applications.argoproj.io/web']);
    await until('the Application gone', () => engines.owners('argocd').length === 0);
    assert.equal(engines.owners('flux').length, 1);

    await kubectl(cluster, ['create', 'serviceaccount', '-n', 'argocd', 'powerless']);
    await using powerless = await openAll(await cluster.serviceAccountKubeconfig('argocd', 'powerless'));
    const blind = await readEngines({ ...powerless.clients, onRead, signal: never });
    assert.deepEqual(new Set(blind.gaps().map(({ reason }) => reason)), new Set(['forbidden']));
    const unseen = blind.ownerOf(marks(labelled, {}));
    assert.deepEqual(unseen.kind === 'unconfirmed' && unseen.reason, 'owner-forbidden');

    await apply(cluster, [argo.application({ spec: { destination: { name: 'prod', namespace: 'shop' } } })]);
    await using hub = await openAll(cluster.kubeconfig, ['--engine-context=hub', '--engine-cluster-name=prod']);
    const ofHub = await readEngines({ ...hub.clients, onRead, signal: never });
    assert.deepEqual(
      ofHub.owners('argocd').map(({ name }) => name),
      ['web'],
    );

    stop.abort();
    await engines.ended;
  });
});
