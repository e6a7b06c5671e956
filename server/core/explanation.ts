// What an explanation consists of. Its field names and reason words are the stable form of `lockstep explain -o json`.
import type { Acked, Owed } from './decide-workload.ts';
import type { Projection } from './digest.ts';
import type { HoldReason } from './hold.ts';
import type { SeenWorkload } from './seen.ts';
import type { ConfigKind, ConfigRef, WorkloadRef } from './object.ts';
import type { ResumeReason } from './pause-period.ts';
import type { ReloadDecision, ReloadRefusal } from './reload.ts';
import type { KindRules } from './reload-compile.ts';

/** Why nothing is restarted: for now, or as long as it is as it is. */
export type Withheld = HoldReason | NonNullable<SeenWorkload['dormant']> | 'namespace-not-watched';

/** Why a part of the answer is missing, or is another than usual. */
export type Gap =
  | 'ledger-unreadable'
  | 'ledger-empty'
  | 'digest-key-unreadable'
  | 'digest-key-absent'
  | 'pause-switch-unreadable'
  | 'namespace-labels-unreadable'
  | 'names-unlisted'
  | 'pods-unreadable'
  | 'events-unreadable'
  | 'webhook-url';

/** A Kubernetes Event of Lockstep about the workload: what it last decided. `at` as the API server writes times. */
export interface LastEvent {
  readonly at: string;
  readonly reason: string;
  readonly message: string;
}

/** How a kind of config object restarts the workload; no ways: not at all. */
export interface OptInExplanation {
  readonly config: ConfigKind;
  readonly level: KindRules['level'];
  readonly ways: readonly { readonly how: 'named' | 'search' | 'auto'; readonly by: string }[];
  /** Auto is written and is not true. */
  readonly turnedOff: boolean;
}

export interface AckExplanation {
  readonly from: 'restart-key' | 'ledger';
  /** Key id and the first characters. */
  readonly digest: string;
  readonly keys: string;
  readonly resourceVersion: string;
}

/** Live content against the ack. */
export type Comparison =
  { readonly kind: 'same' | 'different' } | { readonly kind: 'not-comparable'; readonly reason: Incomparable };

export type Incomparable =
  | 'never-acked'
  | 'missing'
  | 'unreadable'
  | 'config-ignored'
  | 'other-keys'
  | 'digest-key-unreadable'
  | 'digest-key-absent'
  | 'unknown-digest-key';

/** `held`: it would be owed, and not written until the reason is gone. */
export type Consequence =
  | { readonly action: 'restart' }
  /** To --webhook-url, instead of a restart. */
  | { readonly action: 'post' }
  | { readonly action: 'held'; readonly reason: Withheld }
  | { readonly action: 'nothing'; readonly reason: ReloadRefusal | 'creation-not-counted' };

export interface UseExplanation {
  readonly config: ConfigRef;
  readonly keys: Projection;
  readonly optional: boolean;
  readonly state: 'exists' | 'missing' | 'unreadable';
  readonly rule: ReloadDecision;
  readonly level: KindRules['level'];
  readonly acked?: AckExplanation;
  readonly content: Comparison;
  /** Of an object that does not exist: if it is created. */
  readonly ifChanged: Consequence;
  /** Absent: it does not exist, or deletions do not count. */
  readonly ifDeleted?: Consequence;
}

export type Pending =
  | { readonly kind: 'restart'; readonly owed: readonly Owed[]; readonly held?: Withheld }
  | { readonly kind: 'nothing'; readonly reason: 'in-step' | 'not-opted-in' | 'webhook-url' }
  /** No restart, but what is in use now is yet to be noted. */
  | { readonly kind: 'record'; readonly acked: readonly Acked[] }
  | { readonly kind: 'unknown'; readonly reason: Gap | 'unreadable' };

/** The pause for a period: it comes with the next restart, lasts until a time, or is over and waits for Lockstep. */
export type PauseExplanation =
  | { readonly kind: 'next'; readonly period: string }
  | { readonly kind: 'until'; readonly resumeAt: string }
  | { readonly kind: 'due'; readonly reason: ResumeReason };

export interface WorkloadExplanation {
  readonly workload: WorkloadRef;
  readonly optedIn: readonly OptInExplanation[];
  readonly problems: readonly string[];
  /** As its pod template counts them; undefined when it carries no restart key. */
  readonly restarts?: number;
  readonly lastEvent?: LastEvent;
  readonly pending: Pending;
  readonly held?: Withheld;
  readonly pause?: PauseExplanation;
  readonly waitsForDelete: boolean;
  readonly rolledOut: boolean;
  readonly gaps: readonly Gap[];
  readonly uses: readonly UseExplanation[];
}

export interface UserExplanation {
  readonly workload: WorkloadRef;
  /** What its pod template reads; undefined when only an annotation names the config object. */
  readonly keys?: Projection;
  readonly rule: ReloadDecision;
  readonly level: KindRules['level'];
  readonly ifChanged: Consequence;
  /** Absent: deletions do not count. */
  readonly ifDeleted?: Consequence;
  readonly waitsForDelete: boolean;
}

export interface ConfigExplanation {
  readonly config: ConfigRef;
  readonly gaps: readonly Gap[];
  /** Those that refer to it or name it, the restarted ones first. */
  readonly workloads: readonly UserExplanation[];
}
