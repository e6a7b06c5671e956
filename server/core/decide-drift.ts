// What is told of one config object after its owner's sources were compared with the cluster: drift found, changed, gone, or nothing.
import type { Attribution, Origin } from './attribution.ts';
import type { Comparison, ConfigFields, NotComparable } from './drift.ts';
import type { EngineProgress } from './engine.ts';
import { engineDeadlineMs } from './engine-wait.ts';

/** `missing`: declared, and not there. `not-declared`: there as the owner's, and Git declares it no more. */
export type DriftReason = 'different' | 'missing' | 'not-declared';

/** Drift as it was told. Names of keys only. */
export interface Drift {
  readonly reason: DriftReason;
  /** Data keys that differ, sorted; of very many the first. */
  readonly keys: readonly string[];
  readonly fields: readonly (keyof ConfigFields)[];
  /** When it was found (ms). */
  readonly since: number;
  readonly origin: Origin;
  /** The field manager that wrote what differs, where it is one and known. */
  readonly writer: string | undefined;
  /** To put it back would overwrite what the owner is told to leave alone. Absent: it would not. */
  readonly overwrites?: true;
}

export type Finding =
  | { readonly kind: 'same' }
  | { readonly kind: 'not-comparable'; readonly reasons: readonly NotComparable[] }
  | ({ readonly kind: 'differs' } & Pick<Drift, 'reason' | 'keys' | 'fields' | 'overwrites'>)
  /** Nothing says that it should be there, or can be seen. */
  | { readonly kind: 'not-judged' };

export interface DriftFacts {
  readonly now: number;
  /** What was told last; undefined: nothing, or that it is gone. */
  readonly told: Drift | undefined;
  readonly finding: Finding;
  /** Of what differs; undefined where nothing is live. */
  readonly attribution: Pick<Attribution, 'origin' | 'writer'> | undefined;
  /** Of the owner. */
  readonly progress: EngineProgress;
  /** Since when it differs untold because the owner is on its way (ms). */
  readonly waitingSince: number | undefined;
}

export type DriftDecision =
  | { readonly kind: 'nothing'; readonly reason: 'equal' | 'told' | 'not-judged' | 'written-by-engine' }
  | { readonly kind: 'not-comparable'; readonly reason: NotComparable; readonly reasons: readonly NotComparable[] }
  | { readonly kind: 'wait'; readonly reason: 'engine-on-its-way'; readonly until: number }
  | { readonly kind: 'found' | 'changed'; readonly reason: DriftReason; readonly drift: Drift }
  | { readonly kind: 'gone'; readonly reason: GoneReason };

export type GoneReason = 'equal' | 'not-comparable' | 'not-judged' | 'written-by-engine';

/** A person reads no more; metrics and Events must not grow with an object. */
const keysMost = 50;

export function decideDrift(facts: DriftFacts): DriftDecision {
  const { finding, told } = facts;
  switch (finding.kind) {
    case 'same':
      return end(told, 'equal');
    case 'not-judged':
      return end(told, 'not-judged');
    case 'not-comparable': {
      const [reason = 'not-rendered'] = finding.reasons;
      const { reasons } = finding;
      return told === undefined
        ? { kind: 'not-comparable', reason, reasons }
        : { kind: 'gone', reason: 'not-comparable' };
    }
    case 'differs':
      return decideDifference(facts, finding);
  }
}

function end(told: Drift | undefined, reason: Exclude<GoneReason, 'not-comparable'>): DriftDecision {
  return told === undefined ? { kind: 'nothing', reason } : { kind: 'gone', reason };
}

function decideDifference(facts: DriftFacts, finding: Finding & { readonly kind: 'differs' }): DriftDecision {
  const { now, told, attribution, progress, waitingSince } = facts;
  // It applied another revision than it says so far: restarts for that come from the content itself.
  if (attribution?.origin === 'git') return end(told, 'written-by-engine');
  if (told === undefined && progress.kind === 'on-its-way') {
    const until = progress.until ?? (waitingSince ?? now) + engineDeadlineMs;
    if (now < until) return { kind: 'wait', reason: 'engine-on-its-way', until };
  }
  const { reason } = finding;
  const drift: Drift = {
    reason,
    keys: finding.keys.slice(0, keysMost),
    fields: finding.fields,
    since: told?.since ?? now,
    origin: attribution?.origin ?? 'unknown',
    writer: attribution?.writer?.manager,
    ...(finding.overwrites === true ? { overwrites: true } : {}),
  };
  if (told === undefined) return { kind: 'found', reason, drift };
  return isSame(told, drift) ? { kind: 'nothing', reason: 'told' } : { kind: 'changed', reason, drift };
}

function isSame(a: Drift, b: Drift): boolean {
  const text = ({ reason, keys, fields, origin, writer, overwrites }: Drift): string =>
    JSON.stringify([reason, keys, fields, origin, writer, overwrites]);
  return text(a) === text(b);
}

export interface Compared {
  readonly comparison: Comparison;
  readonly isLive: boolean;
}

/** A declared object against the live one. That it is not there is drift also where its content cannot be compared. */
export function findDifference({ comparison, isLive }: Compared): Finding {
  const { answer, keys, fields, reasons } = comparison;
  const differing = [...keys].flatMap(([name, key]) =>
    key.answer === 'equal' || key.answer === 'not-comparable' ? [] : [name],
  );
  if (!isLive && answer !== 'not-comparable') return { kind: 'differs', reason: 'missing', keys: differing, fields };
  if (answer === 'different') return { kind: 'differs', reason: 'different', keys: differing, fields };
  return answer === 'equal' ? { kind: 'same' } : { kind: 'not-comparable', reasons };
}
