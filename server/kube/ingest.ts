// How objects of the API server are reduced to the facts that Lockstep keeps: what all of them share.
import type { DigestKey } from '../core/digest.ts';
import type { Annotations } from '../core/annotations.ts';
import type { PauseKeys } from '../core/pause-period.ts';
import type { ReferenceRules } from '../core/references.ts';
import type { ReloadRules } from '../core/reloader-keys.ts';

export interface Parsed<T> {
  readonly key: string;
  readonly value: T;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly generation?: number;
  readonly annotations?: Annotations;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    readonly uid: string;
    readonly controller?: boolean;
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly name?: string;
  }[];
  readonly managedFields?: readonly ManagedFields[];
}

export interface ManagedFields {
  readonly manager?: string;
  readonly time?: string;
  readonly fieldsV1?: object;
}

/** How objects are read. */
export interface Reading extends ReferenceRules {
  readonly keys: readonly DigestKey[];
  readonly rules: ReloadRules;
  readonly pauseKeys: PauseKeys;
  /** Labels by which Argo CD knows its objects, besides its default; absent: none. */
  readonly instanceLabels?: readonly string[];
}
