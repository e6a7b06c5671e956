// Realistic resources of Flux, as the API server returns them; a test changes what its rule is about.

export type Fields = Readonly<Record<string, unknown>>;

export const commit = '731f7eaddfb6af01cb2173e18f0f75b0ba780ef1';
export const later = 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3';
export const digest = `sha256:${'5f'.repeat(32)}`;

export function source(kind: string, { spec = {}, status = {} }: { spec?: unknown; status?: unknown } = {}): Fields {
  return {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind,
    metadata: { namespace: 'flux-system', name: 'fleet', generation: 3 },
    spec,
    status,
  };
}

export const artifact = {
  digest,
  lastUpdateTime: '2026-08-20T10:00:00Z',
  path: `gitrepository/flux-system/fleet/${commit}.tar.gz`,
  revision: `main@sha1:${commit}`,
  size: 4181,
  url: `http://source-controller.flux-system.svc.cluster.local./gitrepository/flux-system/fleet/${commit}.tar.gz`,
};

export const gitSpec = {
  interval: '1m0s',
  ref: { branch: 'main' },
  secretRef: { name: 'fleet-auth' },
  timeout: '60s',
  url: 'https://git.example.com/team/fleet.git',
};

export function gitRepository(changes: { spec?: Fields; artifact?: unknown } = {}): Fields {
  return source('GitRepository', {
    spec: { ...gitSpec, ...changes.spec },
    status: { artifact: 'artifact' in changes ? changes.artifact : artifact },
  });
}

export function condition(type: string, status: string, reason: string, message = ''): Fields {
  return { type, status, reason, message, lastTransitionTime: '2026-08-20T10:00:00Z', observedGeneration: 3 };
}

export const ready = condition('Ready', 'True', 'ReconciliationSucceeded', `Applied revision: main@sha1:${commit}`);

export const inventory = {
  entries: [
    { id: 'shop_web_apps_Deployment', v: 'v1' },
    { id: 'shop_web-config__ConfigMap', v: 'v1' },
    { id: 'shop_db__Secret', v: 'v1' },
    { id: '_shop__Namespace', v: 'v1' },
    { id: '_system__web__view_rbac.authorization.k8s.io_ClusterRole', v: 'v1' },
  ],
};

export const kustomizationStatus = {
  conditions: [ready],
  inventory,
  lastAppliedRevision: `main@sha1:${commit}`,
  lastAttemptedRevision: `main@sha1:${commit}`,
  lastHandledReconcileAt: '2026-08-20T09:59:00.1Z',
  observedGeneration: 3,
};

export function kustomization(changes: { metadata?: Fields; spec?: unknown; status?: unknown } = {}): Fields {
  const spec = {
    force: false,
    interval: '10m0s',
    path: './apps/shop/',
    prune: true,
    sourceRef: { kind: 'GitRepository', name: 'fleet' },
  };
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { namespace: 'flux-system', name: 'shop', generation: 3, ...changes.metadata },
    spec: merge(spec, changes.spec),
    status: merge(kustomizationStatus, changes.status),
  };
}

/** What is no map replaces the whole. */
function merge(base: Fields, changes: unknown): unknown {
  if (changes === undefined) return base;
  return typeof changes === 'object' && changes !== null && !Array.isArray(changes) ? { ...base, ...changes } : changes;
}

export const chartTemplate = {
  chart: 'podinfo',
  version: '6.x',
  sourceRef: { kind: 'HelmRepository', name: 'podinfo', namespace: 'flux-system' },
  valuesFiles: ['values.yaml', 'values-prod.yaml'],
};

export const deployed = {
  appVersion: '6.5.4',
  chartName: 'podinfo',
  chartVersion: '6.5.4',
  configDigest: digest,
  digest,
  firstDeployed: '2026-08-01T10:00:00Z',
  lastDeployed: '2026-08-20T10:00:00Z',
  name: 'shop-podinfo',
  namespace: 'shop',
  status: 'deployed',
  version: 7,
};

export const helmStatus = {
  conditions: [
    condition('Ready', 'True', 'UpgradeSucceeded', 'Helm upgrade succeeded for release shop/shop-podinfo.v7'),
    condition('Released', 'True', 'UpgradeSucceeded'),
  ],
  helmChart: 'flux-system/apps-podinfo',
  history: [deployed, { ...deployed, version: 6, status: 'superseded' }],
  inventory,
  lastAttemptedConfigDigest: digest,
  lastAttemptedGeneration: 3,
  lastAttemptedReleaseAction: 'upgrade',
  lastAttemptedRevision: '6.5.4',
  observedGeneration: 3,
  storageNamespace: 'apps',
};

export function helmRelease(changes: { metadata?: Fields; spec?: unknown; status?: unknown } = {}): Fields {
  const spec = {
    chart: { spec: chartTemplate },
    interval: '10m0s',
    targetNamespace: 'shop',
    values: { replicas: 2 },
    valuesFrom: [{ kind: 'Secret', name: 'podinfo-values' }],
  };
  return {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { namespace: 'apps', name: 'podinfo', generation: 3, ...changes.metadata },
    spec: merge(spec, changes.spec),
    status: merge(helmStatus, changes.status),
  };
}
