// Does one config object owe its workload a restart? RESTART-PROTOCOL.md rules 5 to 10, and creations and deletions where they count.
import { keyIdOf } from './digest.ts';
import {
  allNewer,
  changeMoment,
  creationMoment,
  findAbsence,
  isReused,
  judgeFreshness,
  lastChange,
  skewAllowanceMs,
  wasBornIn,
  type Moment,
} from './freshness.ts';
import { isNewer } from './object.ts';
import { saysDeleted, type Ack } from './restart.ts';
import type { Pair, PairObject, Snapshot, WorkloadRecord } from './snapshot.ts';

/** Why a restart is owed for a pair. */
export type OwedReason =
  'changed' | 'changed-before-first-sight' | 'returned' | 'blind-return' | 'undone' | 'created' | 'deleted';

/** Why a pair needs no restart although its ack moves. */
export type AckReason =
  | 'baseline'
  | 'stale-at-opt-in'
  | 'fresh'
  | 'returned-unread'
  | 'unknown-digest-key'
  | 'still-fresh'
  /** It came back after its deletion was acted on, and creations do not count. */
  | 'reappeared'
  /** Rule 14, said of a baseline: Reloader's hash in place is that of the live content, or of another. */
  | 'reloader-hash'
  | 'reloader-hash-differs';

/** What a decision may still need. */
export type Facts = 'revision' | 'reads' | 'pods';

export type Verdict =
  | { readonly kind: 'keep' }
  | { readonly kind: 'look'; readonly facts: Facts }
  | { readonly kind: 'ack'; readonly reason: AckReason }
  | { readonly kind: 'owed'; readonly reason: OwedReason };

/** What is known when a pair is judged. */
export interface Case {
  readonly snapshot: Snapshot;
  readonly record: WorkloadRecord;
  /** Rule 10: somebody put an earlier template back. */
  readonly undone: boolean;
}

export function judgePair({ snapshot, record, undone }: Case, pair: Pair): Verdict {
  const stored = record.acks[pair.name];
  const { object } = pair;
  if (object === undefined) return stored === undefined ? keep : judgeGone({ snapshot, record, undone }, pair, stored);
  const ack = stored?.projection === pair.projection || (stored && saysDeleted(stored)) ? stored : undefined;
  if (ack === undefined) return judgeFirstSight(snapshot, object, stored === undefined ? 'unknown' : 'known');
  if (isLagging(object, ack)) return snapshot.proven ? keep : lookAtReads;
  if (saysDeleted(ack)) return judgeReappeared(snapshot, pair, object);
  const live = object.digests.find((digest) => keyIdOf(digest) === keyIdOf(ack.digest));
  if (live === undefined) return { kind: 'ack', reason: 'unknown-digest-key' };
  if (live !== ack.digest && !(undone && lastChange(object) !== undefined)) return judgeChanged(snapshot, object);
  if (undone || isReused(snapshot.revision)) return judgeUndone(snapshot, lastChange(object));
  return judgeSame(snapshot, object, ack);
}

const keep: Verdict = { kind: 'keep' };
const lookAtReads: Verdict = { kind: 'look', facts: 'reads' };

/** Rule 5: a config object older than its ack is a cache that lags; deciding on it could repeat or undo a restart. */
function isLagging(object: PairObject, ack: Ack): boolean {
  if (object.uid !== ack.uid) return false;
  return saysDeleted(ack) || isNewer(ack.resourceVersion, object.resourceVersion);
}

/** Rule 8. What was stale when it was opted in is reported; what changed since then counts. */
function judgeFirstSight(snapshot: Snapshot, object: PairObject, pair: 'unknown' | 'known'): Verdict {
  const { optedInAt, oneOrder } = snapshot;
  const change = lastChange(object);
  const isSince =
    optedInAt === undefined || (oneOrder && change !== undefined && isNewer(change.resourceVersion, optedInAt));
  if (!isSince) return { kind: 'ack', reason: 'stale-at-opt-in' };
  if (pair === 'unknown' && countsAsCreated(snapshot, object)) return judgeCreated(snapshot, object);
  if (change === undefined) return { kind: 'ack', reason: 'baseline' };
  return unlessFresh(snapshot, changeMoment(object), 'changed-before-first-sight');
}

/** Seen while watching; or, for a workload that was known by then, created while Lockstep was down. Never on a first install. */
function countsAsCreated({ presence, inheritedAt, record, workload }: Snapshot, object: PairObject): boolean {
  if (!presence.onCreate) return false;
  if (object.changes.some(({ what }) => what === 'presence')) return true;
  const isKnown = presence.atStart && record?.uid === workload.uid && inheritedAt !== undefined;
  return isKnown && object.createdAt + skewAllowanceMs >= inheritedAt;
}

function judgeCreated(snapshot: Snapshot, object: PairObject): Verdict {
  return unlessFresh(snapshot, creationMoment(object), 'created');
}

/** Pods that need it did not start without it; those that do not need it may have. */
function judgeReappeared(snapshot: Snapshot, { optional }: Pair, object: PairObject): Verdict {
  if (snapshot.presence.onCreate || optional) return judgeCreated(snapshot, object);
  return { kind: 'ack', reason: 'reappeared' };
}

/** A deletion leaves nothing to compare, and a cache may miss an object that exists, so only a read past the caches proves it. */
function judgeGone({ snapshot, undone }: Case, { gone }: Pair, ack: Ack): Verdict {
  const isPutBack = undone || isReused(snapshot.revision);
  if (!snapshot.presence.onDelete || gone === undefined || (saysDeleted(ack) && !isPutBack)) return keep;
  if (!gone.confirmed) return lookAtReads;
  if (saysDeleted(ack)) return judgeUndone(snapshot, gone.at === undefined ? undefined : gone);
  return unlessFresh(snapshot, gone, 'deleted');
}

/** Rule 6. */
function judgeChanged(snapshot: Snapshot, object: PairObject): Verdict {
  return unlessFresh(snapshot, changeMoment(object), 'changed');
}

function unlessFresh(snapshot: Snapshot, moment: Moment, reason: OwedReason): Verdict {
  const freshness = judgeFreshness(snapshot, moment);
  switch (freshness) {
    case 'fresh':
      return { kind: 'ack', reason: 'fresh' };
    case 'unknown-without-revision':
      return { kind: 'look', facts: 'revision' };
    case 'unknown-without-pods':
      return { kind: 'look', facts: 'pods' };
    case 'not-proven':
      return { kind: 'owed', reason };
  }
}

/** Rule 10, and any other template that was put back: owed only if a current pod may have read content from before the last change. */
function judgeUndone(snapshot: Snapshot, change: Moment | undefined): Verdict {
  if (change === undefined) return { kind: 'ack', reason: 'still-fresh' };
  if (snapshot.pods === undefined) return { kind: 'look', facts: 'pods' };
  const fresh = change.at !== undefined && allNewer(snapshot.pods, change.at);
  return fresh ? { kind: 'ack', reason: 'still-fresh' } : { kind: 'owed', reason: 'undone' };
}

/** Rule 9. */
function judgeSame(snapshot: Snapshot, object: PairObject, ack: Ack): Verdict {
  const absence = findAbsence(snapshot, object, ack);
  if (absence === undefined) return keep;
  if (snapshot.pods === undefined) return { kind: 'look', facts: 'pods' };
  if (!wasBornIn(snapshot.pods, absence)) return { kind: 'ack', reason: 'returned-unread' };
  return { kind: 'owed', reason: absence.blind ? 'blind-return' : 'returned' };
}
