// The circuit breaker: a workload whose config objects keep changing gets restarts at the rate of its token bucket, and a warning says
// which objects change and who writes them.
import { tokenRefillMs, type Gates } from '../core/hold.ts';
import type { SeenWorkload } from '../core/seen.ts';
import { isFull, takeToken, tokenAt, type BucketSize, type FullAt } from '../core/token-bucket.ts';
import { findFlaps } from './flaps.ts';
import type { LiveState } from './gather.ts';
import type { Outcome } from './outcome.ts';

/** What is remembered of a workload. It is lost with the process: a new one starts with full buckets. */
export interface Allowance {
  fullAt: FullAt;
  /** That the bucket is empty is said once, until it was full again. */
  isThrottlingTold: boolean;
}

/** When the next restart for changed content may be; undefined: at any time. */
export function tokenFor(gates: Gates, { fullAt }: Allowance, now: number): number | undefined {
  return gates.restartBurst === 0 ? undefined : tokenAt(fullAt, sizeOf(gates), now);
}

export function spendToken(gates: Gates, allowance: Allowance, now: number): void {
  if (gates.restartBurst === 0) return;
  if (isFull(allowance.fullAt, now)) allowance.isThrottlingTold = false;
  allowance.fullAt = takeToken(allowance.fullAt, sizeOf(gates), now);
}

interface Throttler {
  readonly state: LiveState;
  readonly gates: Gates;
  readonly report: (outcome: Outcome) => void;
}

/** Changes count from when a bucket that is full now could have been empty. */
export function tellThrottling(
  { state, gates, report }: Throttler,
  { workload, memory }: { readonly workload: SeenWorkload; readonly memory: Allowance },
  now: number,
): void {
  if (memory.isThrottlingTold) return;
  memory.isThrottlingTold = true;
  const windowMs = gates.restartBurst * tokenRefillMs;
  const flaps = findFlaps(state, workload, now - windowMs);
  report({ kind: 'throttled', workload, throttling: { flaps, windowMs, everyMs: tokenRefillMs } });
}

function sizeOf({ restartBurst }: Gates): BucketSize {
  return { burst: restartBurst, refillMs: tokenRefillMs };
}
