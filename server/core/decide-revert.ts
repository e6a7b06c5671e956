// Is an engine asked to put Git's content back now? RESTART-PROTOCOL.md "What is decided for a change"; bounded as INVARIANTS.md I10 says.
import type { DriftReason } from './decide-drift.ts';
import type { DriftAction } from './drift-action.ts';

/** Why an engine is not asked. It is told once, and asked for again only where the reason can pass by itself. */
export const revertRefusals = {
  /** Git declares the object no more: to revert would be to delete it. */
  'not-declared': 'Git does not declare the object any more; to revert would be to delete it',
  /** Two engines confirm it, or none: to revert would be to take sides. */
  'owner-unconfirmed': 'the object is not confirmed to be this owner’s, and nobody else’s',
  'overwrites-ignored':
    'a sync would also overwrite what the Application ignores in this object, unless it has RespectIgnoreDifferences=true',
  'observe-mode': 'Lockstep runs with --mode=observe',
  'no-engine': 'no engine applies it; apply it again from Git',
  'engine-elsewhere': 'the engine is in another cluster, which Lockstep only reads',
  'owner-gone': 'the owner does not exist any more',
  'owner-deleting': 'the owner is being deleted',
  suspended: 'the owner is suspended',
  'skips-reconcile': 'the Application is annotated to be skipped',
  'other-cluster': 'the owner manages another cluster',
  'revision-unknown': 'it cannot be told which revision is applied',
  'drift-not-corrected': 'the HelmRelease corrects no drift: its driftDetection.mode is not enabled',
  forbidden: 'Lockstep has no right to patch the owner (manifests/revert.yaml)',
  'adopt-not-here': 'adopting drift by a pull request is not possible yet',
  /** It was asked as often as it may be, and the drift came back or stayed. */
  fighting: 'it was asked three times in ten minutes, and the drift is there',
} as const;
export type RevertRefusal = keyof typeof revertRefusals;

/** Three asks in ten minutes of one owner (I10). */
const fightWindowMs = 600_000;
const fightAsks = 3;
/** An engine that took the wish up is done by then, or will not be. */
export const askEveryMs = 30_000;

export interface RevertFacts {
  readonly now: number;
  readonly action: DriftAction;
  readonly reason: DriftReason;
  /** Its owner is an engine's resource, and not a source of the configuration. */
  readonly hasEngine: boolean;
  /** The object is the owner's, and nobody else's; or there is none. */
  readonly isConfirmed: boolean;
  /** Something else in the object would be overwritten that its owner is told to leave alone. */
  readonly overwrites: boolean;
  /** When this drift was found (ms). */
  readonly since: number;
  readonly mode: 'enforce' | 'observe';
  /** When the owner was asked (ms), oldest first. */
  readonly askedAt: readonly number[];
}

export type RevertDecision =
  | { readonly kind: 'none'; readonly reason: 'report' }
  | { readonly kind: 'ask'; readonly reason: 'revert' }
  | { readonly kind: 'wait'; readonly reason: 'asked'; readonly until: number }
  /** `until` undefined: something else has to change first. */
  | { readonly kind: 'refuse'; readonly reason: RevertRefusal; readonly until: number | undefined };

/** For one drifted config object. */
export function decideRevert(facts: RevertFacts): RevertDecision {
  const { now, action, reason, hasEngine, isConfirmed, overwrites, since, mode, askedAt } = facts;
  if (action === 'report') return { kind: 'none', reason: 'report' };
  if (action === 'adopt') return refuse('adopt-not-here');
  if (reason === 'not-declared') return refuse('not-declared');
  if (!hasEngine) return refuse('no-engine');
  if (!isConfirmed) return refuse('owner-unconfirmed');
  if (overwrites) return refuse('overwrites-ignored');
  if (mode === 'observe') return refuse('observe-mode');
  const last = askedAt.at(-1);
  if (last !== undefined && last >= since && now < last + askEveryMs) {
    return { kind: 'wait', reason: 'asked', until: last + askEveryMs };
  }
  const until = exhaustedUntil(askedAt, now);
  return until === undefined ? { kind: 'ask', reason: 'revert' } : refuse('fighting', until);
}

/** Until when an owner may not be asked any more; undefined: it may. */
export function exhaustedUntil(askedAt: readonly number[], now: number): number | undefined {
  const recent = askedAt.filter((at) => at > now - fightWindowMs);
  const oldest = recent.at(-fightAsks);
  return oldest === undefined ? undefined : oldest + fightWindowMs;
}

/** Those that still count. */
export function recentAsks(askedAt: readonly number[], now: number): readonly number[] {
  return askedAt.filter((at) => at > now - fightWindowMs).slice(-fightAsks);
}

function refuse(reason: RevertRefusal, until?: number): RevertDecision {
  return { kind: 'refuse', reason, until };
}
