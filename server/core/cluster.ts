// The ports through which the loop reads and writes the cluster.
import type { ConfigKind, ConfigRef, WorkloadKindFacts, WorkloadRef } from './object.ts';
import type { MarkVerdict, ReloaderMark } from './reloader-marks.ts';
import type { RestartKey } from './restart.ts';
import type { SeenConfig, SeenWorkload } from './seen.ts';
import type { PodFacts } from './snapshot.ts';

/** Reads past every cache. */
export interface Reads {
  /** Undefined when it does not exist. Throws `api-*`. */
  workload(ref: WorkloadRef, signal: AbortSignal): Promise<SeenWorkload | undefined>;
  config(ref: ConfigRef, signal: AbortSignal): Promise<SeenConfig | undefined>;
  /** Compares Reloader's hashes with that of the live content, which stays in there. Throws `api-*`. */
  compareMarks(question: MarkQuestion, signal: AbortSignal): Promise<MarkVerdict['kind'] | 'moved'>;
  /** The pods that `workload` selects; without a known revision all count as current. */
  pods(
    workload: SeenWorkload,
    current: RevisionIdentity | undefined,
    signal: AbortSignal,
  ): Promise<readonly PodFacts[]>;
}

/** Does one of these marks stand for this version of the config object? `moved`: there is another version, or none. */
export interface MarkQuestion {
  readonly config: ConfigRef;
  readonly resourceVersion: string;
  readonly marks: readonly ReloaderMark[];
}

export interface RevisionIdentity {
  readonly uid: string;
  readonly hash: string;
}

/** A restart that is owed, as decided on one version of the workload. */
export interface RestartOrder {
  readonly ref: WorkloadRef;
  readonly uid: string;
  /** How: by the kind, and for some by annotation. */
  readonly restart: WorkloadKindFacts['restart'];
  /** What the write must still find. */
  readonly resourceVersion: string;
  readonly key: RestartKey;
  readonly sources: readonly RestartSource[];
  /** Paused in the same write, from this time on (ms); undefined: its pause stays what it is. */
  readonly pausedAt: number | undefined;
}

/** The end of a pause, as decided on one version of the Deployment. */
export type ResumeOrder = Pick<RestartOrder, 'ref' | 'resourceVersion'>;

/** A config object that the restart is for, and the rule that chose it. */
export interface RestartSource {
  readonly kind: ConfigKind;
  readonly name: string;
  readonly how: 'named' | 'search' | 'auto';
  readonly content: 'live' | 'deleted';
  /** A restart is owed even where Reloader's hash is in place: equal hashes, or content that was away and is back. */
  readonly certain: boolean;
}

/** The workload as the restart left it. */
export interface Restarted {
  /** Another one where it was created anew. */
  readonly uid: string;
  readonly version: string;
}

/** The only writes to users' objects; one implementation for each strategy. */
export interface RestartWriter {
  /** Whether the restart key stays on the workload after such a restart. Otherwise it carries no counter. */
  leavesKey(restart: WorkloadKindFacts['restart']): boolean;
  /**
   * Undefined when the template says so already. Throws `api-conflict` when the workload changed since, `api-invalid` and
   * `api-forbidden` when it is refused, `job-lost`.
   */
  restart(order: RestartOrder, signal: AbortSignal): Promise<Restarted | undefined>;
  /** Ends a pause and removes its mark. Returns the new resourceVersion; throws the same. */
  resume(order: ResumeOrder, signal: AbortSignal): Promise<string>;
}

export interface ClusterEvent {
  /** A workload or config object. */
  readonly about: (WorkloadRef | ConfigRef) & { readonly uid: string };
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
