// May an owed restart be written now? Otherwise it stays owed, with the reason shown. RESTART-PROTOCOL.md rules 10, 12, 17, 18.
import type { Owed } from './decide-workload.ts';

export type HoldReason =
  | 'paused'
  | 'job-running'
  | 'deleting'
  | 'pause-period-invalid'
  | 'pause-switch'
  | 'refused'
  | 'fighting'
  | 'rollout-cap';

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
  readonly rolloutsInProgress: number;
  /** 0: no cap. */
  readonly maxRollouts: number;
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

export function holdRestart(facts: HoldFacts, owed: readonly Owed[]): Hold | undefined {
  if (facts.deleting) return { reason: 'deleting', retryAt: undefined };
  if (facts.paused) return { reason: 'paused', retryAt: undefined };
  if (facts.running) return { reason: 'job-running', retryAt: undefined };
  if (facts.pausePeriodInvalid) return { reason: 'pause-period-invalid', retryAt: undefined };
  if (facts.pauseSwitch) return { reason: 'pause-switch', retryAt: undefined };
  if (facts.refusedAt !== undefined && facts.now < facts.refusedAt + refusedRetryMs) {
    return { reason: 'refused', retryAt: facts.refusedAt + refusedRetryMs };
  }
  const fights = facts.undoneAt.filter((at) => at > facts.now - fightWindowMs);
  if (owed.every(({ reason }) => reason === 'undone') && fights.length >= fightPatches) {
    return { reason: 'fighting', retryAt: (fights.at(-fightPatches) ?? facts.now) + fightWindowMs };
  }
  if (facts.maxRollouts > 0 && facts.rolloutsInProgress >= facts.maxRollouts) {
    return { reason: 'rollout-cap', retryAt: facts.now + capRetryMs };
  }
  return undefined;
}
