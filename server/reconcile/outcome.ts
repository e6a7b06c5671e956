// What a reconcile did, as a value: for the log, metrics, Events and the audit.
import type { Acked, Owed } from '../core/decide-workload.ts';
import type { HoldReason } from '../core/hold.ts';
import type { Throttling } from '../core/notification.ts';
import type { WorkloadRef } from '../core/object.ts';
import type { ResumeReason } from '../core/pause-period.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { Lateness } from './rollouts.ts';

/** One reason word everywhere. */
export type Outcome =
  | { readonly kind: 'recorded'; readonly workload: WorkloadRef; readonly acked: readonly Acked[] }
  | {
      readonly kind: 'restarted' | 'would-restart' | 'restarting';
      readonly workload: SeenWorkload;
      readonly owed: readonly Owed[];
      readonly n: number;
    }
  | {
      readonly kind: 'held';
      readonly workload: SeenWorkload;
      readonly owed: readonly Owed[];
      readonly reason: HoldReason;
    }
  | {
      readonly kind: 'refused';
      readonly workload: SeenWorkload;
      readonly owed: readonly Owed[];
      readonly error: unknown;
    }
  /** The restart began a pause; `until` in milliseconds since the epoch. */
  | { readonly kind: 'paused'; readonly workload: SeenWorkload; readonly until: number }
  | { readonly kind: 'resumed' | 'would-resume'; readonly workload: SeenWorkload; readonly reason: ResumeReason }
  | { readonly kind: 'resume-held'; readonly workload: SeenWorkload; readonly reason: HoldReason }
  | { readonly kind: 'resume-refused'; readonly workload: SeenWorkload; readonly error: unknown }
  | { readonly kind: 'conflict'; readonly workload: WorkloadRef }
  /** Its config objects change faster than it may be restarted; once until they are quiet. */
  | { readonly kind: 'throttled'; readonly workload: SeenWorkload; readonly throttling: Throttling }
  /** A rollout that Lockstep caused does not get through. */
  | { readonly kind: 'rollout-late'; readonly workload: SeenWorkload; readonly reason: Lateness }
  /** That of `workload` was one failed rollout too many. */
  | { readonly kind: 'halted'; readonly workload: SeenWorkload; readonly failed: readonly string[] }
  | { readonly kind: 'halt-ended' };
