// Observe mode beside a running Reloader: hears what the loop would do and what the watches show of Reloader, has it judged, and
// keeps, counts and reports the judgements. Writes nothing to the cluster.
import type { Log } from './core/log.ts';
import { objectKey, splitConfigName, type WorkloadKind, type WorkloadRef } from './core/object.ts';
import type { SeenEvent, SeenMark, SeenWorkload } from './core/seen.ts';
import { settleForHeal, settleOf, type Settle } from './core/settle.ts';
import { findDeeds } from './core/shadow-deeds.ts';
import { createHistory, formatEntry, parseEntry, type HistoryEntry } from './core/shadow-history.ts';
import type { Judgement, Need, ShadowLimits } from './core/shadow-pair.ts';
import { reportShadow, type ShadowGap, type ShadowReport } from './core/shadow-report.ts';
import { createShadow } from './core/shadow.ts';
import type { SeenFailure } from './kube/reload-failures.ts';
import type { Outcome } from './reconcile/outcome.ts';
import type { HistoryFile } from './shadow-file.ts';
import type { ShadowMetrics } from './shadow-metrics.ts';
import type { Configs } from './state/configs.ts';

export interface ShadowWatchDeps {
  readonly limits: ShadowLimits;
  readonly settle: Settle;
  readonly configs: Pick<Configs, 'memorize' | 'namesIn'>;
  readonly file: HistoryFile;
  readonly metrics: ShadowMetrics;
  readonly log: Log;
  /** Wall clock (ms). */
  readonly now: () => number;
  readonly onTrouble: (error: unknown) => void;
}

export interface ShadowWatch {
  /** Reads what was judged before this process. */
  open(): Promise<void>;
  outcome(outcome: Outcome): void;
  workload(event: SeenEvent<SeenWorkload>): void;
  failure(failure: SeenFailure): void;
  /** Whether Reloader's Events can be read. */
  setFailuresReadable(readable: 'readable' | 'unreadable'): void;
  /** To be called every few seconds. */
  tick(): void;
  report(sinceMs: number): ShadowReport;
  /** Until all is written. */
  close(): Promise<void>;
}

interface Shown {
  readonly uid: string;
  readonly marks: readonly SeenMark[];
}

/** Beyond the settle window: reads, and a controller that is awaited for up to 10 s. */
const decisionMs = 15_000;

export function createShadowWatch(deps: ShadowWatchDeps): ShadowWatch {
  const { now, configs } = deps;
  const shadow = createShadow(deps.limits);
  const keeper = createKeeper(deps);
  const shown = new Map<string, Shown>();
  const tick = (): void => keeper.keep(shadow.tick(now()));
  const needOf = ({ kind, namespace, name }: WorkloadRef, config: string, reason: string): Need => {
    const [configKind = '', configName = ''] = config.split('/');
    const memory = configs.memorize(objectKey({ kind: configKind, namespace, name: configName }));
    return { workload: { kind, namespace, name }, config, reason, changedAt: memory?.changedAt ?? now() };
  };
  return {
    open: keeper.open,
    outcome(outcome) {
      if (outcome.kind === 'halt-ended') return;
      if (!isJudged('ref' in outcome.workload ? outcome.workload.ref : outcome.workload)) return;
      if (outcome.kind === 'would-restart' || outcome.kind === 'held') {
        for (const { name, reason } of outcome.owed)
          // Reloader answers a deletion by taking its mark away, where there was one.
          if (reason !== 'deleted' && isJudgedConfig(name))
            keeper.keep(shadow.need(needOf(outcome.workload.ref, name, reason)));
      }
      if (outcome.kind !== 'recorded') return;
      for (const { name, reason } of outcome.acked)
        if (reason === 'fresh' && isJudgedConfig(name))
          keeper.keep(shadow.fresh(needOf(outcome.workload, name, reason)));
    },
    workload(event) {
      const key = event.present ? objectKey(event.object.ref) : event.key;
      const before = shown.get(key);
      if (!isJudged({ kind: key.slice(0, key.indexOf('/')) })) return;
      if (!event.present) {
        shadow.forget(key);
        shown.delete(key);
        return;
      }
      const { ref, uid, marks, reload, annotations } = event.object;
      if (reload === undefined || (before !== undefined && before.uid !== uid)) shadow.forget(key);
      shown.set(key, { uid, marks });
      if (before?.uid !== uid) return;
      const explainedBy = now() + settleForHeal(settleOf(annotations, deps.settle)).maxMs + decisionMs;
      const deeds = findDeeds(before.marks, event.object, (kind) => configs.namesIn(ref.namespace, kind));
      for (const deed of deeds) keeper.keep(shadow.deed({ workload: ref, ...deed, at: now(), explainedBy }));
    },
    failure: (failure) => shadow.failure({ ...failure, at: now() }),
    setFailuresReadable: (readable) => keeper.setGap('reload-failures-unreadable', readable === 'unreadable'),
    tick,
    report(sinceMs) {
      tick();
      keeper.setGap('too-many', shadow.dropped > 0);
      return keeper.report(sinceMs, shadow.waiting);
    },
    close: keeper.close,
  };
}

