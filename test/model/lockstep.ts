// One Lockstep process inside the explorer: the real state, routing and reconciler over the tiny cluster. Its watches lag as
// long as the explorer likes, and every request gives way to whatever else happens at that moment.
import type { Reads, RestartWriter } from '../../server/core/cluster.ts';
import { LockstepError } from '../../server/core/errors.ts';
import type { LedgerStore } from '../../server/core/ledger-store.ts';
import { objectKey } from '../../server/core/object.ts';
import { annotation } from '../../server/core/reload.ts';
import type { PresenceRules } from '../../server/core/snapshot.ts';
import type { SeenEvent } from '../../server/core/seen.ts';
import type { EngineAnswers } from '../../server/reconcile/engine-waits.ts';
import type { LiveState } from '../../server/reconcile/gather.ts';
import { createRoute, type Route } from '../../server/reconcile/route.ts';
import type { Outcome } from '../../server/reconcile/outcome.ts';
import { createWorkloadReconciler, type WorkloadReconciler } from '../../server/reconcile/workload.ts';
import type { WorkQueue } from '../../server/reconcile/workqueue.ts';
import { createProviderClasses } from '../../server/state/provider-classes.ts';
import { createConfigs } from '../../server/state/configs.ts';
import { createLedger } from '../../server/state/ledger.ts';
import { everything } from '../../server/core/selector.ts';
import { createNamespaces } from '../../server/state/namespaces.ts';
import { createRevisions, createWorkloads } from '../../server/state/workloads.ts';
import * as world from './cluster.ts';
import { restartPatch } from '../../server/core/restart.ts';

/** A process that dies in the middle of a request. */
export class Crash extends Error {}

export interface Ports {
  readonly cluster: world.Cluster;
  /** Runs before each read and write, and after each write: other things happen now. May throw Crash. */
  readonly meanwhile: () => Promise<void>;
  readonly onOutcome: (outcome: Outcome) => void;
  /** Told before a patch is applied. */
  readonly onPatch: (name: string) => void;
  /** The mark until which everything is decided. */
  readonly settledAt: () => number | undefined;
  readonly mutate: Mutant;
  readonly presence: PresenceRules;
}

/** Planted bugs: each wraps a part of what the process is made of. */
export interface Mutant {
  readonly state?: (state: LiveState, cluster: world.Cluster) => LiveState;
  readonly reads?: (reads: Reads, cluster: world.Cluster) => Reads;
  readonly route?: (route: Route) => Route;
  /** Changes the text of the restart key that is written. */
  readonly keyText?: (text: string) => string;
  readonly precondition?: 'none';
  readonly settled?: 'always-now';
  readonly engines?: EngineAnswers;
}

export interface Process {
  readonly pending: Set<string>;
  /** Keys that wait until a time. */
  readonly later: Map<string, number>;
  readonly held: WorkloadReconciler['held'];
  /** Something changed of the engine’s Application. */
  hearOwner(): void;
  deliver(resource: world.Resource): boolean;
  undelivered(resource: world.Resource): world.Written | undefined;
  relist(resource: world.Resource): void;
  /** The cluster's version at the last list of config objects. */
  readonly listedAt: () => number;
  reconcile(key: string): Promise<void>;
  flush(): Promise<void>;
  readonly isDirty: () => boolean;
}

