// Small objects the cases are made of.

type Json = Record<string, unknown>;

export function secret(name: string, rest: Json = {}, metadata: Json = {}): Json {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, ...metadata }, ...rest };
}

export function configMap(name: string, data: Json = {}, metadata: Json = {}): Json {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}

export const container = { name: 'c', image: 'nginx:1' };

export function podTemplate(app: string, spec: Json = {}, metadata: Json = {}): Json {
  return { metadata: { labels: { app }, ...metadata }, spec: { containers: [container], ...spec } };
}

export function workload(
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'ReplicaSet',
  name: string,
  spec: Json = {},
  metadata: Json = {},
): Json {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, ...metadata },
    spec: { selector: { matchLabels: { app: name } }, template: podTemplate(name), ...spec },
  };
}

export const deployment = (name: string, spec: Json = {}, metadata: Json = {}) =>
  workload('Deployment', name, spec, metadata);

export function pod(name: string, spec: Json = {}, metadata: Json = {}): Json {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { automountServiceAccountToken: false, containers: [container], ...spec },
  };
}

/** Pods of the real server need their ServiceAccount. */
export const serviceAccount: Json = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };

export function lease(name: string, spec: Json = {}, metadata: Json = {}): Json {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, ...metadata }, spec };
}

export function configuration(kind: string, name: string, rest: Json, metadata: Json = {}): Json {
  const apiVersion = kind === 'Secret' || kind === 'ConfigMap' || kind === 'Namespace' ? 'v1' : 'apps/v1';
  return { apiVersion, kind, metadata: { name, ...metadata }, ...rest };
}