/** Reloader leaves no mark where it runs a Job, re-creates one, or restarts a Rollout by time: without one, all would seem missed. */
const unjudged: readonly string[] = ['CronJob', 'Job', 'Rollout'] satisfies WorkloadKind[];

function isJudged({ kind }: { readonly kind: string }): boolean {
  return !unjudged.includes(kind);
}

/** What CSI mounts is not judged: Reloader's mark of it is that of any pod. */
function isJudgedConfig(name: string): boolean {
  return splitConfigName(name)?.kind !== 'SecretProviderClass';
}

interface Keeper {
  readonly open: () => Promise<void>;
  readonly keep: (judged: readonly Judgement[]) => void;
  readonly setGap: (gap: ShadowGap, isOpen: boolean) => void;
  readonly report: (sinceMs: number, waiting: number) => ShadowReport;
  readonly close: () => Promise<void>;
}

/** Log, metrics, memory and file. A file that cannot be written is told, and the rest goes on. */
function createKeeper({ file, metrics, log, now, onTrouble }: ShadowWatchDeps): Keeper {
  const history = createHistory();
  const gaps = new Set<ShadowGap>();
  let writing = Promise.resolve();
  const setGap = (gap: ShadowGap, isOpen: boolean): void => void (isOpen ? gaps.add(gap) : gaps.delete(gap));
  const lost = (error: unknown): void => {
    setGap('history-unwritten', true);
    onTrouble(error);
  };
  const add = (entry: HistoryEntry): void => {
    history.add(entry);
    writing = writing.then(() => file.append(formatEntry(entry))).catch(lost);
  };
  return {
    setGap,
    async open() {
      const lines = await file.read().catch((error: unknown) => (lost(error), []));
      const entries = lines.map(parseEntry);
      const damaged = entries.filter((entry) => entry === undefined).length;
      if (damaged > 0) log.warn({ damaged }, 'damaged lines of the shadow history are left out');
      setGap('history-damaged', damaged > 0);
      for (const entry of entries) if (entry !== undefined) history.add(entry);
      add({ kind: 'started', at: now() });
    },
    keep(judged) {
      for (const judgement of judged) {
        const { workload, config, result, reason, delayMs } = judgement;
        log.info({ ...workload, config, result, reason, delayMs }, 'Reloader judged');
        metrics.changes.inc({ result, kind: workload.kind });
        if (delayMs !== undefined) metrics.reloaderDelay.observe(delayMs / 1000);
        add({ kind: 'judged', judgement });
      }
    },
    report: (sinceMs, waiting) => reportShadow(history, { sinceMs, now: now(), waiting, gaps: [...gaps] }),
    close: () => writing,
  };
}
