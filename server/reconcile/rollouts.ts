// The rollouts that Lockstep caused: counts those in progress, lets in who waits for a place, and tells which ones do not get through.
// RESTART-PROTOCOL.md rule 17. A rollout is over when all pods run the template and are available, as `kubectl rollout status` says.
import type { Gates, Room } from '../core/hold.ts';
import { isNewer } from '../core/object.ts';
import { isPausedForPeriod } from '../core/pause-period.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { Workloads } from '../state/workloads.ts';
import { namespaceOf } from './proposals.ts';

/** Why a rollout is late: its controller says so, or it takes longer than `longestMs`. */
export type Lateness = 'progress-deadline-exceeded' | 'not-available-in-time';

export interface Rollouts {
  /** Whether one more rollout may begin; a workload whose rollout is in progress replaces its own. */
  room(key: string): Room;
  /** Takes a place, for a restart that is about to be written. */
  enter(key: string): void;
  /** The restart was written; the cache shows it from `version` on. */
  start(key: string, version: string, now: number): void;
  /** Gives back a place that no rollout came of, or one that no event will end: a CronJob's restart leaves it as it is. */
  leave(key: string): void;
  /** No place was free for this workload. */
  wait(key: string): void;
  /** The waiting workloads that have a place now, oldest first; they wait no longer. */
  admit(): readonly string[];
  /** Compares a rollout with what is seen. Says so, once, when it is late. */
  look(key: string, now: number): Lateness | undefined;
  /** Rollouts that are due to be looked at although nothing was heard of them. */
  overdue(now: number): readonly string[];
  /** Workloads whose rollout failed and that have not been available since. */
  readonly failed: ReadonlySet<string>;
}

/**
 * A rollout that takes longer is told, gives its place to others and, where no controller judges it, has failed. As long as the
 * default progress deadline of a Deployment.
 */
const longestMs = 600_000;

export function createRollouts(
  workloads: Pick<Workloads, 'get'>,
  caps: Pick<Gates, 'maxRollouts' | 'maxRolloutsPerNamespace'>,
): Rollouts {
  return new CountedRollouts(workloads, caps);
}

interface Begun {
  readonly version: string;
  readonly at: number;
  late: Lateness | undefined;
}

class CountedRollouts implements Rollouts {
  readonly #workloads: Pick<Workloads, 'get'>;
  readonly #most: number;
  readonly #mostInNamespace: number;
  readonly #begun = new Map<string, Begun>();
  /** Those that count for the caps. */
  readonly #places = new Set<string>();
  readonly #perNamespace = new Map<string, number>();
  /** In the order in which they came. */
  readonly #waiting = new Set<string>();
  readonly #failed = new Set<string>();
  #isRoomNew = false;

  constructor(
    workloads: Pick<Workloads, 'get'>,
    { maxRollouts, maxRolloutsPerNamespace }: Pick<Gates, 'maxRollouts' | 'maxRolloutsPerNamespace'>,
  ) {
    this.#workloads = workloads;
    this.#most = maxRollouts === 0 ? Infinity : maxRollouts;
    this.#mostInNamespace = maxRolloutsPerNamespace === 0 ? Infinity : maxRolloutsPerNamespace;
  }

  get failed(): ReadonlySet<string> {
    return this.#failed;
  }

  room(key: string): Room {
    if (this.#places.has(key)) return 'free';
    if (this.#places.size >= this.#most) return 'rollout-cap';
    return (this.#perNamespace.get(namespaceOf(key)) ?? 0) >= this.#mostInNamespace ? 'namespace-rollout-cap' : 'free';
  }

  enter(key: string): void {
    this.#waiting.delete(key);
    if (this.#places.has(key)) return;
    this.#places.add(key);
    const namespace = namespaceOf(key);
    this.#perNamespace.set(namespace, (this.#perNamespace.get(namespace) ?? 0) + 1);
  }

  start(key: string, version: string, now: number): void {
    this.#begun.set(key, { version, at: now, late: undefined });
  }

  leave(key: string): void {
    const begun = this.#begun.get(key);
    const workload = this.#workloads.get(key);
    if (begun === undefined || begun.late !== undefined) return this.#release(key);
    if (workload === undefined || this.#failed.has(key) || !isOver(workload, begun.version)) return;
    this.#begun.delete(key);
    this.#release(key);
  }

  wait(key: string): void {
    this.#waiting.add(key);
  }

  admit(): readonly string[] {
    if (!this.#isRoomNew) return [];
    this.#isRoomNew = false;
    const admitted: string[] = [];
    for (const key of this.#waiting) {
      const room = this.room(key);
      if (room === 'rollout-cap') break;
      if (room === 'namespace-rollout-cap') continue;
      this.enter(key);
      admitted.push(key);
    }
    return admitted;
  }

  look(key: string, now: number): Lateness | undefined {
    const workload = this.#workloads.get(key);
    if (workload === undefined) this.#waiting.delete(key);
    const begun = this.#begun.get(key);
    if (workload === undefined || (begun !== undefined && isOver(workload, begun.version))) {
      this.#begun.delete(key);
      this.#failed.delete(key);
      this.#release(key);
      return undefined;
    }
    const late = begun === undefined ? undefined : lateness(workload, begun, now);
    if (begun === undefined || late === undefined || !isWorse(late, begun.late)) return undefined;
    begun.late = late;
    if (late === 'progress-deadline-exceeded' || hasNoDeadline(workload)) this.#failed.add(key);
    this.#release(key);
    return late;
  }

  overdue(now: number): readonly string[] {
    return [...this.#begun].filter(([, { at, late }]) => late === undefined && isOverdue(at, now)).map(([key]) => key);
  }

  #release(key: string): void {
    if (!this.#places.delete(key)) return;
    const namespace = namespaceOf(key);
    const left = (this.#perNamespace.get(namespace) ?? 0) - 1;
    if (left > 0) this.#perNamespace.set(namespace, left);
    else this.#perNamespace.delete(namespace);
    this.#isRoomNew = true;
  }
}

/** Pods that wait for somebody to delete them are no rollout in progress; nor is one that is paused, whose resume counts anew. */
function isOver({ resourceVersion, rolledOut, waitsForDelete, pause }: SeenWorkload, version: string): boolean {
  return (rolledOut || waitsForDelete || isPausedForPeriod(pause)) && !isNewer(version, resourceVersion);
}

function lateness(workload: SeenWorkload, { version, at }: Begun, now: number): Lateness | undefined {
  if (workload.failed && !isNewer(version, workload.resourceVersion)) return 'progress-deadline-exceeded';
  return isOverdue(at, now) ? 'not-available-in-time' : undefined;
}

function isOverdue(at: number, now: number): boolean {
  return now >= at + longestMs;
}

/** No controller judges it. */
function hasNoDeadline({ ref: { kind } }: SeenWorkload): boolean {
  return kind === 'StatefulSet' || kind === 'DaemonSet';
}

/** A verdict stays; that it takes long may become one. */
function isWorse(late: Lateness, before: Lateness | undefined): boolean {
  return before === undefined || (before === 'not-available-in-time' && late === 'progress-deadline-exceeded');
}
