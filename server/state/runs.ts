// Jobs in progress of each CronJob: also those that a CronJob's own status does not list, since its controller did not make them.
import { objectKey } from '../core/object.ts';
import type { SeenEvent, SeenWorkload } from '../core/seen.ts';

export interface Runs {
  apply(event: SeenEvent<SeenWorkload>): void;
  /** Whether a Job of the CronJob with this key is in progress. */
  isRunning(cronJob: string): boolean;
}

export function createRuns(): Runs {
  /** Keys of CronJobs by key of a Job, and how many there are of each. */
  const runOf = new Map<string, string>();
  const counts = new Map<string, number>();
  const count = (cronJob: string, by: 1 | -1): void => {
    const runs = (counts.get(cronJob) ?? 0) + by;
    if (runs === 0) counts.delete(cronJob);
    else counts.set(cronJob, runs);
  };
  return {
    apply(event) {
      const key = event.present ? objectKey(event.object.ref) : event.key;
      const before = runOf.get(key);
      const after = event.present && event.object.dormant === undefined ? event.object.runOf : undefined;
      if (before === after) return;
      runOf.delete(key);
      if (before !== undefined) count(before, -1);
      if (after === undefined) return;
      runOf.set(key, after);
      count(after, 1);
    },
    isRunning: (cronJob) => counts.has(cronJob),
  };
}
