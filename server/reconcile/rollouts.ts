// Counts the rollouts that Lockstep caused and that are not complete, and lets in who waits for a place. RESTART-PROTOCOL.md rule 17.
import { isNewer } from '../core/object.ts';
import type { Workloads } from '../state/workloads.ts';

export interface Rollouts {
  /** A restart was written; the cache shows it from `version` on. */
  start(key: string, version: string, now: number): void;
  inProgress(now: number): number;
  /** No place was free for this workload. */
  wait(key: string): void;
  /** The waiting workloads that have a place now; they wait no longer. */
  admit(now: number): readonly string[];
}

/** A rollout that takes longer has failed as far as the cap is concerned: it must not hold back the others for ever. */
const longestMs = 600_000;

/** `most` 0: no cap. */
export function createRollouts(workloads: Workloads, most: number): Rollouts {
  const started = new Map<string, { readonly version: string; readonly at: number }>();
  const waiting = new Set<string>();

  const isComplete = (key: string, version: string): boolean => {
    const workload = workloads.get(key);
    return workload === undefined || (workload.rolledOut && !isNewer(version, workload.resourceVersion));
  };
  const inProgress = (now: number): number => {
    for (const [key, { version, at }] of started)
      if (isComplete(key, version) || at < now - longestMs) started.delete(key);
    return started.size;
  };

  return {
    start: (key, version, at) => void (most > 0 && started.set(key, { version, at })),
    inProgress: (now) => (most > 0 ? inProgress(now) : 0),
    wait: (key) => void waiting.add(key),
    admit(now) {
      if (waiting.size === 0) return [];
      const admitted = [...waiting].slice(0, Math.max(0, most - inProgress(now)));
      for (const key of admitted) waiting.delete(key);
      return admitted;
    },
  };
}