const never = new AbortController().signal;
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Lists in the order of a start, with whatever happens in between. */
export async function startProcess(ports: Ports): Promise<Process> {
  const { cluster, mutate } = ports;
  const { keys } = cluster;
  const pending = new Set<string>();
  const later = new Map<string, number>();
  const bootKeys = new Set<string>();
  const inherited = ports.settledAt();
  const original: LiveState = {
    configs: createConfigs(keys),
    workloads: createWorkloads(),
    revisions: createRevisions(),
    ledger: createLedger(shardStore(ports)),
    settledAt: ports.settledAt,
    inheritedAt: () => inherited,
    oneOrder: () => true,
    presence: ports.presence,
  };
  const state = mutate.state?.(original, cluster) ?? original;
  const reads = clusterReads(ports);
  const reconciler = createWorkloadReconciler({
    state,
    namespaces: createNamespaces({ listed: [], ignored: [], selector: everything }),
    stateNamespace: 'lockstep-system',
    reads: mutate.reads?.(reads, cluster) ?? reads,
    writer: clusterWriter(ports),
    engines: mutate.engines ?? engineOf(cluster),
    now: () => cluster.now,
    mode: 'enforce',
    gates: { maxRollouts: 0, maxRolloutsPerNamespace: 0, jitterMs: 0, haltAfterFailures: 0, restartBurst: 0 },
    random: () => 0.5,
    onTrouble: (error) => {
      throw error;
    },
    takeBootProof: (key) => bootKeys.delete(key),
    revertingUntil: () => undefined,
    retryAfter: (key, ms) => (ms > 1_000 ? later.set(key, cluster.now + ms) : pending.add(key)),
    wakeAfter: (key, ms) => later.set(key, cluster.now + ms),
    onRecorded: () => undefined,
    report: ports.onOutcome,
  });
  const route = createRoute({
    classes: createProviderClasses(),
    state,
    namespaces: createNamespaces({ listed: [], ignored: [], selector: everything }),
    queue: setQueue(pending, later),
    settle: { windowMs: 1_000, maxMs: 10_000 },
    mayBeHealed: () => false,
    now: () => cluster.now,
    log: quiet,
    onChange: () => undefined,
    onRestartKey: () => undefined,
  });
  const watches = createWatches(cluster, keys, mutate.route?.(route) ?? route);
  watches.relist('workloads');
  await ports.meanwhile();
  await state.ledger.load(never);
  await ports.meanwhile();
  watches.relist('configs');
  await ports.meanwhile();
  watches.relist('revisions');
  await ports.meanwhile();
  for (const key of state.ledger.keys()) {
    const memory = state.ledger.object(key);
    if (memory !== undefined) state.configs.recall(key, memory);
    else pending.add(key);
  }
  for (const key of state.workloads.keys()) {
    bootKeys.add(key);
    pending.add(key);
  }
  return {
    pending,
    later,
    held: reconciler.held,
    hearOwner: () => reconciler.onOwners([world.engineOwner]),
    ...watches,
    async reconcile(key) {
      pending.delete(key);
      later.delete(key);
      try {
        await reconciler.reconcile(key, never);
      } catch (error) {
        if (!(error instanceof LockstepError)) throw error;
        pending.add(key);
      }
    },
    async flush() {
      for (const key of await state.ledger.flush(Infinity, never)) pending.add(key);
    },
    isDirty: () => state.ledger.dueAt() !== undefined,
  };
}

/** Its status is heard at once: what it says late only delays. */
function engineOf(cluster: world.Cluster): EngineAnswers {
  return {
    ownerOf: () => ({ kind: 'owned', owner: world.engineOwner, by: 'tracking-id' }),
    progressOf: (_, { name }) =>
      world.isOnItsWay(cluster, name) ? { kind: 'on-its-way', reason: 'syncing' } : { kind: 'idle' },
  };
}

/** Every delay is possible, so a key that settles is simply taken later. */
function setQueue(pending: Set<string>, later: Map<string, number>): WorkQueue {
  const add = (key: string): void => {
    later.delete(key);
    pending.add(key);
  };
  return {
    add,
    settle: add,
    addAfter: add,
    start: () => undefined,
    stop: async () => undefined,
    get depth() {
      return pending.size + later.size;
    },
  };
}

