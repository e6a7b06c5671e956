// The parts of the loop, put together: state, reconcilers and queue, and how they reach each other.
import type { Config } from './config.ts';
import type { DigestKey } from './core/digest.ts';
import { LockstepError } from './core/errors.ts';
import type { LedgerStore } from './core/ledger-store.ts';
import type { Log } from './core/log.ts';
import type { Client } from './kube/client.ts';
import type { Leadership } from './kube/leader.ts';
import { createLedgerStore } from './kube/ledger-store.ts';
import { createEventRecorder, createRestartWriter } from './kube/patches.ts';
import { createReads } from './kube/reads.ts';
import type { Watches } from './kube/watches.ts';
import type { Metrics } from './metrics.ts';
import { createFlusher, type Flusher } from './reconcile/flusher.ts';
import type { LiveState } from './reconcile/gather.ts';
import { concernsGit, namespaceOf } from './reconcile/proposals.ts';
import { createRoute, type Route } from './reconcile/route.ts';
import { createWorkloadReconciler, type WorkloadReconciler } from './reconcile/workload.ts';
import { createWorkQueue, type Clock, type WorkQueue } from './reconcile/workqueue.ts';
import { createReport } from './report.ts';
import { createSources, type Sources } from './sources.ts';
import { createConfigs } from './state/configs.ts';
import { createLedger, type Ledger } from './state/ledger.ts';
import { createNamespaces, createRevisions, createWorkloads, type Namespaces } from './state/workloads.ts';
import { reportTrouble } from './trouble.ts';

/** Everything that touches the outside. */
export interface Ports {
  readonly client: Client;
  /** Monotonic. */
  readonly clock: Clock;
  /** Wall clock (ms). */
  readonly now: () => number;
  readonly random: () => number;
  readonly randomBytes: (size: number) => Buffer;
  /** Resolves after `ms`, or at once when aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly readFile: (path: string) => string;
  /** Handed on to git, as far as git may see it. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Parts {
  readonly state: LiveState;
  readonly route: Route;
  readonly queue: WorkQueue;
  readonly reconciler: WorkloadReconciler;
  readonly sources: Sources;
  readonly flusher: Flusher;
  readonly keys: readonly DigestKey[];
  /** Workloads whose first decision rests on lists made in order. */
  readonly bootKeys: Set<string>;
  /** Aborts the work in progress; later than the watches, so that it can drain. */
  readonly work: AbortController;
  watches: Watches | undefined;
  leadership: Leadership | undefined;
  /** Rule 9's mark. */
  decidedUntil: number | undefined;
}

/** Reconciles at once: as many as keep the API server's connections busy. */
const concurrency = 32;
/** Workloads that are restarted together are recorded together. */
const recordSettle = { windowMs: 1_000, maxMs: 10_000 } as const;
/** A base branch can change, and a pull request be merged, without anybody telling. */
const sourceIntervalMs = 180_000;

export function assemble(config: Config, ports: Ports, keys: readonly DigestKey[]): Parts {
  const work = new AbortController();
  const ledger = createLedger(
    config.mode === 'enforce' ? createLedgerStore(ports.client, config.stateNamespace) : noStore,
  );
  const state: LiveState = {
    configs: createConfigs(keys),
    workloads: createWorkloads(),
    revisions: createRevisions(),
    ledger,
    settledAt: () => parts.leadership?.settledAt,
    oneOrder: () => parts.watches?.oneOrder() ?? false,
  };
  const namespaces = createNamespaces();
  const sources = createSources(config, ports, state);
  const bootKeys = new Set<string>();
  const reach: Reach = { config, ports, state, namespaces, sources, bootKeys, keys, work, queue: () => parts.queue };
  const flusher = openFlusher(reach, ledger);
  const reconciler = openReconciler(reach);
  const queue = openQueue(reach, { flusher, reconciler });
  ports.metrics.measureQueue((name) => queue.count((key) => isSource(key) === (name === 'source')));
  const route = openRoute(reach, queue);
  const parts: Parts = {
    state,
    route,
    queue,
    reconciler,
    sources,
    flusher,
    keys,
    bootKeys,
    work,
    watches: undefined,
    leadership: undefined,
    decidedUntil: undefined,
  };
  return parts;
}

