// Is a restart of this workload owed? One snapshot in, one decision out. RESTART-PROTOCOL.md rules 1 to 4, 10 and 13;
// judge-pair.ts holds those of a single config object. ../../test/core/decide-workload.test.ts holds a row for each rule.
import { judgePair, type AckReason, type Facts, type OwedReason, type Verdict } from './judge-pair.ts';
import { ackDeletion, type Ack, type RestartKey } from './restart.ts';
import type { Pair, Snapshot, WorkloadRecord } from './snapshot.ts';

/** `engine-deadline`: rule 11, told instead of the pair's own reason. */
export type RestartReason = OwedReason | 'engine-deadline';

export interface Owed {
  readonly name: string;
  readonly reason: RestartReason;
}

export interface Acked {
  readonly name: string;
  readonly reason: AckReason;
}

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

export function decideWorkload(snapshot: Snapshot): Decision {
  const before = adoptKey(startingRecord(snapshot), snapshot.workload.restartKey);
  const undone = isUndone(before, snapshot.workload.restartKey);
  const known = { snapshot, record: before, undone };
  const verdicts = snapshot.pairs.map((pair) => ({ pair, verdict: judgePair(known, pair) }));
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

/** Acks of config objects that are no longer used leave; an object that is gone keeps its ack, so that its return is compared. */
function mergeAcks(before: WorkloadRecord, verdicts: readonly { pair: Pair; verdict: Verdict }[]): Record<string, Ack> {
  const acks: Record<string, Ack> = {};
  for (const { pair, verdict } of verdicts) {
    const moves = verdict.kind === 'ack' || verdict.kind === 'owed';
    const stored = before.acks[pair.name];
    const ack = moves ? toAck(pair, stored) : stored;
    if (ack !== undefined) acks[pair.name] = ack;
  }
  return acks;
}

function toAck({ object, projection }: Pair, stored: Ack | undefined): Ack | undefined {
  if (object === undefined) return stored && ackDeletion(stored, projection);
  const { uid, resourceVersion } = object;
  return { digest: object.digests[0] ?? '', projection, uid, resourceVersion };
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
