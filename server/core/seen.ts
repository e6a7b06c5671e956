// What the reflectors hand on: objects of the cluster reduced to the facts that decisions need. None can hold a Secret's value.
import type { ContentDigests } from './digest.ts';
import type { ConfigFields } from './drift.ts';
import type { OwnershipMarks } from './engine.ts';
import type { ConfigRef, WorkloadKindFacts, WorkloadRef } from './object.ts';
import type { PauseFacts } from './pause-period.ts';
import type { Reference } from './references.ts';
import type { Annotations } from './annotations.ts';
import type { Labels } from './selector.ts';
import type { TemplateMark } from './reloader-marks.ts';
import type { CompiledReload } from './reload-compile.ts';
import type { RestartKey } from './restart.ts';

export interface SeenConfig {
  readonly ref: ConfigRef;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAt: number;
  /** Under each held digest key, the current one first. */
  readonly contents: readonly ContentDigests[];
  /** Those annotations that the reload rules read. */
  readonly annotations: Annotations;
  /** Marked by annotation as not restarting anything. */
  readonly ignored: boolean;
  /** Beside the data; absent: an Opaque Secret or a ConfigMap that can be changed. */
  readonly fields?: ConfigFields;
  /** Newest time (ms) among the managedFields entries that own data. */
  readonly dataWrittenAt: number | undefined;
  /** Names of the field managers that own data, newest first; a few. Clients choose them: plain characters only. */
  readonly writers: readonly string[];
  /** What it says about who owns it; absent: nothing. */
  readonly ownership?: OwnershipMarks;
}

export interface SeenWorkload {
  readonly ref: WorkloadRef;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAt: number;
  /** What its annotations ask for; undefined when no change can restart it. */
  readonly reload: CompiledReload | undefined;
  /** One sentence for each annotation whose value cannot be used. */
  readonly problems: readonly string[];
  /** References to the kinds for which they count. */
  readonly references: readonly Reference[];
  readonly restartKey: RestartKey | undefined;
  /** What Reloader left on its pod template. */
  readonly marks: readonly SeenMark[];
  /** `lockstep.dev/*` and `checksum.lockstep.dev/*` annotations of the object itself. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Label selector of its pods, as text. */
  readonly podSelector: string;
  /** Names the current ReplicaSet (revision number) or ControllerRevision (name; newest when empty); undefined while unobserved. */
  readonly currentRevision: string | undefined;
  /** Of kinds whose revisions are not watched: since when its pods can exist (ms; 0: unknown). Then no revision is looked for. */
  readonly podsSince: number | undefined;
  /** How its pods are replaced. */
  readonly restart: WorkloadKindFacts['restart'];
  /** By a person: only a person resumes it. */
  readonly paused: boolean;
  /** What its annotations say about pauses for a period; absent: nothing. */
  readonly pause?: PauseFacts | undefined;
  /** Why no change restarts it whatever it asks for: what runs next reads the new content, or nothing runs any more. */
  readonly dormant: 'suspended' | 'finished' | undefined;
  /** A run is in progress beside which no other may start. */
  readonly running: boolean;
  /** Of a CronJob: no run may start beside another (concurrencyPolicy Forbid). */
  readonly runsAlone?: boolean;
  /** Of a Job: the CronJob that it is a run of, as text. */
  readonly runOf?: string;
  /** Pods stay until somebody deletes them: OnDelete, or a StatefulSet partition. */
  readonly waitsForDelete: boolean;
  /** All replicas run the current template and are available. */
  readonly rolledOut: boolean;
  /** Its controller gave up waiting for progress of the current template (a Deployment's ProgressDeadlineExceeded). */
  readonly failed: boolean;
  readonly deleting: boolean;
  /** What it says about who owns it; absent: nothing. */
  readonly ownership?: OwnershipMarks;
}

export type SeenMark = TemplateMark & {
  /** Reloader's field manager owns it; otherwise somebody put it back or copied it. */
  readonly byReloader: boolean;
};

/** A ReplicaSet or ControllerRevision. */
export interface SeenRevision {
  readonly uid: string;
  readonly ownerUid: string;
  readonly name: string;
  /** Deployment's revision annotation, or the ControllerRevision's number. */
  readonly number: string;
  readonly createdAt: number;
  readonly resourceVersion: string;
  /** The pods' label controller-revision-hash. */
  readonly hash: string;
}

export interface SeenNamespace {
  readonly name: string;
  readonly resourceVersion: string;
  readonly labels: Labels;
  readonly paused: boolean;
  /** Its `lockstep.dev/drift`; absent: none. */
  readonly drift?: string;
}

/**
 * One thing a reflector tells. `listed` comes from a list; `found` too, of an object that was not there in the lists and watches
 * before; `added` and `modified` come from a watch without a gap. An absence was watched, or found by a list. `version` is the event's resourceVersion.
 */
export type SeenEvent<T> = Presence<T> | Absence;

export interface Presence<T> {
  readonly present: true;
  readonly how: 'listed' | 'found' | 'added' | 'modified';
  readonly object: T;
  readonly version: string;
}

/** Whether a watch without a gap told it. */
export function wasWatched({ how }: Pick<Presence<unknown>, 'how'>): boolean {
  return how === 'added' || how === 'modified';
}

export interface Absence {
  readonly present: false;
  readonly watched: boolean;
  readonly key: string;
  readonly version: string;
}
