// Wires everything: watches feed the state, the state's changes queue keys, reconciles act. Tests call it with ports of their own.
import type { Config } from './config.ts';
import type { DigestKey } from './core/digest.ts';
import { hasCode, LockstepError } from './core/errors.ts';
import type { OwedWorkload } from './core/hook.ts';
import type { LedgerStore } from './core/ledger-store.ts';
import type { Log } from './core/log.ts';
import type { Client } from './kube/client.ts';
import { loadDigestKeys, makeDigestKey, readDigestKeys } from './kube/digest-key.ts';
import { becomeLeader, type Leadership } from './kube/leader.ts';
import { createLedgerStore } from './kube/ledger-store.ts';
import { createEventRecorder, createRestartWriter } from './kube/patches.ts';
import { createReads } from './kube/reads.ts';
import { startWatches, type Watches } from './kube/watches.ts';
import type { Metrics } from './metrics.ts';
import { createFlusher, type Flusher } from './reconcile/flusher.ts';
import type { LiveState } from './reconcile/gather.ts';
import { listOwed } from './reconcile/owed.ts';
import { createRoute, type Route } from './reconcile/route.ts';
import { createWorkloadReconciler, type WorkloadReconciler } from './reconcile/workload.ts';
import { createWorkQueue, type Clock, type WorkQueue } from './reconcile/workqueue.ts';
import { createReport, errorCode } from './report.ts';
import { createConfigs } from './state/configs.ts';
import { createLedger } from './state/ledger.ts';
import { createNamespaces, createRevisions, createWorkloads } from './state/workloads.ts';

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
}

export type LookTarget =
  { readonly workload: string } | { readonly namespace: string } | { readonly sourcesIn: readonly string[] };

export interface App {
  /** Runs until `signal` aborts; then drains. Throws `lease-lost` when another process took over. */
  run(signal: AbortSignal): Promise<void>;
  /** Watches that are not synced; empty when ready. */
  unsynced(): readonly string[];
  owed(namespace: string): readonly OwedWorkload[];
  /** Decides again: one workload (`Deployment/shop/web`), all of a namespace, or the sources of namespaces. */
  look(target: LookTarget): void;
}

/** Reconciles at once: as many as keep the API server's connections busy. */
const concurrency = 32;
/** Changes of the last moments may still be on their way when everything seems decided. */
const watchLagMs = 5_000;
/** A pod has 30 s to stop, and some are for the HTTP servers. */
const drainMs = 15_000;
const firstTryMs = 2_000;

export function createApp(config: Config, ports: Ports): App {
  let parts: Parts | undefined;
  return {
    async run(signal) {
      const keys = await untilDone(ports, signal, () => findDigestKeys(config, ports, signal));
      parts = assemble(config, ports, keys);
      await live(config, ports, parts, signal);
    },
    unsynced: () => parts?.watches?.unsynced() ?? ['start'],
    owed: (namespace) =>
      parts === undefined
        ? []
        : listOwed({ state: parts.state, held: parts.reconciler.held, now: ports.now }, namespace),
    look(target) {
      if (parts === undefined) return;
      if ('workload' in target) return parts.queue.add(target.workload);
      if ('sourcesIn' in target) return;
      for (const key of parts.state.workloads.keys()) if (key.split('/')[1] === target.namespace) parts.queue.add(key);
    },
  };
}

interface Parts {
  readonly state: LiveState;
  readonly route: Route;
  readonly queue: WorkQueue;
  readonly reconciler: WorkloadReconciler;
  readonly flusher: Flusher;
  readonly keys: readonly DigestKey[];
  /** Workloads whose first decision rests on lists made in order. */
  readonly bootKeys: Set<string>;
  /** Aborts the work in progress; later than the watches, so that it can drain. */
  readonly work: AbortController;
  watches: Watches | undefined;
  leadership: Leadership | undefined;
  decidedUntil: number | undefined;
}

