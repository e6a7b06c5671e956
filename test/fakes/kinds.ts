// The kinds that the fake serves: one line each. What a kind does on create and update is in strategies.ts.
import { customType } from './schema.ts';

export interface Kind {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** The Go type in schema.json. */
  readonly type: string;
  readonly status: boolean;
  readonly categories: readonly string[];
  /** Defined by a user's CustomResourceDefinition: only where a server is told to serve it. */
  readonly custom: boolean;
}

const rows: readonly (readonly [string, string, string, string])[] = [
  // group/version, kind, resource, traits
  ['v1', 'ConfigMap', 'configmaps', 'cm'],
  ['v1', 'Event', 'events', 'ev'],
  ['v1', 'Namespace', 'namespaces', 'ns cluster status'],
  ['v1', 'Node', 'nodes', 'no cluster status'],
  ['v1', 'Pod', 'pods', 'po status all'],
  ['v1', 'Secret', 'secrets', ''],
  ['v1', 'ServiceAccount', 'serviceaccounts', 'sa'],
  ['apps/v1', 'ControllerRevision', 'controllerrevisions', ''],
  ['apps/v1', 'DaemonSet', 'daemonsets', 'ds status all'],
  ['apps/v1', 'Deployment', 'deployments', 'deploy status all'],
  ['apps/v1', 'ReplicaSet', 'replicasets', 'rs status all'],
  ['apps/v1', 'StatefulSet', 'statefulsets', 'sts status all'],
  ['batch/v1', 'CronJob', 'cronjobs', 'cj status all'],
  ['batch/v1', 'Job', 'jobs', 'status all'],
  ['coordination.k8s.io/v1', 'Lease', 'leases', ''],
  ['events.k8s.io/v1', 'Event', 'events', 'ev'],
  ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'kustomizations', 'ks status custom'],
  ['source.toolkit.fluxcd.io/v1', 'GitRepository', 'gitrepositories', 'gitrepo status custom'],
];
const packages: Readonly<Record<string, string>> = {
  '': 'core',
  'coordination.k8s.io': 'coordination',
  'events.k8s.io': 'events',
};

export const kinds: readonly Kind[] = rows.map(([groupVersion, kind, resource, traits]) => {
  const [version = '', group = ''] = groupVersion.split('/').reverse();
  const words = traits.split(' ').filter((word) => word !== '');
  return {
    kind,
    group,
    version,
    resource,
    singular: kind.toLowerCase(),
    shortNames: words.filter((word) => !['cluster', 'status', 'all', 'custom'].includes(word)),
    namespaced: !words.includes('cluster'),
    type: words.includes('custom') ? customType : `${packages[group] ?? group}.${kind}`,
    status: words.includes('status'),
    categories: words.includes('all') ? ['all'] : [],
    custom: words.includes('custom'),
  };
});

export function findResource(group: string, version: string, resource: string): Kind | undefined {
  return kinds.find((kind) => kind.group === group && kind.version === version && kind.resource === resource);
}

export function findKind(apiVersion: string, name: string): Kind | undefined {
  return kinds.find((kind) => apiVersionOf(kind) === apiVersion && kind.kind === name);
}

export function apiVersionOf(kind: Kind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** `deployments.apps`: a resource as error messages name it. */
export function qualifiedResource(kind: Kind): string {
  return kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`;
}

/** Core and events.k8s.io Events are one set of stored objects. */
export function storageKey(kind: Kind): string {
  return kind.resource === 'events' ? 'events' : qualifiedResource(kind);
}
