// What an engine leaves as it is in the cluster, as its resources or the objects themselves say it. Plain data: it is part of a plan.
import { valueOf, type Annotations } from './annotations.ts';
import type { ConfigFields } from './drift.ts';
import type { ConfigKind } from './object.ts';

/** One thing that is left. */
export interface LeaveRule extends LeftParts {
  /** Which objects: absent, any. */
  readonly kind?: ConfigKind;
  readonly namespace?: string;
  readonly name?: string;
  /** Only those with this label or annotation: on what is declared, or on that or the live object. Case of `value` does not matter. */
  readonly mark?: { readonly key: LeaveKey; readonly value: string; readonly on: 'declared' | 'either' };
  /** Who puts back another key of the object overwrites it all the same. */
  readonly overwritten?: true;
  /** It is not created either where it does not exist. */
  readonly absent?: 'left';
}

export interface LeftParts {
  /** `undeclared`: those that Git does not declare. */
  readonly keys: readonly string[] | 'undeclared' | 'all';
  readonly fields: readonly (keyof ConfigFields)[];
}

/** Labels or annotations by which a single object is left (fluxcd/kustomize-controller, docs "Controlling the apply behavior"). */
export const leaveKeys = ['kustomize.toolkit.fluxcd.io/ssa', 'kustomize.toolkit.fluxcd.io/reconcile'] as const;
export type LeaveKey = (typeof leaveKeys)[number];

/** Of a declared object: `<key>=<value>`, in lower case. */
export type LeaveMark = `${LeaveKey}=${string}`;

/** An object, declared or live, by what is written on it. */
export interface Marked {
  readonly labels: Annotations;
  readonly annotations: Annotations;
}

export function readLeaveMarks({ labels, annotations }: Marked): readonly LeaveMark[] {
  return leaveKeys.flatMap((key) =>
    [valueOf(labels, key), valueOf(annotations, key)].flatMap((value): LeaveMark[] =>
      value === undefined ? [] : [`${key}=${value.toLowerCase()}`],
    ),
  );
}
