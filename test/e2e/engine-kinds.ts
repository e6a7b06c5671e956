// The definitions of the engines' resources, as small as the API server takes them, and resources as the engines leave them after
// they applied a commit.
import { kubectl, type Cluster } from '../cluster/cluster.ts';
import type { KubeObject } from '../engines/api.ts';

const kinds = [
  ['argoproj.io', 'v1alpha1', 'applications', 'Application'],
  ['argoproj.io', 'v1alpha1', 'appprojects', 'AppProject'],
  ['source.toolkit.fluxcd.io', 'v1', 'gitrepositories', 'GitRepository'],
  ['kustomize.toolkit.fluxcd.io', 'v1', 'kustomizations', 'Kustomization'],
  ['helm.toolkit.fluxcd.io', 'v2', 'helmreleases', 'HelmRelease'],
] as const;

export async function defineEngines(cluster: Cluster): Promise<void> {
  const items = kinds.map(([group, version, plural, kind]) => ({
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
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  }));
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const crds = kinds.map(([group, , plural]) => `crd/${plural}.${group}`);
  await kubectl(cluster, ['wait', '--for=condition=Established', '--timeout=30s', ...crds]);
}

export interface Applied {
  readonly repository: string;
  readonly revision: string;
  /** Where the objects went. */
  readonly namespace: string;
}

/** Argo CD's: synced, with these ConfigMaps in its status. */
export function syncedApplication(
  { repository, revision, namespace }: Applied,
  names: readonly string[],
): KubeObject[] {
  const source = { repoURL: repository, path: 'argocd', targetRevision: 'main' };
  const destination = { server: 'https://kubernetes.default.svc', namespace };
  const resources = names.map((name) => ({ version: 'v1', kind: 'ConfigMap', namespace, name, status: 'Synced' }));
  const at = { startedAt: '2026-11-22T11:00:00Z', finishedAt: '2026-11-22T11:00:09Z' };
  const operation = { phase: 'Succeeded', operation: { sync: { revision } }, syncResult: { revision, source }, ...at };
  return [
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'default', namespace: 'argocd' },
      spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
    },
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'shop', namespace: 'argocd' },
      spec: { project: 'default', source, destination },
      status: {
        controllerNamespace: 'argocd',
        sourceType: 'Directory',
        sync: { status: 'Synced', revision, comparedTo: { source, destination } },
        history: [{ id: 0, revision, source, deployedAt: '2026-11-22T11:00:10Z' }],
        operationState: operation,
        resources,
      },
    },
  ];
}

/** Flux's: applied, with these ConfigMaps in its inventory. */
export function appliedKustomization(
  { repository, revision, namespace }: Applied,
  names: readonly string[],
): KubeObject[] {
  const applied = `main@sha1:${revision}`;
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'ReconciliationSucceeded',
    message: '',
    lastTransitionTime: '2026-11-22T11:00:00Z',
  };
  return [
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata: { name: 'fleet', namespace: 'flux-system' },
      spec: { interval: '1m0s', ref: { branch: 'main' }, url: repository },
      status: { artifact: { revision: applied, digest: `sha256:${'5f'.repeat(32)}`, path: 'x', url: 'http://x/x' } },
    },
    {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name: 'shop', namespace: 'flux-system' },
      spec: {
        interval: '10m0s',
        path: './flux',
        prune: true,
        sourceRef: { kind: 'GitRepository', name: 'fleet' },
        targetNamespace: namespace,
      },
      status: {
        conditions: [ready],
        inventory: { entries: names.map((name) => ({ id: `${namespace}_${name}__ConfigMap`, v: 'v1' })) },
        lastAppliedRevision: applied,
        lastAttemptedRevision: applied,
      },
    },
  ];
}
