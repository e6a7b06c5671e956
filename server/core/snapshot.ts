// All that one decision about a workload needs, as plain values. Times are milliseconds since the epoch.
import type { Acks, RestartKey } from './restart.ts';
import type { WorkloadRef } from './object.ts';

/** What Lockstep remembers about a workload (ledger). */
export interface WorkloadRecord {
  readonly uid: string;
  /** The highest restart counter known to have been written. */
  readonly n: number;
  readonly acks: Acks;
}

/** A change of a config object that can make a pod stale: of the used keys, or of the presence of an optional one. */
export interface Change {
  /** The write itself when `watched`; otherwise the version at which the change was found. */
  readonly resourceVersion: string;
  /** It was written no later; undefined when nothing tells (a key vanished while unwatched). */
  readonly at: number | undefined;
  /** It was written no earlier: a watch may deliver late. */
  readonly notBefore: number;
  /** Seen as an event of a watch without a gap. */
  readonly watched: boolean;
  /** `presence`: the object was created or deleted, whatever it held. */
  readonly what: 'content' | 'presence';
}

/** A config object as a pair sees it: only the used keys count. */
export interface PairObject {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAt: number;
  /** Digest of the used keys under each held digest key; the first is the current one. */
  readonly digests: readonly string[];
  /** Changes of used keys since `watchedSince`, oldest first, and what the ledger knew before. */
  readonly changes: readonly Change[];
  /** The version from which the watch has no gap. */
  readonly watchedSince: string;
  /** Newest time among the managedFields entries that own data. */
  readonly dataWrittenAt: number | undefined;
}

/** One config object that the workload uses. */
export interface Pair {
  /** `Secret/db`: also the name of its ack. */
  readonly name: string;
  readonly projection: string;
  /** Pods start without it. */
  readonly optional: boolean;
  /** Undefined while the config object does not exist. */
  readonly object: PairObject | undefined;
  /** Undefined while it exists, even where it does not count. */
  readonly gone: Gone | undefined;
}

/** A config object that the caches do not know. */
export interface Gone {
  /** It was deleted at this version at the latest; both are undefined when it happened while nobody watched. */
  readonly resourceVersion: string | undefined;
  readonly at: number | undefined;
  /** A read says so too: what a selector leaves out of the watch is in no cache and yet not deleted. */
  readonly confirmed: boolean;
}

/** Whether creations and deletions of config objects count as changes (Reloader’s three flags). */
export interface PresenceRules {
  readonly onCreate: boolean;
  readonly onDelete: boolean;
  /** What was created while Lockstep was down counts too; only with `onCreate`. */
  readonly atStart: boolean;
}

/** The ReplicaSet or ControllerRevision of the current template. */
export interface Revision {
  readonly createdAt: number;
  /** The version of its creation, when a watch without a gap delivered it. */
  readonly addedVersion: string | undefined;
  /** An earlier template was put back: its pods may be older than what is acked. */
  readonly reused: boolean;
}

export interface PodFacts {
  readonly createdAt: number;
  readonly current: boolean;
}

export interface WorkloadFacts {
  readonly ref: WorkloadRef;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAt: number;
  readonly restartKey: RestartKey | undefined;
}

export interface Snapshot {
  readonly now: number;
  readonly workload: WorkloadFacts;
  /** Undefined while the controller has not observed the template yet; withheld: it makes none of it before it is resumed. */
  readonly revision: Revision | 'withheld' | undefined;
  /** Read last, or undefined when not read. */
  readonly pods: readonly PodFacts[] | undefined;
  readonly pairs: readonly Pair[];
  readonly record: WorkloadRecord | undefined;
  /** The version at which the workload was opted in, when it was seen before without. */
  readonly optedInAt: string | undefined;
  /** Everything until here was decided; undefined when unknown. */
  readonly settledAt: number | undefined;
  /** Facts were read in the order workload, ledger, config objects, revisions and pods, not from caches of any age. */
  readonly proven: boolean;
  /** Resource versions of different resources are in one order (self-tested). */
  readonly oneOrder: boolean;
  readonly presence: PresenceRules;
  /** Objects created later than this were not there when the process before ended; undefined when unknown. */
  readonly inheritedAt: number | undefined;
}
