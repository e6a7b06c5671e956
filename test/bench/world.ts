// What stands on the control plane while something is measured: rights, config objects, workloads; and the person who changes them.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { createApiClient, type ApiClient } from '../cluster/api.ts';
import { readCredentials } from '../cluster/certificates.ts';
import { kubectl, type Cluster } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait.ts';

export const namespace = 'bench';
export const driverAgent = 'bench-driver';
/** One Deployment of each side changes alone; the others change together. */
export const names = {
  lockstep: { single: 'single', fanOut: 'shared' },
  floor: { single: 'single-floor', fanOut: 'shared-floor' },
  unused: 'unused',
} as const;

export const paths = {
  secrets: `/api/v1/namespaces/${namespace}/secrets`,
  configMaps: `/api/v1/namespaces/${namespace}/configmaps`,
  deployments: `/apis/apps/v1/namespaces/${namespace}/deployments`,
} as const;

export interface World extends AsyncDisposable {
  /** Of Lockstep's own ServiceAccount, with the rights that the manifests give, and of the bare client's. */
  readonly kubeconfigs: { readonly lockstep: string; readonly floor: string };
  /** Names of the Deployments that change together. */
  readonly shared: readonly string[];
  changeSecret(name: string): Promise<void>;
  changeConfigMap(name: string): Promise<void>;
  /** Runs `change` and waits until the Deployment has a new template and has rolled it out. */
  untilRolledOut(name: string, change: () => Promise<void>): Promise<void>;
  /** Until every Deployment runs its current template only. */
  untilAllRolledOut(): Promise<void>;
  /** Leaves a mark in the audit log: everything before it is there too once the mark is. */
  mark(name: string): Promise<void>;
}

export interface WorldSize {
  readonly deployments: number;
  /** Of those that change together. */
  readonly replicas: number;
}

const deadlineMs = 180_000;

export async function createWorld(cluster: Cluster, { deployments, replicas }: WorldSize): Promise<World> {
  const api = createApiClient(cluster.url, await readCredentials(cluster.directory, 'admin'), driverAgent);
  await kubectl(cluster, ['apply', '-f', '-'], await rights());
  const shared = Array.from({ length: deployments }, (_, index) => `web-${String(index).padStart(4, '0')}`);
  const { lockstep, floor, unused } = names;
  await createAll(api, paths.secrets, [secret(lockstep.single), secret(floor.single), secret(unused)]);
  await createAll(api, paths.configMaps, [configMap(lockstep.fanOut), configMap(floor.fanOut)]);
  await createAll(api, paths.deployments, [
    deployment(lockstep.single, { secretRef: { name: lockstep.single } }, { replicas: 1, optedIn: 'true' }),
    deployment(floor.single, { secretRef: { name: floor.single } }, { replicas: 1, optedIn: 'false' }),
    ...shared.map((name) =>
      deployment(name, { configMapRef: { name: lockstep.fanOut } }, { replicas, optedIn: 'true' }),
    ),
  ]);
  const world: World = {
    kubeconfigs: {
      lockstep: await cluster.serviceAccountKubeconfig('lockstep-system', 'lockstep'),
      floor: await cluster.serviceAccountKubeconfig(namespace, 'bare-client'),
    },
    shared,
    changeSecret: (name) =>
      merge(api, `${paths.secrets}/${name}`, { data: { password: randomBytes(24).toString('base64') } }),
    changeConfigMap: (name) =>
      merge(api, `${paths.configMaps}/${name}`, { data: { level: randomBytes(8).toString('hex') } }),
    untilRolledOut: (name, change) => untilRolledOut(api, name, change),
    untilAllRolledOut: () => untilAllRolledOut(api),
    mark: async (name) => void (await api.call('GET', `${paths.configMaps}/${name}`)),
    [Symbol.asyncDispose]: () => api.close(),
  };
  await world.untilAllRolledOut();
  return world;
}

/** Lockstep's rights as its manifests give them, and the least for the bare client. */
async function rights(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../../manifests/lockstep.yaml'), 'utf8');
  const kinds = ['Namespace', 'ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];
  const objects = parseAllDocuments(text).map((document) => document.toJS() as { kind: string });
  const metadata = { name: 'bare-client', namespace };
  const items = [
    ...objects.filter(({ kind }) => kinds.includes(kind)),
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: ['list', 'watch'] },
        { apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
  ];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

export function secret(name: string, bytes = 24): object {
  const data = { username: 'YXBw', password: randomBytes(bytes).toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data };
}

function configMap(name: string): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { level: 'info', region: 'eu' } };
}

export function deployment(
  name: string,
  use: object,
  { replicas, optedIn }: { replicas: number; optedIn: 'true' | 'false' },
): object {
  const labels = { app: name };
  const containers = [{ name: 'web', image: 'web:1', envFrom: [use], ports: [{ containerPort: 8080 }] }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels, annotations: { 'reloader.stakater.com/auto': optedIn } },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers } },
    },
  };
}

/** As many at once as the API server keeps up with. */
export async function createAll(api: ApiClient, path: string, objects: readonly object[]): Promise<void> {
  const rest = [...objects];
  const work = async (): Promise<void> => {
    for (let object = rest.shift(); object !== undefined; object = rest.shift()) {
      const { status, body } = await api.call('POST', path, { body: object });
      if (status !== 201) throw new Error(`POST ${path}: ${status} ${JSON.stringify(body)}`);
    }
  };
  await Promise.all(Array.from({ length: 32 }, work));
}

async function merge(api: ApiClient, path: string, body: object): Promise<void> {
  const { status } = await api.call('PATCH', path, { body, contentType: 'application/merge-patch+json' });
  if (status !== 200) throw new Error(`PATCH ${path}: ${status}`);
}

interface Deployment {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
}

function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  const counts = [replicas, updatedReplicas, availableReplicas];
  return observedGeneration >= metadata.generation && counts.every((count) => count === spec.replicas);
}

async function untilRolledOut(api: ApiClient, name: string, change: () => Promise<void>): Promise<void> {
  const deadline = AbortSignal.timeout(deadlineMs);
  let before: number | undefined;
  for await (const event of api.watch(`${paths.deployments}?watch=1&fieldSelector=metadata.name%3D${name}`, deadline)) {
    const { object } = event as { object: Deployment };
    if (before !== undefined && object.metadata.generation > before && isRolledOut(object)) return;
    if (before === undefined) await change();
    before ??= object.metadata.generation;
  }
}

async function untilAllRolledOut(api: ApiClient): Promise<void> {
  const look = async (): Promise<boolean> => {
    const { body } = await api.call('GET', paths.deployments);
    return (body as { items: Deployment[] }).items.every(isRolledOut);
  };
  await waitFor(look, { what: 'all rollouts', deadlineMs, everyMs: 1000 });
}
