// Is a restart of this workload owed? One snapshot in, one decision out. RESTART-PROTOCOL.md rules 1 to 10 and 13.
// ../../test/core/decide-workload.test.ts holds a row for each rule.
import { keyIdOf } from './digest.ts';
import { allNewer, findAbsence, isReused, judgeFreshness, lastChange, wasBornIn } from './freshness.ts';
import { isNewer } from './object.ts';
import type { Ack, RestartKey } from './restart.ts';
import type { Pair, PairObject, Snapshot, WorkloadRecord } from './snapshot.ts';

/** Why a restart is owed for a pair. */
export type OwedReason = 'changed' | 'changed-before-first-sight' | 'returned' | 'blind-return' | 'undone';

/** Why a pair needs no restart although its ack moves. */
export type AckReason =
  'baseline' | 'stale-at-opt-in' | 'fresh' | 'returned-unread' | 'unknown-digest-key' | 'still-fresh';

export interface Owed {
  readonly name: string;
  readonly reason: OwedReason;
}

export interface Acked {
  readonly name: string;
  readonly reason: AckReason;
}

/** What a decision may still need. */
export type Facts = 'revision' | 'reads' | 'pods';

export type Decision =
  /** Nothing to do and nothing to remember. */
  | { readonly kind: 'nothing'; readonly reason: 'in-step' }
  /** These facts are needed before deciding. The revision comes by itself, when the controller has taken up the template. */
  | { readonly kind: 'look'; readonly facts: Facts }
  /** No restart, but the ledger moves. */
  | { readonly kind: 'record'; readonly record: WorkloadRecord; readonly acked: readonly Acked[] }
  /** Write `key` on the template that was at `resourceVersion`, then remember `record`. */
  | {
      readonly kind: 'restart';
      readonly key: RestartKey;
      readonly record: WorkloadRecord;
      readonly resourceVersion: string;
      readonly owed: readonly Owed[];
    };

type Verdict =
  | { readonly kind: 'keep' }
  | { readonly kind: 'look'; readonly facts: Facts }
  | { readonly kind: 'ack'; readonly reason: AckReason }
  | { readonly kind: 'owed'; readonly reason: OwedReason };

export function decideWorkload(snapshot: Snapshot): Decision {
  const before = adoptKey(startingRecord(snapshot), snapshot.workload.restartKey);
  const undone = isUndone(before, snapshot.workload.restartKey);
  const verdicts = snapshot.pairs.map((pair) => ({ pair, verdict: judgePair(snapshot, pair, before, undone) }));
  const look = verdicts.find(({ verdict }) => verdict.kind === 'look')?.verdict;
  if (look?.kind === 'look') return look;
  const owed = verdicts.flatMap(({ pair, verdict }) =>
    verdict.kind === 'owed' ? [{ name: pair.name, reason: verdict.reason }] : [],
  );
  const acked = verdicts.flatMap(({ pair, verdict }) =>
    verdict.kind === 'ack' ? [{ name: pair.name, reason: verdict.reason }] : [],
  );
  const acks = mergeAcks(before, verdicts);
  if (owed.length > 0) return restart(snapshot, { uid: before.uid, n: before.n, acks }, owed);
  const n = undone ? (snapshot.workload.restartKey?.n ?? 0) : before.n;
  const record = { uid: before.uid, n, acks };
  if (sameRecord(record, snapshot.record)) return { kind: 'nothing', reason: 'in-step' };
  if (!snapshot.proven && acked.length > 0) return { kind: 'look', facts: 'reads' };
  return { kind: 'record', record, acked };
}

/** A workload created anew under an old name starts without a memory. */
function startingRecord({ record, workload }: Snapshot): WorkloadRecord {
  return record?.uid === workload.uid ? record : { uid: workload.uid, n: 0, acks: {} };
}

/** Rule 4: the template patch is the commit point, so a key ahead of the ledger tells what was already done. */
function adoptKey(record: WorkloadRecord, key: RestartKey | undefined): WorkloadRecord {
  if (key === undefined || key.n <= record.n) return record;
  return { uid: record.uid, n: key.n, acks: { ...record.acks, ...key.acks } };
}

/** Rule 10: somebody put an earlier template back. */
export function isUndone(record: WorkloadRecord, key: RestartKey | undefined): boolean {
  return record.n > 0 && (key?.n ?? 0) < record.n;
}

function judgePair(snapshot: Snapshot, pair: Pair, record: WorkloadRecord, undone: boolean): Verdict {
  const { object } = pair;
  if (object === undefined) return { kind: 'keep' };
  const stored = record.acks[pair.name];
  const ack = stored?.projection === pair.projection ? stored : undefined;
  if (ack !== undefined && isLagging(object, ack))
    return snapshot.proven ? { kind: 'keep' } : { kind: 'look', facts: 'reads' };
  if (ack === undefined) return judgeFirstSight(snapshot, object);
  const live = object.digests.find((digest) => keyIdOf(digest) === keyIdOf(ack.digest));
  if (live === undefined) return { kind: 'ack', reason: 'unknown-digest-key' };
  if (live !== ack.digest && !(undone && lastChange(object) !== undefined)) return judgeChanged(snapshot, object);
  if (undone || isReused(snapshot.revision)) return judgeUndone(snapshot, object);
  return judgeSame(snapshot, object, ack);
}

