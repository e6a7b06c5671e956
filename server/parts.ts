// The parts of the loop, put together: state, reconcilers and queue, and how they reach each other.
import type { Config } from './config.ts';
import { countRoute } from './counted-route.ts';
import type { DigestKey } from './core/digest.ts';
import { followDrift } from './drift-route.ts';
import { LockstepError } from './core/errors.ts';
import type { LedgerStore } from './core/ledger-store.ts';
import type { Reading } from './kube/ingest.ts';
import type { Leadership } from './kube/leader.ts';
import { createLedgerStore } from './kube/ledger-store.ts';
import { createReads } from './kube/reads.ts';
import type { ClassReading } from './kube/provider-class-reads.ts';
import type { Watches } from './kube/watches.ts';
import { openReport } from './outcomes.ts';
import { createAlarms } from './reconcile/alarms.ts';
import { openGitOps, type GitOps } from './gitops.ts';
import { createFlusher, type Flusher } from './reconcile/flusher.ts';
import type { LiveState } from './reconcile/gather.ts';
import { concernsGit, namespaceOf } from './reconcile/proposals.ts';
import type { Route } from './reconcile/route.ts';
import { createWorkloadReconciler, type WorkloadReconciler } from './reconcile/workload.ts';
import { createWorkQueue, emptyUntilStarted, type WorkQueue } from './reconcile/workqueue.ts';
import { presenceOf, referenceRulesOf } from './reloader-config.ts';
import { openShadow } from './shadow-loop.ts';
import type { ShadowWatch } from './shadow.ts';
import type { Ports } from './ports.ts';
import { createSources, type Sources } from './sources.ts';
import { createConfigs } from './state/configs.ts';
import { createLedger, type Ledger } from './state/ledger.ts';
import { createNamespaces, type Namespaces } from './state/namespaces.ts';
import { createProviderClasses, type ProviderClasses } from './state/provider-classes.ts';
import { createRevisions, createWorkloads } from './state/workloads.ts';
import { reportTrouble } from './trouble.ts';
import { openWriter } from './writer.ts';

export type { Ports };

export interface Parts {
  readonly state: LiveState;
  readonly namespaces: Namespaces;
  readonly route: Route;
  readonly queue: WorkQueue;
  /** Of its own, so that slow remotes never hold up restarts. */
  readonly sourceQueue: WorkQueue;
  readonly reconciler: WorkloadReconciler;
  readonly sources: Sources;
  readonly gitops: GitOps;
  readonly flusher: Flusher;
  /** In observe mode. */
  readonly shadow: ShadowWatch | undefined;
  readonly keys: readonly DigestKey[];
  /** Workloads whose first decision rests on lists made in order. */
  readonly bootKeys: Set<string>;
  /** Aborts the work in progress; later than the watches, so that it can drain. */
  readonly work: AbortController;
  /** Aborts git in progress, at once: it converges at the next start. */
  readonly sourceWork: AbortController;
  watches: Watches | undefined;
  leadership: Leadership | undefined;
  /** Rule 9's mark. */
  decidedUntil: number | undefined;
}

/** Reconciles at once: as many as keep the API server's connections busy. */
const concurrency = 32;
/** Git runs as child processes; a few keep two cores busy. */
const sourceConcurrency = 4;
/** Workloads that are restarted together are recorded together. */
const recordSettle = { windowMs: 1_000, maxMs: 10_000 } as const;
/** A base branch can change, and a pull request be merged, without anybody telling. */
const sourceIntervalMs = 180_000;

export function assemble(config: Config, ports: Ports, keys: readonly DigestKey[]): Parts {
  const work = new AbortController();
  const ledger = createLedger(
    config.mode === 'enforce' ? createLedgerStore(ports.client, config.stateNamespace) : noStore,
  );
  const state = openState(config, { keys, ledger, parts: () => parts });
  const namespaces = openNamespaces(config);
  const sources = createSources(config, ports, {
    state,
    isRecordable: (key) => gitops.drift.isRecordable(key),
    onHead: (source, revision) => gitops.onHead(source, revision),
  });
  const sourceWork = new AbortController();
  const sourceQueue = openSourceQueue(ports, sources, sourceWork.signal);
  const bootKeys = new Set<string>();
  const shadow = openShadow(config, ports, state);
  const { signal } = sourceWork;
  const gitops = openGitOps(config, ports, {
    state,
    namespaces,
    keys,
    loop: () => parts,
    onRecordable: (names) => names.forEach((name) => settleSources({ sources, sourceQueue }, name)),
    signal,
  });
  const made = { state, namespaces, sources, sourceQueue, gitops, bootKeys, shadow, keys, work };
  const reach: Reach = { ...made, config, ports, classes: createProviderClasses(), queue: () => parts.queue };
  const flusher = openFlusher(reach, ledger);
  const reconciler = openReconciler(reach);
  const queue = openQueue(reach, { flusher, reconciler });
  const depths = { workload: () => queue.depth, source: () => sourceQueue.depth, owner: gitops.depth };
  ports.metrics.measureQueues((name) => depths[name]());
  const route = openRoute(reach, queue);
  const parts: Parts = {
    ...made,
    route,
    queue,
    reconciler,
    flusher,
    sourceWork,
    watches: undefined,
    leadership: undefined,
    decidedUntil: undefined,
  };
  return parts;
}

interface StateParts {
  readonly keys: readonly DigestKey[];
  readonly ledger: Ledger;
  readonly parts: () => Parts;
}

