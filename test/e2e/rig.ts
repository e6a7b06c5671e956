// What every end-to-end test stands on: a namespace on the real control plane, Lockstep with its own rights beside it, and
// the judge. What is waited for and what is judged comes from the API server, never from what Lockstep says.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createApiClient, type ApiClient } from '../cluster/api.ts';
import { readAudit, templateChanges, type AuditEvent, type TemplateChange } from '../cluster/audit.ts';
import { readCredentials } from '../cluster/certificates.ts';
import { kubectl, sharedCluster, startCluster, type Cluster } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait.ts';
import { startLockstep, type Environment, type Lockstep } from './lockstep.ts';
import { deployment, secret, type KubeObject } from './objects.ts';
import { installRights, removeRights, type Account, type ManifestFile } from './rights.ts';

export interface Rig extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly api: ApiClient;
  /** Lockstep's own: its state's namespace and its ServiceAccount. */
  readonly account: Account;
  /** A new namespace with a sentinel in it. */
  createPlace(): Promise<Place>;
  /** Lockstep under its ServiceAccount, ready. */
  start(...flags: string[]): Promise<Lockstep>;
  /** The same, with more in its environment. */
  startIn(environment: Environment): Promise<Lockstep>;
  /** The same, but not yet ready. */
  spawn(...flags: string[]): Promise<Lockstep>;
  /** Until the ledger holds these workloads, as `Deployment/web`: only what is in it survives a kill. */
  untilRemembered(place: Place, ...workloads: `${string}/${string}`[]): Promise<void>;
  /** Writes to workloads by Lockstep, refused ones included. */
  workloadWrites(): Promise<AuditEvent[]>;
}

/** `deployments/web`, `secrets/db`, `pods/web-1`. */
export type Name = `${keyof typeof paths}/${string}`;

export interface Live {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
  };
  readonly spec?: { readonly template?: object };
  readonly status?: { readonly observedGeneration?: number };
  readonly [field: string]: unknown;
}

/** One namespace of a test. */
export interface Place {
  readonly namespace: string;
  create(...objects: KubeObject[]): Promise<void>;
  get(name: Name): Promise<Live>;
  list(resource: keyof typeof paths): Promise<readonly Live[]>;
  /** A merge patch. */
  patch(name: Name, patch: object): Promise<void>;
  /** Gives a Secret's key another value. */
  change(secret: string, value: string, key?: string): Promise<void>;
  remove(name: Name): Promise<void>;
  /** Until its controller has replaced every pod. */
  untilRolledOut(name: Name): Promise<void>;
  /** Until its controller has taken up the template: a change made earlier than that is one that the rollout includes. */
  untilObserved(name: Name): Promise<void>;
  /** Once the last restart is observed, runs `act`, then waits until the workload's template is another. */
  untilRestarted(name: Name, act: () => Promise<void>): Promise<void>;
  /** Until Lockstep has decided everything that was written before. */
  untilQuiet(): Promise<void>;
  /** Lockstep's restarts of this namespace's workloads so far, the sentinel's left out; by `kind/name`. */
  restarts(): Promise<Record<string, number>>;
  changes(): Promise<TemplateChange[]>;
}

/** How long after the last change Lockstep acts in these tests; see `untilQuiet`. */
export const settleMs = 300;
export const deadlineMs = 30_000;

const paths = {
  deployments: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
  daemonsets: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  secrets: '/api/v1',
  configmaps: '/api/v1',
  pods: '/api/v1',
  events: '/api/v1',
  jobs: '/apis/batch/v1',
  cronjobs: '/apis/batch/v1',
  rollouts: '/apis/argoproj.io/v1alpha1',
  deploymentconfigs: '/apis/apps.openshift.io/v1',
} as const;
const workloadResources = ['deployments', 'statefulsets', 'daemonsets'];
const sentinel = 'sentinel';

/** On a control plane of its own, for what would disturb the tests that share one: kinds that come and go. */
export const createLonelyRig = async (): Promise<Rig> => openRig(await startCluster());

export const createRig = async (rights?: ManifestFile): Promise<Rig> => openRig(await sharedCluster(), rights);