/** Rule 5: a config object older than its ack is a cache that lags; deciding on it could repeat or undo a restart. */
function isLagging(object: PairObject, ack: Ack): boolean {
  return object.uid === ack.uid && isNewer(ack.resourceVersion, object.resourceVersion);
}

/** Rule 8. What was stale when it was opted in is reported; what changed since then counts. */
function judgeFirstSight(snapshot: Snapshot, object: PairObject): Verdict {
  const { optedInAt, oneOrder } = snapshot;
  const change = lastChange(object);
  const isSince =
    optedInAt === undefined || (oneOrder && change !== undefined && isNewer(change.resourceVersion, optedInAt));
  if (!isSince) return { kind: 'ack', reason: 'stale-at-opt-in' };
  if (change === undefined) return { kind: 'ack', reason: 'baseline' };
  return unlessFresh(snapshot, object, { kind: 'owed', reason: 'changed-before-first-sight' });
}

/** Rule 6. */
function judgeChanged(snapshot: Snapshot, object: PairObject): Verdict {
  return unlessFresh(snapshot, object, { kind: 'owed', reason: 'changed' });
}

function unlessFresh(snapshot: Snapshot, object: PairObject, otherwise: Verdict): Verdict {
  const freshness = judgeFreshness(snapshot, object);
  switch (freshness) {
    case 'fresh':
      return { kind: 'ack', reason: 'fresh' };
    case 'unknown-without-revision':
      return { kind: 'look', facts: 'revision' };
    case 'unknown-without-pods':
      return { kind: 'look', facts: 'pods' };
    case 'not-proven':
      return otherwise;
  }
}

/** Rule 10, and any other template that was put back: owed only if a current pod may have read content from before the last change. */
function judgeUndone(snapshot: Snapshot, object: PairObject): Verdict {
  const change = lastChange(object);
  if (change === undefined) return { kind: 'ack', reason: 'still-fresh' };
  if (snapshot.pods === undefined) return { kind: 'look', facts: 'pods' };
  const fresh = change.at !== undefined && allNewer(snapshot.pods, change.at);
  return fresh ? { kind: 'ack', reason: 'still-fresh' } : { kind: 'owed', reason: 'undone' };
}

/** Rule 9. */
function judgeSame(snapshot: Snapshot, object: PairObject, ack: Ack): Verdict {
  const absence = findAbsence(snapshot, object, ack);
  if (absence === undefined) return { kind: 'keep' };
  if (snapshot.pods === undefined) return { kind: 'look', facts: 'pods' };
  if (!wasBornIn(snapshot.pods, absence)) return { kind: 'ack', reason: 'returned-unread' };
  return { kind: 'owed', reason: absence.blind ? 'blind-return' : 'returned' };
}

/** Acks of config objects that are no longer used leave; an object that is gone keeps its ack, so that its return is compared. */
function mergeAcks(before: WorkloadRecord, verdicts: readonly { pair: Pair; verdict: Verdict }[]): Record<string, Ack> {
  const acks: Record<string, Ack> = {};
  for (const { pair, verdict } of verdicts) {
    const moves = verdict.kind === 'ack' || verdict.kind === 'owed';
    const ack = moves && pair.object !== undefined ? toAck(pair, pair.object) : before.acks[pair.name];
    if (ack !== undefined) acks[pair.name] = ack;
  }
  return acks;
}

function toAck(pair: Pair, object: PairObject): Ack {
  const { uid, resourceVersion } = object;
  return { digest: object.digests[0] ?? '', projection: pair.projection, uid, resourceVersion };
}

/** Rule 3: n rises above everything known, and acks that no longer belong leave with an owed restart only. */
function restart(snapshot: Snapshot, base: WorkloadRecord, owed: readonly Owed[]): Decision {
  const { restartKey, resourceVersion } = snapshot.workload;
  const n = Math.max(base.n, restartKey?.n ?? 0) + 1;
  const names = new Set([...Object.keys(restartKey?.acks ?? {}), ...owed.map(({ name }) => name)]);
  const kept = Object.entries(base.acks).filter(([name]) => names.has(name));
  return { kind: 'restart', key: { n, acks: Object.fromEntries(kept) }, record: { ...base, n }, resourceVersion, owed };
}

function sameRecord(a: WorkloadRecord, b: WorkloadRecord | undefined): boolean {
  return b !== undefined && a.uid === b.uid && a.n === b.n && sameAcks(a.acks, b.acks);
}

function sameAcks(a: WorkloadRecord['acks'], b: WorkloadRecord['acks']): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const [x, y] = [a[name], b[name]];
    return x !== undefined && y !== undefined && isSameAck(x, y);
  });
}

function isSameAck(a: Ack, b: Ack): boolean {
  return (
    a.digest === b.digest && a.projection === b.projection && a.uid === b.uid && a.resourceVersion === b.resourceVersion
  );
}