function createWatches(cluster: world.Cluster, keys: world.Cluster['keys'], route: Route) {
  const cursors = { workloads: 0, configs: 0, revisions: 0 };
  let listedAt = 0;
  const lists = { workloads: 0, configs: 0, revisions: 0 };
  const known = { workloads: new Set<string>(), configs: new Set<string>(), revisions: new Set<string>() };
  const emit = {
    workloads: (written: Fact, how: How) =>
      route.onWorkload(toEvent(written, how, objectKey(world.refOf(written.name)), world.seeWorkload)),
    configs: (written: Fact, how: How) =>
      route.onConfig(
        toEvent(written, how, `Secret/${world.namespace}/${written.name}`, (object: world.Config) =>
          world.seeConfig(object, keys),
        ),
      ),
    revisions: (written: Fact, how: How) =>
      route.onRevision(toEvent(written, how, `${world.namespace}/${written.name}`, world.seeRevision)),
  };
  return {
    listedAt: () => listedAt,
    undelivered: (resource: world.Resource) => cluster.log[resource][cursors[resource]],
    deliver(resource: world.Resource) {
      const written = cluster.log[resource][cursors[resource]];
      if (written === undefined) return false;
      cursors[resource]++;
      const how = known[resource].has(written.name) ? 'modified' : 'added';
      if (written.object === undefined) known[resource].delete(written.name);
      else known[resource].add(written.name);
      emit[resource](written, how);
      return true;
    },
    relist(resource: world.Resource) {
      cursors[resource] = cluster.log[resource].length;
      const { version } = cluster;
      if (resource === 'configs') listedAt = version;
      const before = new Set(known[resource]);
      known[resource].clear();
      for (const [name, object] of cluster[resource]) {
        known[resource].add(name);
        emit[resource]({ name, version, object }, lists[resource] > 0 && !before.has(name) ? 'found' : 'listed');
      }
      for (const name of before)
        if (!known[resource].has(name)) emit[resource]({ name, version, object: undefined }, 'listed');
      lists[resource]++;
    },
  };
}

type How = 'listed' | 'found' | 'added' | 'modified';
type Fact = Pick<world.Written, 'name' | 'version' | 'object'>;

function toEvent<O, T>({ object, version }: Fact, how: How, key: string, see: (object: O) => T): SeenEvent<T> {
  const text = String(version);
  if (object === undefined) return { present: false, watched: how === 'modified', key, version: text };
  return { present: true, how, object: see(object as O), version: text };
}

function clusterReads({ cluster, meanwhile }: Ports): Reads {
  return {
    async workload({ name }) {
      await meanwhile();
      const found = cluster.workloads.get(name);
      return found === undefined ? undefined : world.seeWorkload(found);
    },
    async config({ name }) {
      await meanwhile();
      const found = cluster.configs.get(name);
      return found === undefined ? undefined : world.seeConfig(found, cluster.keys);
    },
    // No template of the model carries a mark of Reloader's.
    compareMarks: async () => 'none',
    async pods(workload, current) {
      await meanwhile();
      const pods = cluster.pods.get(workload.ref.name) ?? [];
      return pods.map(({ createdAt, replicaSet }) => ({
        createdAt,
        current: current === undefined || replicaSet === current.uid,
      }));
    },
  };
}

interface Patch {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: { readonly template: { readonly metadata: { readonly annotations: Record<string, string> } } };
}

function clusterWriter({ cluster, meanwhile, onPatch, mutate }: Ports): RestartWriter {
  return {
    leavesKey: () => true,
    async restart({ ref: { name }, uid, key, resourceVersion }) {
      await meanwhile();
      const { metadata, spec } = restartPatch(key, resourceVersion) as Patch;
      const before = cluster.workloads.get(name);
      if (before === undefined) throw new LockstepError('api-not-found', { message: 'gone' });
      if (mutate.precondition !== 'none' && String(before.version) !== metadata.resourceVersion)
        throw new LockstepError('api-conflict', { message: 'changed' });
      if (cluster.denied.has(name)) throw new LockstepError('api-invalid', { message: 'denied' });
      const text = spec.template.metadata.annotations[annotation.restartedFor] ?? '';
      const keyText = mutate.keyText?.(text) ?? text;
      onPatch(name);
      world.editWorkload(cluster, name, { template: { ...before.template, keyText } });
      const version = String(cluster.version);
      await meanwhile();
      return { uid, version };
    },
    resume: () => Promise.reject(new Error('the explorer has no pauses')),
  };
}

function shardStore({ cluster, meanwhile }: Ports): LedgerStore {
  return {
    load: async () =>
      [...cluster.shards].map(([name, { version, text }]) => ({ name, version: String(version), text })),
    async save({ name, version, text }) {
      await meanwhile();
      const before = cluster.shards.get(name);
      if (String(before?.version) !== String(version)) throw new LockstepError('api-conflict', { message: 'changed' });
      cluster.shards.set(name, { version: ++cluster.version, text });
      const saved = String(cluster.version);
      await meanwhile();
      return saved;
    },
  };
}
