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

export const nothing: LeftParts = { keys: [], fields: [] };
/** Nothing can be told apart. */
export const everything: LeftParts = { keys: 'all', fields: ['type', 'immutable'] };

/** RFC 6901: `~1` is a slash, `~0` a tilde. The whole object: an empty pointer. One that is none points to nothing. */
export function readPointer(text: string): LeftParts {
  const [start, field, key] = text.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (field === undefined) return start === '' ? everything : nothing;
  return partAt(field, key);
}

/** `key` undefined: all of the field. */
export function partAt(field: string, key: string | undefined): LeftParts {
  if (field === 'type' || field === 'immutable') return { keys: [], fields: [field] };
  if (!isData(field)) return nothing;
  return { keys: key === undefined ? 'all' : [key], fields: [] };
}

export function isData(field: string): boolean {
  return field === 'data' || field === 'binaryData' || field === 'stringData';
}

export function joinParts(parts: readonly LeftParts[]): LeftParts {
  const all = parts.some(({ keys }) => keys === 'all');
  return {
    keys: all ? 'all' : parts.flatMap(({ keys }) => (typeof keys === 'string' ? [] : keys)),
    fields: [...new Set(parts.flatMap(({ fields }) => fields))],
  };
}

/**
 * Labels or annotations by which a single object is left (fluxcd/kustomize-controller, docs "Controlling the apply behavior";
 * fluxcd/helm-controller, docs "Drift detection").
 */
export const leaveKeys = [
  'kustomize.toolkit.fluxcd.io/ssa',
  'kustomize.toolkit.fluxcd.io/reconcile',
  'helm.toolkit.fluxcd.io/driftDetection',
] as const;
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
