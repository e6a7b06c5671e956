// What a comparison of the cluster with Git consists of. Its field names and words are the stable form of `lockstep diff -o json`.
import type { AttributionReason, Origin, WriterKind } from './attribution.ts';
import type { ConfigFields, KeyAnswer, NotComparable } from './drift.ts';
import type { OwnerRef } from './engine.ts';
import type { ConfigRef, WorkloadRef } from './object.ts';
import type { Producer } from './producer.ts';
import type { Recorded } from './recorded.ts';

/** `argocd Application argocd/shop`, `source/shop` */
export function describeOwner({ engine, kind, namespace, name }: OwnerRef): string {
  return engine === 'none' ? `${kind}/${name}` : `${engine} ${kind} ${namespace}/${name}`;
}

/** `not-declared`: it is live, and nothing that was read declares it. `missing`: it is declared, and not live. */
export const diffAnswers = ['different', 'missing', 'not-comparable', 'not-declared', 'equal'] as const;
export type DiffAnswer = (typeof diffAnswers)[number];

export interface DiffKey {
  readonly name: string;
  readonly answer: KeyAnswer['answer'];
  readonly reason?: NotComparable;
  /** The first characters of the digest. */
  readonly declared?: string;
  readonly live?: string;
}

export interface DiffSource {
  readonly repository: string;
  readonly path?: string;
  readonly revision?: string;
}

export interface DiffWriter {
  readonly manager: string;
  readonly kind: WriterKind;
  readonly operation: 'Apply' | 'Update';
  /** ISO 8601: what it owns was not set later. */
  readonly notAfter?: string;
}

export interface DiffRow {
  readonly config: ConfigRef;
  /** Absent: nobody. */
  readonly owner?: OwnerRef;
  /** Why that is the owner, or why there is none: a mark of the engine, or `declared`. */
  readonly because: string;
  readonly sources: readonly DiffSource[];
  /** The file that declares it; absent when a tool made it. */
  readonly file?: string;
  readonly answer: DiffAnswer;
  readonly keys: readonly DiffKey[];
  /** Fields beside the data that differ. */
  readonly fields: readonly (keyof ConfigFields)[];
  readonly reasons: readonly { readonly reason: NotComparable; readonly says: string }[];
  /** What in particular was refused or failed. */
  readonly detail?: string;
  /** Of the keys that differ and are live, else of all; absent when it is not live. */
  readonly origin?: Origin;
  readonly originBecause?: AttributionReason;
  /** Who alone set these keys. */
  readonly writer?: DiffWriter;
  /** All that own any of them, newest first. */
  readonly writers: readonly DiffWriter[];
  readonly producer?: Producer;
  /** Those whose pod template refers to it. */
  readonly workloads: readonly WorkloadRef[];
  readonly recorded: Recorded;
}

/** A part of the answer that is missing, in one sentence. */
export interface DiffGap {
  readonly about: string;
  readonly says: string;
}

export interface Diff {
  /** Absent: all. */
  readonly namespace?: string;
  /** As it was asked for; absent: what is applied. */
  readonly revision?: string;
  readonly summary: Readonly<Record<DiffAnswer, number>>;
  readonly rows: readonly DiffRow[];
  readonly gaps: readonly DiffGap[];
}
