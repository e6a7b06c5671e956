// The stage: a cluster with empty namespaces, a repository with the shop's manifests, and an observer, all stopped with `stack`.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { startSweeper } from '../cluster/processes.ts';
import { waitFor } from '../cluster/wait.ts';
import { openKubeApi, type KubeApi } from '../engines/api.ts';
import { startGitServer } from '../git-server/server.ts';
import { createWorld, type World } from '../git-server/world.ts';
import { openCluster, recordOf, type DemoCluster, type WriteRecord } from './clusters.ts';
import { secretName } from './cert-manager.ts';
import { startObserver, type Observer } from './observer.ts';
import type { ClusterKind } from './options.ts';
import type { Screen } from './screen.ts';

export const namespace = 'lockstep-demo';
export const stateNamespace = 'lockstep-demo-state';
export const branch = 'main';
/** The shop's only Deployment, and what it mounts: a Secret that is not in Git, and a ConfigMap that is. */
export const workload = 'web';
export const secret = `Secret/${secretName}` as const;
export const pages = 'ConfigMap/web-pages';
/** Where the repository keeps the shop. */
export const folder = 'apps/shop';

export interface Stage {
  readonly cluster: DemoCluster;
  readonly record: WriteRecord;
  readonly observer: Observer;
  readonly world: World;
  /** URL of the same repository: Flux takes none on a disk. */
  readonly remote: string;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly stack: AsyncDisposableStack;
  /** A client under an actor's name, closed with the stage. */
  readonly open: (userAgent: string) => Promise<KubeApi>;
  /** From now on every wait ends with this failure. */
  readonly failWith: (failure: Promise<never>) => void;
  /** Looks until there is something other than undefined and false. */
  readonly until: <T>(what: string, look: () => Promise<T | undefined | false>, everyMs?: number) => Promise<T>;
}

export interface StageOptions {
  readonly kind: ClusterKind;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  /** Takes everything that must be stopped, in order. */
  readonly stack: AsyncDisposableStack;
}

const waitMs = 60_000;
const lookMs = 20;
const cleanUpMs = 20_000;

export async function openStage({ kind, screen, signal, stack }: StageOptions): Promise<Stage> {
  const world = createWorld(readManifests());
  const sweeper = startSweeper(world.root);
  stack.defer(() => sweeper.stop());
  const git = await startGitServer({ directory: dirname(world.bare) });
  stack.defer(() => git.stop());
  const cluster = await openCluster(kind, world.root, signal);
  stack.defer(() => cluster.stop());
  const open = async (userAgent: string): Promise<KubeApi> => {
    const api = await openKubeApi({ kubeconfig: cluster.kubeconfig, userAgent, signal });
    stack.defer(() => api.close());
    return api;
  };
  const api = await open('lockstep-demo');
  screen.step('API server', `${cluster.description}, ${api.server}`);
  await refuseForeignNamespaces(api);
  if (kind === 'kubeconfig') stack.defer(() => removeNamespaces(cluster));
  for (const name of [namespace, stateNamespace]) await api.apply(namespaceObject(name), { fieldManager: 'demo' });
  const observer = await startObserver({ api, namespace });
  stack.defer(() => observer.stop());
  const failures: Promise<never>[] = [observer.failed];
  return {
    cluster,
    record: cluster.record ?? recordOf(observer),
    observer,
    world,
    remote: `${git.url}/${basename(world.bare)}`,
    screen,
    signal,
    stack,
    open,
    failWith: (failure) => void failures.push(failure),
    until: async (what, look, everyMs = lookMs) => {
      const over = new AbortController(); // else it would go on looking after a failure
      const wait = { what, deadlineMs: waitMs, signal: AbortSignal.any([signal, over.signal]), everyMs };
      return Promise.race([waitFor(look, wait), ...failures]).finally(() => over.abort());
    },
  };
}

/** Path in the repository -> text. */
function readManifests(): Record<string, string> {
  const directory = join(import.meta.dirname, 'shop');
  const names = readdirSync(directory).sort();
  return Object.fromEntries(names.map((name) => [`${folder}/${name}`, readFileSync(join(directory, name), 'utf8')]));
}

/** What is there already is somebody's: the demo would change it and then delete it. */
async function refuseForeignNamespaces(api: KubeApi): Promise<void> {
  for (const name of [namespace, stateNamespace]) {
    if ((await api.get(`/api/v1/namespaces/${name}`)) === undefined) continue;
    throw new Error(`the namespace ${name} exists already; delete it first: kubectl delete namespace ${name}`);
  }
}

function namespaceObject(name: string) {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** With a client of its own: the stage's signal may have been aborted. */
async function removeNamespaces({ kubeconfig }: DemoCluster): Promise<void> {
  const signal = AbortSignal.timeout(cleanUpMs);
  const api = await openKubeApi({ kubeconfig, userAgent: 'lockstep-demo', signal });
  try {
    for (const name of [namespace, stateNamespace]) await api.remove(`/api/v1/namespaces/${name}`);
  } finally {
    await api.close();
  }
}