function openState({ reloader }: Config, { keys, ledger, parts }: StateParts): LiveState {
  return {
    configs: createConfigs(keys),
    workloads: createWorkloads(),
    revisions: createRevisions(),
    ledger,
    settledAt: () => parts().decidedUntil ?? parts().leadership?.settledAt,
    inheritedAt: () => parts().leadership?.settledAt,
    oneOrder: () => parts().watches?.oneOrder() ?? false,
    presence: presenceOf(reloader),
  };
}

/** What the parts are made of. The queue comes last, since all of them fill it. */
interface Reach {
  readonly config: Config;
  readonly ports: Ports;
  readonly state: LiveState;
  readonly namespaces: Namespaces;
  readonly classes: ProviderClasses;
  readonly sources: Sources;
  readonly gitops: GitOps;
  readonly bootKeys: Set<string>;
  readonly shadow: ShadowWatch | undefined;
  readonly keys: readonly DigestKey[];
  readonly work: AbortController;
  readonly queue: () => WorkQueue;
  readonly sourceQueue: WorkQueue;
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
  const { client, now } = ports;
  const alarms = createAlarms({ clock: ports.clock, ring: (key) => queue().add(key), signal: work.signal });
  const report = openReport(config, ports, work.signal);
  return createWorkloadReconciler({
    state,
    namespaces,
    stateNamespace: config.stateNamespace,
    reads: createReads(client, readingOf(config, keys), classReadingOf(reach)),
    writer: openWriter(config, ports, classReadingOf(reach)),
    engines: reach.gitops.answers,
    onTrouble: (error) => reportTrouble(ports, error, 'mark of Reloader not compared'),
    now,
    mode: config.mode,
    gates: config.gates,
    random: ports.random,
    revertingUntil: reach.gitops.drift.revertingUntil,
    takeBootProof: (key) => bootKeys.delete(key),
    retryAfter: (key, ms) => queue().addAfter(key, ms),
    wakeAfter: (key, ms) => alarms.set(key, ms),
    onRecorded: (key) => {
      if (concernsGit(state, key)) settleSources(reach, namespaceOf(key));
    },
    report: (outcome) => {
      report(outcome);
      reach.shadow?.outcome(outcome);
    },
  });
}

function openQueue({ ports, work }: Reach, made: { flusher: Flusher; reconciler: WorkloadReconciler }): WorkQueue {
  const { clock, random, metrics, reloader } = ports;
  const { flusher, reconciler } = made;
  const queue = createWorkQueue({
    clock,
    random,
    concurrency,
    handle: async (key) => {
      const stop = metrics.reconcileSeconds.startTimer({ queue: 'workload' });
      await reloader.reconcile(key, () => reconciler.reconcile(key, work.signal)).finally(stop);
      flusher.poke();
    },
    onFailure: onFailure(ports, work.signal),
  });
  return emptyUntilStarted(reloader.queue(queue));
}

export function openNamespaces({ namespaces, reloader }: Config): Namespaces {
  const { namespacesToIgnore: ignored, namespaceSelector: selector } = reloader;
  return createNamespaces({ listed: namespaces, ignored, selector });
}

export function readingOf({ reloader, engines }: Config, keys: readonly DigestKey[]): Reading {
  const { rules, pauseKeys } = reloader;
  return { keys, rules, pauseKeys, ...referenceRulesOf(reloader), instanceLabels: engines.instanceLabels };
}

function classReadingOf({ config, classes }: Reach): ClassReading {
  return { chosen: config.reloader.resourceLabelSelector, classes };
}

function openSourceQueue(ports: Ports, sources: Sources, signal: AbortSignal): WorkQueue {
  const { clock, random, metrics } = ports;
  const queue = createWorkQueue({
    clock,
    random,
    concurrency: sourceConcurrency,
    handle: async (key) => {
      const stop = metrics.reconcileSeconds.startTimer({ queue: 'source' });
      await sources.reconcile(key, signal).finally(stop);
      queue.addAfter(key, sourceIntervalMs);
    },
    onFailure: onFailure(ports, signal),
  });
  return queue;
}

function settleSources({ sources, sourceQueue }: Pick<Reach, 'sources' | 'sourceQueue'>, namespace: string): void {
  for (const source of sources.keysOf(namespace)) sourceQueue.settle(source, recordSettle);
}

function onFailure(ports: Ports, signal: AbortSignal): (key: string, error: unknown) => number | undefined {
  return (key, error) => {
    if (!signal.aborted) reportTrouble(ports, error, 'reconcile failed, trying again', { key });
    return error instanceof LockstepError ? error.afterMs : undefined;
  };
}

function openRoute(reach: Reach, queue: WorkQueue): Route {
  const { config, ports, state, namespaces, classes, shadow } = reach;
  const settle = { windowMs: config.settleMs, maxMs: config.settleMaxMs };
  const { now, log } = ports;
  const onRestartKey = (key: string): void => settleSources(reach, namespaceOf(key));
  const { drift } = reach.gitops;
  const { mayBeHealed } = drift;
  const deps = { state, namespaces, classes, queue, settle, mayBeHealed, now, log, onRestartKey };
  return followDrift(countRoute(deps, { ...ports, shadow }), { drift, state, namespaces });
}

/** Nothing is written in observe mode, so nothing is remembered beyond the process. */
const noStore: LedgerStore = { load: async () => [], save: async () => '0' };
