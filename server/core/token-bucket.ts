// How many restarts a workload may still have: a bucket of tokens that fills up again with time. Its whole state is one moment,
// the one at which it will be full again (the generic cell rate algorithm of ATM Forum TM 4.0, 4.4.2).

export interface BucketSize {
  /** Tokens of a full bucket. */
  readonly burst: number;
  /** One token comes back in this time (ms). */
  readonly refillMs: number;
}

/** When the bucket is full again (ms); undefined: it was never taken from. */
export type FullAt = number | undefined;

/** When a token is there: `now` where one is. After a clock was turned back nothing is known, so one is. */
export function tokenAt(fullAt: FullAt, { burst, refillMs }: BucketSize, now: number): number {
  if (fullAt === undefined || fullAt > now + burst * refillMs) return now;
  return Math.max(now, fullAt - (burst - 1) * refillMs);
}

/** One token less. */
export function takeToken(fullAt: FullAt, { burst, refillMs }: BucketSize, now: number): number {
  return Math.min(Math.max(fullAt ?? now, now) + refillMs, now + burst * refillMs);
}

export function isFull(fullAt: FullAt, now: number): boolean {
  return fullAt === undefined || fullAt <= now;
}
