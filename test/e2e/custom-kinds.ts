// The definitions of Rollouts and DeploymentConfigs, as small as the API server takes them, and a stand-in for their controllers.
import type { ApiClient } from '../cluster/api.ts';
import { kubectl, type Cluster } from '../cluster/cluster.ts';
import type { Name, Place } from './rig.ts';

const names = {
  rollouts: { group: 'argoproj.io', version: 'v1alpha1', kind: 'Rollout' },
  deploymentconfigs: { group: 'apps.openshift.io', version: 'v1', kind: 'DeploymentConfig' },
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
          subresources: { status: {} },
        },
      ],
    },
  };
}

/** What its controller would say once everything runs as it is declared. */
export async function settle(api: ApiClient, place: Place, name: Name): Promise<void> {
  const plural = name.split('/')[0] as Custom;
  const { group, version } = names[plural];
  const { metadata, spec } = await place.get(name);
  const { restartAt } = (spec ?? {}) as { restartAt?: string };
  const status = {
    observedGeneration: plural === 'rollouts' ? String(metadata.generation) : metadata.generation,
    ...{ phase: 'Healthy', restartedAt: restartAt, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
  };
  const path = `/apis/${group}/${version}/namespaces/${place.namespace}/${name}/status`;
  const reply = await api.call('PATCH', path, { body: { status }, contentType: 'application/merge-patch+json' });
  if (reply.status !== 200) throw new Error(`${path}: ${reply.status}`);
}
