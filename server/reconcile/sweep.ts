// Forgets what nobody needs any more: config objects that no workload uses, and deleted ones after a while.
import type { LiveState } from './gather.ts';

/** Often enough that the ledger follows a namespace's end on the same day. */
export const sweepMs = 3_600_000;

export function sweep({ configs, workloads, ledger }: LiveState, now: number): void {
  configs.prune(now);
  for (const key of ledger.keys()) {
    if (ledger.object(key) !== undefined && workloads.usersOf(key).length === 0) ledger.remove(key, now);
  }
}