function assemble(config: Config, ports: Ports, keys: readonly DigestKey[]): Parts {
  const { client, clock, now, random, log, metrics } = ports;
  const work = new AbortController();
  const ledger = createLedger(config.mode === 'enforce' ? createLedgerStore(client, config.stateNamespace) : noStore);
  const namespaces = createNamespaces();
  const bootKeys = new Set<string>();
  const state: LiveState = {
    configs: createConfigs(keys),
    workloads: createWorkloads(),
    revisions: createRevisions(),
    ledger,
    settledAt: () => parts.leadership?.settledAt,
    oneOrder: () => parts.watches?.oneOrder() ?? false,
  };
  const flusher = createFlusher({
    ledger,
    clock,
    now,
    signal: work.signal,
    onLost: (lost) => lost.forEach((key) => parts.queue.add(key)),
    onTrouble: (error) => reportTrouble(ports, error, 'ledger not written, trying again'),
  });
  const events = createEventRecorder(client, {
    now,
    random,
    signal: work.signal,
    onLost: (error) => log.debug({ err: error }, 'Event not recorded'),
  });
  const reconciler = createWorkloadReconciler({
    state,
    namespaces,
    stateNamespace: config.stateNamespace,
    reads: createReads(client, keys),
    writer: createRestartWriter(client),
    now,
    mode: config.mode,
    maxRollouts: config.maxRollouts,
    takeBootProof: (key) => bootKeys.delete(key),
    retryAfter: (key, ms) => parts.queue.addAfter(key, ms),
    report: createReport({ log, metrics, events }),
  });
  const queue = createWorkQueue({
    clock,
    random,
    concurrency,
    handle: async (key) => {
      const stop = metrics.reconcileSeconds.startTimer({ queue: 'workload' });
      await reconciler.reconcile(key, work.signal).finally(stop);
      flusher.poke();
    },
    onFailure: (key, error) => {
      reportTrouble(ports, error, 'reconcile failed, trying again', { key });
      return error instanceof LockstepError ? error.afterMs : undefined;
    },
  });
  const settle = { windowMs: config.settleMs, maxMs: config.settleMaxMs };
  const onChange = (kind: string): void => metrics.changes.inc({ kind });
  const route = createRoute({ state, namespaces, queue, settle, now, log, onChange });
  const parts: Parts = {
    state,
    route,
    queue,
    reconciler,
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

/** From the first list to the last write. */
async function live(config: Config, ports: Ports, parts: Parts, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const letGo = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const lease = config.mode === 'observe' ? undefined : holdLease(config, ports, parts, { stop, letGo: letGo.signal });
  try {
    await start(ports, parts, {
      lease,
      stop,
      watch: (afterWorkloads) => watch(config, ports, parts, { afterWorkloads, stop }),
    });
    await Promise.race([aborted(stop), parts.watches?.ended, ...(lease === undefined ? [] : [lease.ended])]);
    if (signal.aborted) await drain(ports, parts);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    parts.work.abort();
    ended.abort();
    letGo.abort();
    await Promise.allSettled([lease?.ended, parts.watches?.ended]);
  }
}

interface HeldLease {
  /** Resolves when the Lease is ours. */
  readonly ours: Promise<void>;
  /** Resolves when it was let go. Rejects with `lease-lost`. */
  readonly ended: Promise<void>;
}

/** Waits for the Lease and renews it until `letGo`, which comes after the last write. */
function holdLease(
  config: Config,
  ports: Ports,
  parts: Parts,
  { stop, letGo }: { stop: AbortSignal; letGo: AbortSignal },
): HeldLease {
  const { client, now, sleep } = ports;
  const onTrouble = (error: unknown): void => reportTrouble(ports, error, 'Lease not written, trying again');
  const settledAt = (): number | undefined => markSettled(ports, parts);
  const lease = {
    client,
    namespace: config.stateNamespace,
    identity: config.identity,
    now,
    sleep,
    settledAt,
    onTrouble,
  };
  const leading = becomeLeader(lease, stop).then((leadership) => {
    parts.leadership = leadership;
    return leadership;
  });
  const ended = leading.then(async (leadership) => {
    if ((await leadership.hold(letGo)) === 'released') return;
    throw new LockstepError('lease-lost', {
      message: `the Lease ${config.stateNamespace}/lockstep was taken by another process`,
    });
  });
  ended.catch(() => undefined);
  return { ours: leading.then(() => undefined), ended };
}

interface Start {
  readonly lease: HeldLease | undefined;
  readonly stop: AbortSignal;
  readonly watch: (afterWorkloads: () => Promise<void>) => Watches;
}

/** A process that leads at once makes its first lists in the order that proves them; one that waits keeps its caches warm. */
async function start(ports: Ports, parts: Parts, { lease, stop, watch: open }: Start): Promise<void> {
  const load = (): Promise<void> => untilDone(ports, stop, () => loadLedger(ports, parts, stop));
  if (lease !== undefined) await Promise.race([lease.ours, ports.sleep(firstTryMs, stop)]);
  stop.throwIfAborted();
  const leadsAtOnce = lease === undefined || parts.leadership !== undefined;
  parts.watches = open(leadsAtOnce ? load : async () => undefined);
  await Promise.race([parts.watches.synced, aborted(stop)]);
  await lease?.ours;
  stop.throwIfAborted();
  if (!leadsAtOnce) await load();
  for (const key of parts.state.ledger.keys()) {
    const memory = parts.state.ledger.object(key);
    if (memory !== undefined) parts.state.configs.recall(key, memory);
    else parts.queue.add(key);
  }
  for (const key of parts.state.workloads.keys()) {
    if (leadsAtOnce) parts.bootKeys.add(key);
    parts.queue.add(key);
  }
  parts.queue.start();
  ports.log.info({ configs: parts.state.configs.size, workloads: [...parts.state.workloads.keys()].length }, 'synced');
}

async function loadLedger({ log }: Ports, { state }: Parts, signal: AbortSignal): Promise<void> {
  const { records, damaged } = await state.ledger.load(signal);
  if (damaged > 0) log.warn({ damaged }, 'damaged ledger records: their workloads get a new baseline');
  log.debug({ records }, 'ledger read');
}

function watch(
  config: Config,
  ports: Ports,
  { keys, route }: Parts,
  run: { afterWorkloads: () => Promise<void>; stop: AbortSignal },
): Watches {
  const { client, random, sleep, metrics } = ports;
  const { afterWorkloads, stop } = run;
  const options = { client, namespaces: config.namespaces, digestKeys: keys, random, sleep, afterWorkloads, ...route };
  return startWatches(
    {
      ...options,
      onSynced: (resource, isSynced) => metrics.watchSynced.set({ resource }, isSynced ? 1 : 0),
      onTrouble: (resource, error, retryMs) => {
        metrics.watchRestarts.inc({ resource, reason: error.code });
        reportTrouble(ports, error, 'watch interrupted, trying again', {
          watch: resource,
          retryMs: Math.round(retryMs),
        });
      },
    },
    stop,
  );
}

/** Takes no new keys, finishes the running ones, writes the ledger. */
async function drain({ log }: Ports, { queue, flusher }: Parts): Promise<void> {
  await queue.stop();
  await flusher.stop(AbortSignal.timeout(drainMs));
  log.info({}, 'drained');
}

/** Rule 9: everything until here is decided. Stands still while something is not. */
function markSettled({ now }: Ports, parts: Parts): number | undefined {
  const isIdle = parts.queue.depth === 0 && parts.reconciler.held.size === 0 && parts.watches?.unsynced().length === 0;
  if (isIdle) parts.decidedUntil = now() - watchLagMs;
  return parts.decidedUntil;
}

/** Nothing is written in observe mode, so nothing is remembered beyond the process. */
const noStore: LedgerStore = { load: async () => [], save: async () => '0' };

async function findDigestKeys(
  config: Config,
  { client, randomBytes }: Ports,
  signal: AbortSignal,
): Promise<readonly DigestKey[]> {
  const options = { namespace: config.stateNamespace, randomBytes, signal };
  if (config.mode === 'enforce') return loadDigestKeys(client, options);
  const keys = await readDigestKeys(client, options).catch((error: unknown) => {
    if (hasCode(error, 'api-forbidden')) return undefined;
    throw error;
  });
  return keys ?? [makeDigestKey(randomBytes)];
}

/** Repeats what may pass. Throws what no waiting mends. */
async function untilDone<T>(ports: Ports, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof LockstepError) || error.retry === 'fatal') throw error;
      const retryMs = error.afterMs ?? ports.random() * Math.min(30_000, 800 * 2 ** Math.min(attempt, 6));
      reportTrouble(ports, error, 'cannot start yet, trying again', { retryMs: Math.round(retryMs) });
      await ports.sleep(retryMs, signal);
      signal.throwIfAborted();
    }
  }
}

/** Errors of the catalogue are expected; anything else is a bug, logged with its stack. */
function reportTrouble(
  { log, metrics }: Ports,
  error: unknown,
  message: string,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  metrics.errors.inc({ code: errorCode(error) });
  const facts = { ...fields, err: error, ...(error instanceof LockstepError ? { advice: error.advice } : {}) };
  if (error instanceof LockstepError) log.warn(facts, message);
  else log.error(facts, message);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
