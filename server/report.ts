// Tells people and machines what a reconcile did: log line, metric and Kubernetes Event, all with the same reason word.
import type { EventRecorder } from './core/cluster.ts';
import type { Acked, Owed } from './core/decide-workload.ts';
import { hasCode, LockstepError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import type { SeenWorkload } from './core/seen.ts';
import type { Metrics } from './metrics.ts';
import type { Outcome } from './reconcile/workload.ts';

export interface ReportDeps {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
}

export function createReport({ log, metrics, events }: ReportDeps): (outcome: Outcome) => void {
  const count = (workload: SeenWorkload, owed: readonly Owed[], result: string): void => {
    const { kind, namespace } = workload.ref;
    metrics.restarts.inc({
      kind,
      namespace: metrics.namespaceLabel(namespace),
      reason: owed[0]?.reason ?? 'changed',
      result,
    });
  };
  const event = (
    workload: SeenWorkload,
    type: 'Normal' | 'Warning',
    { reason, message }: { reason: string; message: string },
  ): void => events.record({ workload: { ...workload.ref, uid: workload.uid }, type, reason, message });

  return (outcome) => {
    switch (outcome.kind) {
      case 'recorded':
        return reportRecorded(log, { ...outcome.workload }, outcome.acked);
      case 'restarting':
        return log.debug({ ...outcome.workload.ref, owed: outcome.owed, n: outcome.n }, 'restart intended');
      case 'restarted':
        log.info({ ...outcome.workload.ref, owed: outcome.owed, n: outcome.n }, 'restarted');
        count(outcome.workload, outcome.owed, 'success');
        event(outcome.workload, 'Normal', { reason: 'Restarted', message: `Restarted for ${listOwed(outcome.owed)}` });
        if (outcome.workload.waitsForDelete)
          log.warn({ ...outcome.workload.ref, reason: 'waiting-for-delete' }, 'its pods stay until they are deleted');
        return;
      case 'would-restart':
        log.info({ ...outcome.workload.ref, owed: outcome.owed }, 'would restart');
        return count(outcome.workload, outcome.owed, 'observed');
      case 'held':
        log.warn({ ...outcome.workload.ref, owed: outcome.owed, reason: outcome.reason }, 'restart owed but held');
        return count(outcome.workload, outcome.owed, outcome.reason);
      case 'refused':
        log.warn(
          { ...outcome.workload.ref, owed: outcome.owed, reason: 'refused', err: outcome.error },
          'restart refused',
        );
        count(outcome.workload, outcome.owed, 'refused');
        metrics.errors.inc({ code: errorCode(outcome.error) });
        return event(outcome.workload, 'Warning', {
          reason: 'RestartRefused',
          message: refusal(outcome.owed, outcome.error),
        });
      case 'conflict':
        return log.debug({ ...outcome.workload }, 'workload changed meanwhile, deciding again');
    }
  };
}

/** `bug` for whatever is not in the catalogue. */
export function errorCode(error: unknown): string {
  return error instanceof LockstepError ? error.code : 'bug';
}

function reportRecorded(log: Log, workload: object, acked: readonly Acked[]): void {
  const isQuiet = acked.every(({ reason }) => reason === 'baseline' || reason === 'fresh');
  if (isQuiet) log.debug({ ...workload, acked }, 'recorded');
  else log.info({ ...workload, acked }, 'recorded');
}

function listOwed(owed: readonly Owed[]): string {
  return owed.map(({ name, reason }) => `${name} (${reason})`).join(', ');
}

function refusal(owed: readonly Owed[], error: unknown): string {
  const advice = hasCode(error, 'api-invalid', 'api-forbidden') ? `; ${error.advice}` : '';
  const why = error instanceof LockstepError ? error.message : 'an internal error';
  return `Owed a restart for ${listOwed(owed)}, but ${why}${advice}. Tried again in 10 minutes.`;
}
