// Tells people and machines of pauses for a period: when one begins, ends, or should have ended.
import type { ClusterEvent, EventRecorder } from './core/cluster.ts';
import { LockstepError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import type { SeenWorkload } from './core/seen.ts';
import type { Metrics } from './metrics.ts';
import type { Outcome } from './reconcile/outcome.ts';

export interface PauseReportDeps {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
}

const kinds = ['paused', 'resumed', 'would-resume', 'resume-held', 'resume-refused'] as const;
export type PauseOutcome = Extract<Outcome, { readonly kind: (typeof kinds)[number] }>;

export function isAboutPause(outcome: Outcome): outcome is PauseOutcome {
  return (kinds as readonly string[]).includes(outcome.kind);
}

export function reportPause(deps: PauseReportDeps, outcome: PauseOutcome): void {
  const { log } = deps;
  const { ref } = outcome.workload;
  switch (outcome.kind) {
    case 'paused': {
      const until = new Date(outcome.until).toISOString();
      log.info({ ...ref, until }, 'paused for its period');
      const message = `Paused until about ${until}, so that more changes join its rollout`;
      return tell(deps, outcome.workload, { type: 'Normal', reason: 'Paused', message });
    }
    case 'resumed':
      return reportResumed(deps, outcome.workload, outcome.reason);
    case 'would-resume':
      log.info({ ...ref, reason: outcome.reason }, 'would resume');
      return count(deps, outcome.workload, { reason: outcome.reason, result: 'observed' });
    case 'resume-held':
      log.warn({ ...ref, reason: outcome.reason }, 'resume due but held');
      return count(deps, outcome.workload, { reason: outcome.reason, result: 'held' });
    case 'resume-refused':
      return reportRefused(deps, outcome.workload, outcome.error);
  }
}

/** What a person resumed is not told to people: only the mark is gone. */
function reportResumed(deps: PauseReportDeps, workload: SeenWorkload, reason: string): void {
  count(deps, workload, { reason, result: 'success' });
  if (reason === 'resumed-by-hand') return deps.log.info({ ...workload.ref, reason }, 'mark of its pause removed');
  deps.log.info({ ...workload.ref, reason }, 'resumed');
  const message = `Resumed after its pause (${reason}): what it was restarted for is rolled out`;
  tell(deps, workload, { type: 'Normal', reason: 'Resumed', message });
}

/** Only messages of the catalogue are passed on: anything else may quote what nobody should read. */
function reportRefused(deps: PauseReportDeps, workload: SeenWorkload, error: unknown): void {
  const isKnown = error instanceof LockstepError;
  deps.log.warn({ ...workload.ref, reason: 'refused', err: error }, 'resume refused');
  deps.metrics.errors.inc({ code: isKnown ? error.code : 'bug' });
  count(deps, workload, { reason: 'refused', result: 'refused' });
  const why = isKnown ? `${error.message}; ${error.advice}` : 'an internal error';
  const message = `Its pause is over, but ${why}. Tried again in 10 minutes.`;
  tell(deps, workload, { type: 'Warning', reason: 'ResumeRefused', message });
}

function tell({ events }: PauseReportDeps, { ref, uid }: SeenWorkload, text: Omit<ClusterEvent, 'about'>): void {
  events.record({ about: { ...ref, uid }, ...text });
}

function count(
  { metrics }: PauseReportDeps,
  { ref }: SeenWorkload,
  labels: { readonly reason: string; readonly result: string },
): void {
  metrics.resumes.inc({ namespace: metrics.namespaceLabel(ref.namespace), ...labels });
}
