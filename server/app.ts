// Runs the loop: from the first list to the last write. Tests call it with ports of their own.
import type { Config } from './config.ts';
import type { DigestKey } from './core/digest.ts';
import { hasCode, LockstepError } from './core/errors.ts';
import type { OwedWorkload } from './core/hook.ts';
import type { RecordedConfig } from './core/recorded.ts';
import type { ShadowReport } from './core/shadow-report.ts';
import { loadDigestKeys, makeDigestKey, readDigestKeys } from './kube/digest-key.ts';
import type { Watches } from './kube/watches.ts';
import { holdLease, markSettled, type HeldLease } from './lease.ts';
import { assemble, type Parts, type Ports } from './parts.ts';
import { listOwed, type OwedView } from './reconcile/owed.ts';
import { listRecorded } from './reconcile/recorded.ts';
import { namespaceOf } from './reconcile/proposals.ts';
import { sweep, sweepMs } from './reconcile/sweep.ts';
import { runShadow } from './shadow-loop.ts';
import { untilDone } from './trouble.ts';
import { openWatches } from './watching.ts';

export type LookTarget =
  { readonly workload: string } | { readonly namespace: string } | { readonly sourcesIn: readonly string[] };

export interface App {
  /** Runs until `signal` aborts; then drains. Throws `lease-lost` when another process took over. */
  run(signal: AbortSignal): Promise<void>;
  /** Watches that are not synced; empty when ready. */
  unsynced(): readonly string[];
  /** Throws `not-ready` before the first decision, and where another replica leads. */
  owed(namespace: string): readonly OwedWorkload[];
  /** True too before it is known which namespaces are. */
  isWatched(namespace: string): boolean;
  /** What Reloader did beside observe mode. Throws `shadow-off` in any other mode, and `not-ready`. */
  shadow(sinceMs: number): ShadowReport;
  /** Whether recorded checksums are current, of a namespace or of all. Throws `not-ready`. */
  recorded(namespace: string | undefined): readonly RecordedConfig[];
  /** Decides again: one workload (`Deployment/shop/web`), all of a namespace, or the sources of namespaces. */
  look(target: LookTarget): void;
}

/** A pod has 30 s to stop, and some are for the HTTP servers. */
const drainMs = 15_000;
const firstTryMs = 2_000;
/** A rollout may take ten minutes; one more does not matter. */
const overdueLookMs = 60_000;

