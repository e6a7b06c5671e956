// What to do about a source: given what Git lacks, the branch and the pull requests so far.
import type { PullRequest } from './forge.ts';
import type { WorkloadRef } from './object.ts';
import { objectKey } from './object.ts';
import type { Change } from './record.ts';
import { fingerprint, slotOf } from './record.ts';

/** ours: its last commit is Lockstep's. foreign: a person committed; merged when the base has it all. */
export type BranchState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'ours'; readonly result: string }
  | { readonly kind: 'foreign'; readonly merged: boolean };

/** A workload whose checksums cannot be written into Git, and why. */
export interface NotRecordable {
  readonly workload: WorkloadRef;
  /** The row of the catalogue that says what to do. */
  readonly code: 'manifest-not-found' | 'manifest-unreadable' | 'manifest-not-editable';
  readonly reason: string;
  readonly detail: string;
}

export interface SourceSnapshot {
  /** What the base lacks and its manifests can carry, without what a person decided against. */
  readonly changes: readonly Change[];
  /** Identity of the files that the changes result in. */
  readonly result: string;
  readonly notRecordable: readonly NotRecordable[];
  /** Decided against by a person. */
  readonly declined: readonly Change[];
  readonly branch: BranchState;
  /** Of this base and branch, newest first. */
  readonly pulls: readonly PullRequest[];
}

export type SourceDecision =
  | {
      readonly action: 'none';
      readonly reason: 'nothing-to-record' | 'already-open-and-current' | 'refused-by-person' | 'not-recordable';
    }
  | { readonly action: 'yield'; readonly reason: 'person-committed' }
  | { readonly action: 'close'; readonly reason: 'obsolete'; readonly pull: PullRequest }
  | { readonly action: 'open'; readonly reason: 'checksums-missing'; readonly branch: 'publish' | 'keep' }
  | {
      readonly action: 'update';
      readonly reason: 'checksums-changed' | 'base-changed';
      readonly branch: 'publish' | 'keep';
      readonly pull: PullRequest;
    };

/** Splits off what a person merged or closed before: the last pull request that ended decides, slot by slot (I4). */
export function separateDeclined(
  changes: readonly Change[],
  pulls: readonly PullRequest[],
): { readonly wanted: readonly Change[]; readonly declined: readonly Change[] } {
  const ended = pulls
    .filter((pull) => pull.state !== 'open' && pull.endedBy === 'person')
    .sort((a, b) => b.number - a.number);
  const isDeclined = (change: Change): boolean => {
    const slot = slotOf(change);
    const last = ended.find((pull) => Object.hasOwn(pull.proposed, slot));
    return last?.proposed[slot] === fingerprint([change])[slot];
  };
  return { wanted: changes.filter((change) => !isDeclined(change)), declined: changes.filter(isDeclined) };
}

/** Never proposes what is there, never overwrites a person, never opens a second pull request. */
export function decideSource(snapshot: SourceSnapshot): SourceDecision {
  const pull = snapshot.pulls.find(({ state }) => state === 'open');
  if (snapshot.changes.length === 0) return decideWithoutChanges(snapshot, pull);
  if (snapshot.branch.kind === 'foreign' && !snapshot.branch.merged)
    return { action: 'yield', reason: 'person-committed' };
  const isPublished = snapshot.branch.kind === 'ours' && snapshot.branch.result === snapshot.result;
  const branch = isPublished ? 'keep' : 'publish';
  if (pull === undefined) return { action: 'open', reason: 'checksums-missing', branch };
  const isSame = JSON.stringify(sortKeys(pull.proposed)) === JSON.stringify(fingerprint(snapshot.changes));
  if (isSame && isPublished) return { action: 'none', reason: 'already-open-and-current' };
  return { action: 'update', reason: isSame ? 'base-changed' : 'checksums-changed', branch, pull };
}

function decideWithoutChanges(snapshot: SourceSnapshot, pull: PullRequest | undefined): SourceDecision {
  if (pull === undefined) {
    if (snapshot.declined.length > 0) return { action: 'none', reason: 'refused-by-person' };
    return { action: 'none', reason: snapshot.notRecordable.length > 0 ? 'not-recordable' : 'nothing-to-record' };
  }
  if (snapshot.branch.kind === 'foreign') return { action: 'yield', reason: 'person-committed' };
  // A manifest that cannot be read now may be readable soon: its pull request stays.
  const hidden = new Set(snapshot.notRecordable.map(({ workload }) => objectKey(workload)));
  const isHidden = Object.keys(pull.proposed).some((slot) => hidden.has(slot.split(' ')[0] ?? ''));
  return isHidden ? { action: 'none', reason: 'not-recordable' } : { action: 'close', reason: 'obsolete', pull };
}

function sortKeys(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