/** What the parts are made of. The queue comes last, since all of them fill it. */
interface Reach {
  readonly config: Config;
  readonly ports: Ports;
  readonly state: LiveState;
  readonly namespaces: Namespaces;
  readonly sources: Sources;
  readonly bootKeys: Set<string>;
  readonly keys: readonly DigestKey[];
  readonly work: AbortController;
  readonly queue: () => WorkQueue;
}

function openFlusher({ ports, work, queue }: Reach, ledger: Ledger): Flusher {
  return createFlusher({
    ledger,
    clock: ports.clock,
    now: ports.now,
    signal: work.signal,
    onLost: (lost) => lost.forEach((key) => queue().add(key)),
    onTrouble: (error) => reportTrouble(ports, error, 'ledger not written, trying again'),
  });
}

function openReconciler(reach: Reach): WorkloadReconciler {
  const { config, ports, state, namespaces, bootKeys, keys, work, queue } = reach;
  const { client, now, random, log, metrics } = ports;
  const onLost = (error: unknown): void => log.debug({ err: error }, 'Event not recorded');
  const events = createEventRecorder(client, { now, random, signal: work.signal, onLost });
  return createWorkloadReconciler({
    state,
    namespaces,
    stateNamespace: config.stateNamespace,
    reads: createReads(client, keys),
    writer: createRestartWriter(client),
    now,
    mode: config.mode,
    maxRollouts: config.maxRollouts,
    takeBootProof: (key) => bootKeys.delete(key),
    retryAfter: (key, ms) => queue().addAfter(key, ms),
    onRecorded: (key) => {
      if (concernsGit(state, key))
        for (const source of reach.sources.keysOf(namespaceOf(key))) queue().settle(source, recordSettle);
    },
    report: createReport({ log, metrics, events }),
  });
}

function openQueue(
  { ports, sources, work, queue: self }: Reach,
  made: { flusher: Flusher; reconciler: WorkloadReconciler },
): WorkQueue {
  const { clock, random, metrics } = ports;
  const { flusher, reconciler } = made;
  const handleSource = async (key: string): Promise<void> => {
    const stop = metrics.reconcileSeconds.startTimer({ queue: 'source' });
    await sources.reconcile(key, work.signal).finally(stop);
    self().addAfter(key, sourceIntervalMs);
  };
  const handleWorkload = async (key: string): Promise<void> => {
    const stop = metrics.reconcileSeconds.startTimer({ queue: 'workload' });
    await reconciler.reconcile(key, work.signal).finally(stop);
    flusher.poke();
  };
  return createWorkQueue({
    clock,
    random,
    concurrency,
    handle: (key) => (isSource(key) ? handleSource(key) : handleWorkload(key)),
    onFailure: (key, error) => {
      if (!work.signal.aborted) reportTrouble(ports, error, 'reconcile failed, trying again', { key });
      return error instanceof LockstepError ? error.afterMs : undefined;
    },
  });
}

function openRoute({ config, ports, state, namespaces, sources }: Reach, queue: WorkQueue): Route {
  const { now, log, metrics } = ports;
  return createRoute({
    state,
    namespaces,
    queue,
    settle: { windowMs: config.settleMs, maxMs: config.settleMaxMs },
    now,
    log,
    onChange: (kind) => metrics.changes.inc({ kind }),
    onRestartKey: (key) => {
      for (const source of sources.keysOf(namespaceOf(key))) queue.settle(source, recordSettle);
    },
  });
}

/** The two kinds of key in the one queue. */
export function isSource(key: string): boolean {
  return key.startsWith('source/');
}

/** Nothing is written in observe mode, so nothing is remembered beyond the process. */
const noStore: LedgerStore = { load: async () => [], save: async () => '0' };
