// May an owed restart be written now? Otherwise it stays owed, with the reason shown. RESTART-PROTOCOL.md rules 10, 12, 17, 18.
// First what stops a restart, then what only spreads restarts over time.
import type { Owed } from './decide-workload.ts';

export type HoldReason =
  | 'paused'
  | 'job-running'
  | 'deleting'
  | 'pause-period-invalid'
  | 'pause-switch'
  | 'refused'
  | 'fighting'
  | 'halted'
  | 'flapping'
  | 'engine-syncing'
  | 'jitter'
  | 'rollout-cap'
  | 'namespace-rollout-cap';

/** The limits that a user sets. */
export interface Gates {
  /** Rollouts in progress; 0: no cap. */
  readonly maxRollouts: number;
  /** The same for each namespace. */
  readonly maxRolloutsPerNamespace: number;
  /** Each owed restart waits a random part of it (ms). */
  readonly jitterMs: number;
  /** So many failed rollouts stop all further restarts; 0: they do not. */
  readonly haltAfterFailures: number;
  /** Restarts that a workload may have in quick succession; 0: any number. */
  readonly restartBurst: number;
}

export interface HoldFacts {
  readonly now: number;
  readonly paused: boolean;
  /** A run is in progress, and concurrencyPolicy forbids another. */
  readonly running: boolean;
  readonly deleting: boolean;
  /** Its annotation says how long to pause, in no duration that can be read. */
  readonly pausePeriodInvalid: boolean;
  /** The namespace, or Lockstep's own, carries the pause annotation. */
  readonly pauseSwitch: boolean;
  /** When the API server last refused a restart of this workload. */
  readonly refusedAt: number | undefined;
  /** Times of this workload's restarts that answered another writer's undoing. */
  readonly undoneAt: readonly number[];
  /** Too many rollouts failed, and this workload's is none of them. */
  readonly halted: boolean;
  /** When this workload may be restarted again for changed content; undefined: at any time. */
  readonly tokenAt: number | undefined;
}

/** Whether a cap leaves room for one more rollout. */
export type Room = 'free' | Extract<HoldReason, 'rollout-cap' | 'namespace-rollout-cap'>;

export interface PaceFacts {
  readonly now: number;
  /** Until then the restart waits so that not all of a fan-out come at once. */
  readonly jitterUntil: number;
  readonly room: Room;
}

/** `retryAt` undefined: an event will tell. */
export interface Hold {
  readonly reason: HoldReason;
  readonly retryAt: number | undefined;
}

/** Rule 12: one try in 10 minutes. Rule 10: at most 3 patches in 10 minutes against another writer. */
export const refusedRetryMs = 600_000;
const fightWindowMs = 600_000;
const fightPatches = 3;
/** A rollout that ends is an event; this only bounds what a lost one costs. */
const capRetryMs = 5_000;
/** As is the end of a halt; few of those that it holds are lost sight of. */
const haltRetryMs = 30_000;
/** A run that is on time ends with an event of its CronJob; one that was made by hand, or by Lockstep, does not. */
const runRetryMs = 15_000;
/**
 * A token each five minutes: most rollouts are over by then, so that no two of one workload overlap, and what flaps for a day makes
 * fewer than 300 revisions, which the history limit of a workload keeps in check.
 */
export const tokenRefillMs = 300_000;

/** What stops a restart until something is different. */
export function holdRestart(facts: HoldFacts, owed: readonly Owed[]): Hold | undefined {
  if (facts.deleting) return { reason: 'deleting', retryAt: undefined };
  if (facts.paused) return { reason: 'paused', retryAt: undefined };
  if (facts.running) return { reason: 'job-running', retryAt: facts.now + runRetryMs };
  if (facts.pausePeriodInvalid) return { reason: 'pause-period-invalid', retryAt: undefined };
  if (facts.pauseSwitch) return { reason: 'pause-switch', retryAt: undefined };
  if (facts.refusedAt !== undefined && facts.now < facts.refusedAt + refusedRetryMs) {
    return { reason: 'refused', retryAt: facts.refusedAt + refusedRetryMs };
  }
  const fights = facts.undoneAt.filter((at) => at > facts.now - fightWindowMs);
  if (isUndoing(owed) && fights.length >= fightPatches) {
    return { reason: 'fighting', retryAt: (fights.at(-fightPatches) ?? facts.now) + fightWindowMs };
  }
  if (facts.halted) return { reason: 'halted', retryAt: facts.now + haltRetryMs };
  if (!isUndoing(owed) && facts.tokenAt !== undefined && facts.now < facts.tokenAt) {
    return { reason: 'flapping', retryAt: facts.tokenAt };
  }
  return undefined;
}

/** What spreads restarts that nothing stops. */
export function paceRestart({ now, jitterUntil, room }: PaceFacts): Hold | undefined {
  if (now < jitterUntil) return { reason: 'jitter', retryAt: jitterUntil };
  return room === 'free' ? undefined : { reason: room, retryAt: now + capRetryMs };
}

/** Only against another writer, with no new content: rule 10 bounds that. */
export function isUndoing(owed: readonly Owed[]): boolean {
  return owed.every(({ reason }) => reason === 'undone');
}
