// The definitions of custom kinds, as small as the API server takes them, and a stand-in for their controllers.
import type { ApiClient } from '../cluster/api.ts';
import { kubectl, type Cluster } from '../cluster/cluster.ts';
import type { Name, Place } from './rig.ts';

const names = {
  rollouts: { group: 'argoproj.io', version: 'v1alpha1', kind: 'Rollout' },
  deploymentconfigs: { group: 'apps.openshift.io', version: 'v1', kind: 'DeploymentConfig' },
  applications: { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application' },
  kustomizations: { group: 'kustomize.toolkit.fluxcd.io', version: 'v1', kind: 'Kustomization' },
  gitrepositories: { group: 'source.toolkit.fluxcd.io', version: 'v1', kind: 'GitRepository' },
  appprojects: { group: 'argoproj.io', version: 'v1alpha1', kind: 'AppProject' },
} as const;

type Custom = keyof typeof names;

export async function define(cluster: Cluster, ...plurals: readonly Custom[]): Promise<void> {
  const items = plurals.map(definitionOf);
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const crds = plurals.map((plural) => `crd/${plural}.${names[plural].group}`);
  await kubectl(cluster, ['wait', '--for=condition=Established', '--timeout=30s', ...crds]);
}

/** Its objects go with it. */
export async function undefine(cluster: Cluster, plural: Custom): Promise<void> {
  await kubectl(cluster, ['delete', '--timeout=30s', `crd/${plural}.${names[plural].group}`]);
}

function definitionOf(plural: Custom): object {
  const { group, version, kind } = names[plural];
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: anything },
          // Argo CD keeps the status beside the spec.
          ...(plural === 'applications' ? {} : { subresources: { status: {} } }),
        },
      ],
    },
  };
}

/** What its controller does until everything runs as it is declared: a Rollout has a numbered ReplicaSet. */
export async function settle(api: ApiClient, place: Place, name: Name): Promise<void> {
  const [plural, own] = name.split('/') as [Custom, string];
  const { group, version } = names[plural];
  const path = `/apis/${group}/${version}/namespaces/${place.namespace}/${name}`;
  if (plural === 'rollouts') {
    const { uid } = (await place.get(name)).metadata;
    await send(api, 'PATCH', path, { metadata: { annotations: numbered } });
    await send(api, 'POST', `/apis/apps/v1/namespaces/${place.namespace}/replicasets`, replicaSetOf(own, uid));
  }
  const { metadata, spec } = await place.get(name);
  const { restartAt } = (spec ?? {}) as { restartAt?: string };
  const observedGeneration = plural === 'rollouts' ? String(metadata.generation) : metadata.generation;
  const replicas = { replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
  const status = { observedGeneration, phase: 'Healthy', restartedAt: restartAt, ...replicas };
  await send(api, 'PATCH', `${path}/status`, { status });
}

const numbered = { 'rollout.argoproj.io/revision': '1' } as const;

function replicaSetOf(name: string, uid: string): object {
  const owner = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name, uid, controller: true };
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example.com/app:1' }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, annotations: numbered, ownerReferences: [owner] },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  };
}

/** What is there already stays. */
async function send(api: ApiClient, method: 'POST' | 'PATCH', path: string, body: object): Promise<void> {
  const contentType = method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {};
  const { status } = await api.call(method, path, { body, ...contentType });
  if (status >= 300 && status !== 409) throw new Error(`${method} ${path}: ${status}`);
}
