// What a comparison of one owner with the cluster found and did, as a value: for the log, metrics and Events.
import type { Drift, GoneReason } from '../core/decide-drift.ts';
import type { RevertRefusal } from '../core/decide-revert.ts';
import type { NotComparable } from '../core/drift.ts';
import type { OwnerRef } from '../core/engine.ts';
import type { ConfigRef } from '../core/object.ts';
import type { BusyReason } from '../core/revert.ts';

/** A config object of an owner. */
export interface Place {
  readonly config: ConfigRef;
  /** Empty where it does not exist. */
  readonly uid: string;
  readonly owner: OwnerRef;
  readonly revision: string | undefined;
}

/** A config object that differs from Git, told or about to be. */
export interface Drifted {
  readonly place: Place;
  /** Undefined while its owner is on its way. */
  readonly drift: Drift | undefined;
}

export type DriftOutcome =
  | (Place & { readonly kind: 'found' | 'changed'; readonly drift: Drift; readonly problem: string | undefined })
  /** `drift` is what was told before. */
  | (Place & { readonly kind: 'gone'; readonly reason: GoneReason; readonly drift: Drift })
  | (Place & { readonly kind: 'revert-refused'; readonly reason: RevertRefusal; readonly drift: Drift })
  | { readonly kind: 'revert-asked'; readonly owner: OwnerRef; readonly configs: readonly ConfigRef[] }
  | { readonly kind: 'revert-busy'; readonly owner: OwnerRef; readonly reason: BusyReason }
  | {
      readonly kind: 'not-rendered';
      readonly owner: OwnerRef;
      readonly reason: NotComparable;
      readonly detail: string;
    };
