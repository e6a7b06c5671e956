// What a preview consists of. Its field names and words are the stable form of `lockstep diff --restarts -o json`.
import type { DiffGap } from './diff-row.ts';
import type { OwnerRef } from './engine.ts';
import type { NotComparable } from './drift.ts';
import type { Withheld } from './explanation.ts';
import type { ConfigRef, WorkloadRef } from './object.ts';

/** `unclear`: whether its content changes cannot be judged. */
export type ChangeKind = 'changed' | 'created' | 'removed' | 'unclear';

export interface PreviewChange {
  readonly config: ConfigRef;
  readonly owner: OwnerRef;
  readonly what: ChangeKind;
  /** Data keys whose live content would change, sorted; of `unclear` those that may. */
  readonly keys: readonly string[];
  readonly reasons: readonly NotComparable[];
}

export interface Cause {
  readonly config: ConfigRef;
  readonly what: ChangeKind;
  /** Of those that change, the ones that the workload uses. */
  readonly keys: readonly string[];
}

export interface PreviewRow {
  readonly workload: WorkloadRef;
  /** `rollout`: the engine itself, since the pod template changes. `unknown`: only what cannot be judged concerns it. */
  readonly action: 'restart' | 'held' | 'rollout' | 'unknown';
  /** Of `held`. */
  readonly reason?: Withheld;
  readonly because: readonly Cause[];
  /** Pods stay until somebody deletes them. */
  readonly waitsForDelete?: true;
}

export interface Preview {
  /** Absent: all. */
  readonly namespace?: string;
  readonly revision: string;
  readonly changes: readonly PreviewChange[];
  readonly workloads: readonly PreviewRow[];
  readonly gaps: readonly DiffGap[];
}