export function createApp(config: Config, ports: Ports): App {
  let parts: Parts | undefined;
  let decides = false;
  return {
    async run(signal) {
      try {
        const keys = await untilDone(ports, signal, () => findDigestKeys(config, ports, signal));
        parts = assemble(config, ports, keys);
        const view = viewOf(ports, parts);
        const onStarted = (): void => {
          decides = true;
          ports.metrics.measureOwed(() => listOwed(view));
        };
        await live(config, ports, { parts, onStarted }, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    unsynced: () => parts?.watches?.unsynced() ?? ['start'],
    owed(namespace) {
      // A replica that stands by decides nothing: that nothing is owed is not for it to say.
      if (parts === undefined || !decides) {
        throw new LockstepError('not-ready', { message: 'this replica starts, or stands by' });
      }
      return listOwed(viewOf(ports, parts), namespace);
    },
    isWatched: (namespace) => parts === undefined || !decides || parts.namespaces.isWatched(namespace),
    shadow(sinceMs) {
      if (config.mode !== 'observe') {
        throw new LockstepError('shadow-off', {
          message: 'this Lockstep restarts by itself: it runs with --mode=enforce',
        });
      }
      if (parts?.shadow === undefined) throw new LockstepError('not-ready', { message: 'this replica starts' });
      return parts.shadow.report(sinceMs);
    },
    recorded(namespace) {
      if (parts === undefined) throw new LockstepError('not-ready', { message: 'this replica starts' });
      return listRecorded(parts.state, namespace);
    },
    look(target) {
      if (parts === undefined) return;
      if ('workload' in target) return parts.queue.add(target.workload);
      if ('sourcesIn' in target) return lookAtSources(parts, target.sourcesIn);
      for (const key of parts.state.workloads.keys()) if (namespaceOf(key) === target.namespace) parts.queue.add(key);
    },
  };
}

function viewOf({ now }: Ports, { state, reconciler }: Parts): OwedView {
  return { state, held: reconciler.held, now };
}

function lookAtSources({ sourceQueue, sources }: Parts, namespaces: readonly string[]): void {
  for (const key of namespaces.flatMap((namespace) => sources.keysOf(namespace))) sourceQueue.add(key);
}

/** From the first list to the last write. */
async function live(
  config: Config,
  ports: Ports,
  { parts, onStarted }: { parts: Parts; onStarted: () => void },
  signal: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  const letGo = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  await parts.shadow?.open();
  const shadowed = parts.shadow === undefined ? undefined : runShadow(parts.shadow, { config, ports }, stop);
  const lease =
    config.mode === 'observe'
      ? undefined
      : holdLease(config, ports, {
          settledAt: () => markSettled(ports, parts),
          onLeading: (leadership) => (parts.leadership = leadership),
          stop,
          letGo: letGo.signal,
        });
  try {
    await start(ports, parts, {
      lease,
      stop,
      watch: (afterWorkloads) => openWatches(config, ports, parts, { resources: 'all', afterWorkloads, stop }),
    });
    onStarted();
    await Promise.race([aborted(stop), parts.watches?.ended, ...(lease === undefined ? [] : [lease.ended])]);
    if (signal.aborted) await drain(ports, parts);
  } finally {
    parts.work.abort();
    parts.sourceWork.abort();
    ended.abort();
    letGo.abort();
    await Promise.allSettled([lease?.ended, parts.watches?.ended, shadowed]);
    // Also after a drain: what failed by then waits for its next try, and a timer would keep the process.
    await Promise.all([parts.queue.stop(), parts.sourceQueue.stop()]);
  }
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
  const recorded = recallConfigs(parts);
  if (leadsAtOnce) for (const key of parts.state.workloads.keys()) parts.bootKeys.add(key);
  parts.queue.start();
  const { workloads } = parts.state;
  for (const key of new Set([...recorded, ...workloads.keys(), ...workloads.toResume.keys()])) parts.queue.add(key);
  for (const key of parts.sources.keys) parts.sourceQueue.add(key);
  parts.sourceQueue.start();
  void keepSwept(ports, parts, stop);
  void keepLooking(ports, parts, stop);
  ports.log.info({ configs: parts.state.configs.size, workloads: [...parts.state.workloads.keys()].length }, 'synced');
}

/** All of them before anything is decided. Returns the recorded workloads, of which some may be gone. */
function recallConfigs({ state: { ledger, configs } }: Parts): readonly string[] {
  return [...ledger.keys()].filter((key) => {
    const memory = ledger.object(key);
    if (memory !== undefined) configs.recall(key, memory);
    return memory === undefined;
  });
}

async function keepSwept(ports: Ports, parts: Parts, stop: AbortSignal): Promise<void> {
  for (;;) {
    await ports.sleep(sweepMs, stop);
    if (stop.aborted) return;
    sweep(parts.state, ports.now());
    parts.flusher.poke();
  }
}

/** A rollout that is stuck makes no event. */
async function keepLooking({ sleep }: Ports, { reconciler, queue }: Parts, stop: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(overdueLookMs, stop);
    if (stop.aborted) return;
    for (const key of reconciler.overdue()) queue.add(key);
  }
}

async function loadLedger({ log }: Ports, { state }: Parts, signal: AbortSignal): Promise<void> {
  const { records, damaged } = await state.ledger.load(signal);
  if (damaged > 0) log.warn({ damaged }, 'damaged ledger records: their workloads get a new baseline');
  log.debug({ records }, 'ledger read');
}

/** Takes no new keys, finishes the running ones, writes the ledger; ends what takes longer than it may. */
async function drain({ clock, log }: Ports, parts: Parts): Promise<void> {
  const { queue, sourceQueue, sourceWork, work, flusher } = parts;
  const cancel = clock.after(drainMs, () => work.abort());
  sourceWork.abort();
  await Promise.all([queue.stop(), sourceQueue.stop()]);
  await flusher.stop(work.signal);
  cancel();
  log.info(
    {},
    work.signal.aborted ? 'stopped before everything was written; the next start finds the rest' : 'drained',
  );
}

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

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
