// Routes what the watches see of workloads and their revisions: into the state, and their keys into the queue.
import type { Log } from '../core/log.ts';
import { objectKey } from '../core/object.ts';
import type { Presence, SeenEvent, SeenRevision, SeenWorkload } from '../core/seen.ts';
import { settleProblem } from '../core/settle.ts';
import type { LiveState } from './gather.ts';
import type { WorkQueue } from './workqueue.ts';

export interface WorkloadRouteDeps {
  readonly state: LiveState;
  readonly queue: WorkQueue;
  readonly log: Log;
  /** A restart key was seen that was not there before. */
  readonly onRestartKey: (workload: string) => void;
}

export interface WorkloadRoute {
  /** `optedInAt`: the version of what opted it in, where that is not the workload itself. */
  readonly seeWorkload: (event: SeenEvent<SeenWorkload>, optedInAt?: string) => void;
  readonly seeRevision: (event: SeenEvent<SeenRevision>) => void;
}

export function createWorkloadRoute(deps: WorkloadRouteDeps): WorkloadRoute {
  const { state, queue, log, onRestartKey } = deps;
  const problems = new Map<string, string>();
  /** Of the workloads that may be restarted, by uid: whose revisions matter. */
  const keyOf = new Map<string, string>();
  return {
    seeWorkload(event, optedInAt) {
      const place = event.present ? objectKey(event.object.ref) : event.key;
      const before = state.workloads.get(place);
      const key = state.workloads.apply(event, optedInAt);
      const after = state.workloads.get(place);
      if (event.present) {
        const { restartKey } = event.object;
        if (key !== undefined && restartKey !== undefined && restartKey.n !== before?.restartKey?.n) onRestartKey(key);
        reportProblems(log, problems, event.object);
        wakeCronJob(deps, event.object);
      } else problems.delete(event.key);
      if (before !== undefined && before.uid !== after?.uid) keyOf.delete(before.uid);
      if (after !== undefined) keyOf.set(after.uid, place);
      if (key !== undefined) queue.add(key);
    },
    seeRevision(event) {
      const owner = state.revisions.apply(event);
      const key = owner === undefined ? undefined : keyOf.get(owner);
      if (key !== undefined) queue.add(key);
    },
  };
}

/** A run that has ended may be what its CronJob waits for. */
function wakeCronJob({ state, queue }: WorkloadRouteDeps, { runOf, dormant }: SeenWorkload): void {
  if (runOf === undefined || dormant !== 'finished') return;
  if (state.workloads.get(runOf)?.runsAlone === true) queue.add(runOf);
}

/** A workload as a watch shows it. */
export function presenceOf(object: SeenWorkload): Presence<SeenWorkload> {
  return { present: true, how: 'modified', object, version: object.resourceVersion };
}

/** What no change can restart, and no time resumes: as if its annotations asked for nothing. Another Reloader may be at home there. */
export function optedOut(workload: SeenWorkload): SeenWorkload {
  return { ...workload, reload: undefined, references: [], problems: [], annotations: {}, pause: undefined };
}

/** Once for each wording, so that a workload that is edited often does not fill the log. */
function reportProblems(log: Log, reported: Map<string, string>, workload: SeenWorkload): void {
  const settle = settleProblem(workload.annotations);
  const found = [...workload.problems, ...(settle === undefined ? [] : [settle])];
  const key = objectKey(workload.ref);
  const text = found.join('; ');
  if (text === '') reported.delete(key);
  else if (reported.get(key) !== text) {
    reported.set(key, text);
    log.warn({ ...workload.ref, problems: found }, 'annotation makes no sense');
  }
}
