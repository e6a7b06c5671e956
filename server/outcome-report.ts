// Tells people and machines what a reconcile did: log line, metrics, Kubernetes Event and alert, all with the same reason word.
import type { EventRecorder } from './core/cluster.ts';
import type { Acked, Owed } from './core/decide-workload.ts';
import { LockstepError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import {
  alertTexts,
  haltedAlert,
  haltedEvent,
  haltEndedAlert,
  lateEvent,
  heldEvents,
  refusedEvents,
  restartedEvents,
  throttledAlert,
  throttledEvent,
  type EventText,
  type Notifier,
  type Telling,
} from './core/notification.ts';
import type { SeenWorkload } from './core/seen.ts';
import type { Metrics } from './metrics.ts';
import type { Outcome } from './reconcile/outcome.ts';
import { isAboutPause, reportPause } from './pause-report.ts';
import type { ReloaderCounts } from './reloader-counts.ts';

export interface ReportDeps {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  /** Whose words Events have. */
  readonly telling: Telling;
  /** Absent: nobody is alerted. */
  readonly alerts?: { readonly notifier: Notifier; readonly additionalInfo: string };
  readonly reloader: Pick<ReloaderCounts, 'outcome'>;
}

export function createReport(deps: ReportDeps): (outcome: Outcome) => void {
  const { log, metrics, telling } = deps;
  const count = (workload: SeenWorkload, owed: readonly Owed[], result: string): void => {
    const { kind, namespace } = workload.ref;
    const reason = owed[0]?.reason ?? 'changed';
    metrics.restarts.inc({ kind, namespace: metrics.namespaceLabel(namespace), reason, result });
  };
  const record = ({ ref, uid }: SeenWorkload, texts: readonly EventText[]): void => {
    for (const text of texts) deps.events.record({ workload: { ...ref, uid }, ...text });
  };
  return (outcome) => {
    deps.reloader.outcome(outcome);
    if (isAboutPause(outcome)) return reportPause(deps, outcome);
    switch (outcome.kind) {
      case 'recorded':
        return reportRecorded(deps, { ...outcome.workload }, outcome.acked);
      case 'restarting':
        return log.debug({ ...outcome.workload.ref, owed: outcome.owed, n: outcome.n }, 'restart intended');
      case 'restarted':
        count(outcome.workload, outcome.owed, 'success');
        record(outcome.workload, restartedEvents(telling, outcome.workload.ref, outcome.owed));
        return reportRestarted(deps, outcome);
      case 'would-restart':
        log.info({ ...outcome.workload.ref, owed: outcome.owed }, 'would restart');
        return count(outcome.workload, outcome.owed, 'observed');
      case 'held':
        reportHeld(log, outcome);
        record(outcome.workload, heldEvents(telling, outcome.workload.ref, outcome));
        return count(outcome.workload, outcome.owed, outcome.reason);
      case 'refused':
        count(outcome.workload, outcome.owed, 'refused');
        record(outcome.workload, refusedEvents(telling, outcome.workload.ref, outcome));
        return reportRefused(deps, outcome);
      case 'conflict':
        return log.debug({ ...outcome.workload }, 'workload changed meanwhile, deciding again');
      case 'throttled':
        record(outcome.workload, [throttledEvent(outcome.throttling)]);
        return reportThrottled(deps, outcome);
      case 'rollout-late':
        record(outcome.workload, [lateEvent(outcome.reason)]);
        return reportLate(deps, outcome);
      case 'halted':
        record(outcome.workload, [haltedEvent(outcome.failed)]);
        return reportHalted(deps, outcome.failed);
      case 'halt-ended':
        return reportHaltEnded(deps);
    }
  };
}

/** `bug` for whatever is not in the catalogue. */
export function errorCode(error: unknown): string {
  return error instanceof LockstepError ? error.code : 'bug';
}

type Of<K extends Outcome['kind']> = Extract<Outcome, { kind: K }>;

/** That a fan-out is spread over time, or an engine is waited for, is nothing to worry about. */
function reportHeld(log: Log, { workload, owed, reason }: Of<'held'>): void {
  const says = 'restart owed but held';
  if (reason === 'jitter' || reason === 'engine-syncing') log.info({ ...workload.ref, owed, reason }, says);
  else log.warn({ ...workload.ref, owed, reason }, says);
}

function reportThrottled({ log, metrics, alerts }: ReportDeps, { workload, throttling }: Of<'throttled'>): void {
  const { kind, namespace } = workload.ref;
  log.warn({ ...workload.ref, ...throttling, reason: 'flapping' }, 'restarts throttled');
  metrics.throttles.inc({ kind, namespace: metrics.namespaceLabel(namespace) });
  alerts?.notifier.notify(throttledAlert(workload.ref, throttling, alerts.additionalInfo));
}

function reportLate({ log, metrics }: ReportDeps, { workload, reason }: Of<'rollout-late'>): void {
  const { kind, namespace } = workload.ref;
  log.warn({ ...workload.ref, reason }, 'rollout late');
  metrics.lateRollouts.inc({ kind, namespace: metrics.namespaceLabel(namespace), reason });
}

function reportHalted({ log, metrics, alerts }: ReportDeps, failed: readonly string[]): void {
  log.warn({ failed, reason: 'halted' }, 'restarts halted');
  metrics.halted.set(1);
  alerts?.notifier.notify(haltedAlert(failed, alerts.additionalInfo));
}

function reportHaltEnded({ log, metrics, alerts }: ReportDeps): void {
  log.info({}, 'restarts go on');
  metrics.halted.set(0);
  alerts?.notifier.notify(haltEndedAlert(alerts.additionalInfo));
}

function reportRecorded({ log, metrics }: ReportDeps, workload: object, acked: readonly Acked[]): void {
  for (const { reason } of acked) metrics.recorded.inc({ reason });
  const isQuiet = acked.every(({ reason }) => reason === 'baseline' || reason === 'fresh');
  const differs = acked.some(({ reason }) => reason === 'reloader-hash-differs');
  if (differs) log.warn({ ...workload, acked }, 'recorded; Reloader’s hash in place is of other content');
  else if (isQuiet) log.debug({ ...workload, acked }, 'recorded');
  else log.info({ ...workload, acked }, 'recorded');
}

function reportRestarted({ log, alerts }: ReportDeps, outcome: Extract<Outcome, { n: number }>): void {
  const { workload, owed, n } = outcome;
  log.info({ ...workload.ref, owed, n }, 'restarted');
  if (workload.waitsForDelete) {
    log.warn({ ...workload.ref, reason: 'waiting-for-delete' }, 'its pods stay until they are deleted');
  }
  if (alerts === undefined) return;
  for (const text of alertTexts(workload.ref, owed, alerts.additionalInfo)) alerts.notifier.notify(text);
}

function reportRefused({ log, metrics }: ReportDeps, outcome: Extract<Outcome, { kind: 'refused' }>): void {
  const { workload, owed, error } = outcome;
  log.warn({ ...workload.ref, owed, reason: 'refused', err: error }, 'restart refused');
  metrics.errors.inc({ code: errorCode(error) });
}
