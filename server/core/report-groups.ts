// Counts pods: many pods with one finding each become one finding with a number and the oldest start.
import type { ReportedPod } from './report-facts.ts';

export interface Group<T> {
  /** What is said of all. */
  readonly fact: T;
  readonly pods: number;
  /** Milliseconds since the epoch. */
  readonly oldestStart: number;
}

interface Growing<T> {
  fact: T;
  pods: number;
  oldestStart: number;
  last: ReportedPod;
}

export interface PodGroups<T> {
  /** A pod counts once, whichever of its containers it is. */
  add(id: string, member: { readonly pod: ReportedPod; readonly start: number; readonly fact: T }): void;
  /** In the order of their ids. */
  list(): readonly Group<T>[];
}

/** `merge`: what to say of two. */
export function createPodGroups<T>(merge: (before: T, after: T) => T): PodGroups<T> {
  const groups = new Map<string, Growing<T>>();
  return {
    add(id, { pod, start, fact }) {
      const group = groups.get(id);
      if (group === undefined) return void groups.set(id, { fact, pods: 1, oldestStart: start, last: pod });
      group.fact = merge(group.fact, fact);
      group.oldestStart = Math.min(group.oldestStart, start);
      if (group.last !== pod) group.pods++;
      group.last = pod;
    },
    list: () => [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group),
  };
}