async function openRig(cluster: Cluster, rights?: ManifestFile): Promise<Rig> {
  const api = createApiClient(cluster.url, await readCredentials(cluster.directory, 'admin'), 'e2e');
  const suffix = randomBytes(4).toString('hex');
  const account = await installRights(cluster, `e2e-${suffix}-state`, rights);
  const places: string[] = [];
  const spawn = (flags: readonly string[], environment: Environment = {}) => {
    const { kubeconfig, namespace } = account;
    const fixed = [
      `--kubeconfig=${kubeconfig}`,
      `--state-namespace=${namespace}`,
      '--identity=e2e',
      '--log-level=debug',
      // A sentinel is changed as often as its test asks.
      '--restart-burst=0',
    ];
    return startLockstep([...fixed, `--settle=${settleMs}ms`, ...flags], environment);
  };
  return {
    cluster,
    api,
    account,
    async createPlace() {
      const namespace = `e2e-${suffix}-${places.length}`;
      places.push(namespace);
      await expect(api, 'POST', '/api/v1/namespaces', { metadata: { name: namespace } });
      const place = openPlace({ cluster, api, account, namespace });
      await place.create(secret(sentinel, { key: 'first' }), deployment(sentinel, { secrets: [sentinel] }));
      return place;
    },
    spawn: (...flags) => spawn(flags),
    start: (...flags) => untilReady(spawn(flags)),
    startIn: (environment) => untilReady(spawn([], environment)),
    async untilRemembered({ namespace }, ...workloads) {
      const keys = workloads.map((workload) => workload.replace('/', `/${namespace}/`));
      const path = `${paths.configmaps}/namespaces/${account.namespace}/configmaps`;
      const holdsAll = async () => {
        const text = JSON.stringify((await api.call('GET', path)).body);
        return keys.every((key) => text.includes(key));
      };
      await waitFor(holdsAll, { what: `${keys.join(', ')} in the ledger`, deadlineMs });
    },
    async workloadWrites() {
      const events = await readAudit(cluster.auditLog);
      return events.filter(
        ({ user, resource, verb }) =>
          user === account.user && workloadResources.includes(resource) && !['get', 'list', 'watch'].includes(verb),
      );
    },
    async [Symbol.asyncDispose]() {
      if (places.length > 0)
        await kubectl(cluster, ['delete', 'namespace', '--wait=false', '--ignore-not-found', ...places]);
      await removeRights(cluster, account);
      await api.close();
      await cluster.stop();
    },
  };
}

async function untilReady(starting: Promise<Lockstep>): Promise<Lockstep> {
  const lockstep = await starting;
  await lockstep.untilReady();
  return lockstep;
}

interface PlaceParts {
  cluster: Cluster;
  api: ApiClient;
  account: Account;
  namespace: string;
}

function openPlace({ cluster, api, account, namespace }: PlaceParts): Place {
  let rounds = 0;
  const path = (name: string) => {
    const resource = name.split('/')[0] as keyof typeof paths;
    return `${paths[resource]}/namespaces/${namespace}/${name}`;
  };
  const changes = async () =>
    (await templateChanges(cluster.auditLog, { namespace })).filter(({ user }) => user === account.user);
  const place: Place = {
    namespace,
    async create(...objects) {
      for (const object of objects) await expect(api, 'POST', path(`${object.kind.toLowerCase()}s`), object);
    },
    get: async (name) => (await expect(api, 'GET', path(name))) as Live,
    list: async (resource) => ((await expect(api, 'GET', path(resource))) as { items: Live[] }).items,
    patch: async (name, patch) => void (await expect(api, 'PATCH', path(name), patch)),
    change: (name, value, key = 'key') => place.patch(`secrets/${name}`, { stringData: { [key]: value } }),
    remove: async (name) => void (await expect(api, 'DELETE', path(name))),
    async untilRolledOut(name) {
      await kubectl(cluster, ['-n', namespace, 'rollout', 'status', name, `--timeout=${deadlineMs / 1000}s`]);
    },
    async untilObserved(name) {
      const observed = async () => {
        const { metadata, status } = await place.get(name);
        return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
      };
      await waitFor(observed, { what: `the controller of ${name} in ${namespace}`, deadlineMs });
    },
    async untilRestarted(name, act) {
      await place.untilObserved(name);
      const template = async () => JSON.stringify((await place.get(name)).spec?.template);
      const before = await template();
      await act();
      const what = `another template of ${name} in ${namespace}`;
      await waitFor(async () => (await template()) !== before, { what, deadlineMs });
    },
    async untilQuiet() {
      // Changes reach Lockstep in their order, and a key settles as long as any other: when the sentinel is restarted, what
      // came before was taken up; what that had to read or to try again is done by the time of the second round.
      for (const _ of ['taken up', 'done']) {
        await place.untilRestarted(`deployments/${sentinel}`, () => place.change(sentinel, `round ${++rounds}`));
      }
    },
    async restarts() {
      const counts: Record<string, number> = {};
      for (const { workload } of await changes()) {
        const name = `${workload.kind}/${workload.name}`;
        if (workload.name !== sentinel) counts[name] = (counts[name] ?? 0) + 1;
      }
      return counts;
    },
    changes,
  };
  return place;
}

/** One request that must succeed. */
async function expect(
  api: ApiClient,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
): Promise<unknown> {
  const reply = await api.call(method, path, {
    ...(body === undefined ? {} : { body }),
    ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {}),
  });
  assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}
