// The ports through which the loop reads and writes the cluster.
import type { ConfigRef, WorkloadRef } from './object.ts';
import type { SeenConfig, SeenWorkload } from './seen.ts';
import type { PodFacts } from './snapshot.ts';

/** Reads past every cache. */
export interface Reads {
  /** Undefined when it does not exist. Throws `api-*`. */
  workload(ref: WorkloadRef, signal: AbortSignal): Promise<SeenWorkload | undefined>;
  config(ref: ConfigRef, signal: AbortSignal): Promise<SeenConfig | undefined>;
  /** The pods that `workload` selects; without a known revision all count as current. */
  pods(
    workload: SeenWorkload,
    current: RevisionIdentity | undefined,
    signal: AbortSignal,
  ): Promise<readonly PodFacts[]>;
}

export interface RevisionIdentity {
  readonly uid: string;
  readonly hash: string;
}

/** The only writes to users' objects. */
export interface RestartWriter {
  /**
   * Applies a merge patch as field manager `lockstep` and returns the new resourceVersion.
   * Throws `api-conflict` when the workload changed since, `api-invalid` and `api-forbidden` when it is refused.
   */
  restart(ref: WorkloadRef, patch: object, signal: AbortSignal): Promise<string>;
}

export interface ClusterEvent {
  readonly workload: WorkloadRef & { readonly uid: string };
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, as `kubectl get events` shows it. */
  readonly reason: string;
  readonly message: string;
  /** Who says so; absent: `lockstep`. */
  readonly component?: string;
}

/** Kubernetes Events; losing one is no error. */
export interface EventRecorder {
  record(event: ClusterEvent): void;
}
