// What one owner declares, rendered and reduced to digests.
import type { DeclaredContent } from './drift.ts';
import type { ErrorCode } from './errors.ts';
import type { LeaveMark, LeaveRule } from './leave-rule.ts';
import type { ConfigRef, WorkloadRef } from './object.ts';

export interface DeclaredConfig {
  readonly ref: ConfigRef;
  readonly content: DeclaredContent;
  /** File it came from, from the repository's root; undefined when a tool made it. */
  readonly path: string | undefined;
  /** By which its engine may leave it alone. Absent: none. */
  readonly marks?: readonly LeaveMark[];
}

export interface DeclaredWorkload {
  readonly ref: WorkloadRef;
  /** Digest of the pod template as declared: another one is a rollout by the engine itself. */
  readonly template: string;
}

export interface Declaration {
  /** By `objectKey`. */
  readonly configs: ReadonlyMap<string, DeclaredConfig>;
  readonly workloads: ReadonlyMap<string, DeclaredWorkload>;
  /** Manifests that could not be read, for a person: place and reason, never content. */
  readonly problems: readonly string[];
  /** What of it the owner leaves as it is in the cluster. Absent: nothing. */
  readonly leaves?: readonly LeaveRule[];
}

/** A repository of a kind that is not read: no trouble that passes, only not comparable. */
export const refusedSources: readonly ErrorCode[] = ['git-url-refused', 'git-path-refused'];
