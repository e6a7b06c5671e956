// The text of a ledger shard: one JSON line for each record, so that a damaged line costs one record.
//   ["w","Deployment/shop/web","<uid>",3,{"Secret/db":["<digest>","<projection>","<uid>","<resourceVersion>"]}]
//   ["o","Secret/shop/db","<uid>","<digest>","<resourceVersion>",1700000000000,1700000000000,"<key marks>"]
import { parseAcks, tuple } from '../core/restart.ts';
import type { WorkloadRecord } from '../core/snapshot.ts';
import type { ObjectMemory } from './configs.ts';

export type LedgerRecord =
  | { readonly kind: 'workload'; readonly key: string; readonly value: WorkloadRecord }
  | { readonly kind: 'object'; readonly key: string; readonly value: ObjectMemory };

export function formatRecord(record: LedgerRecord): string {
  if (record.kind === 'workload') {
    const { uid, n, acks } = record.value;
    const names = Object.keys(acks).sort();
    return JSON.stringify([
      'w',
      record.key,
      uid,
      n,
      Object.fromEntries(names.map((name) => [name, tuple(acks[name])])),
    ]);
  }
  const { uid, digest, resourceVersion, changedAt, dataWrittenAt, keyMarks } = record.value;
  return JSON.stringify(['o', record.key, uid, digest, resourceVersion, changedAt ?? 0, dataWrittenAt ?? 0, keyMarks]);
}

/** Undefined for a line that is no record. */
export function parseRecord(line: string): LedgerRecord | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!Array.isArray(fields) || typeof fields[1] !== 'string' || typeof fields[2] !== 'string') return undefined;
  const [tag, key, uid, ...rest] = fields as [unknown, string, string, ...unknown[]];
  if (tag === 'w') return parseWorkload(key, uid, rest);
  return tag === 'o' ? parseObject(key, uid, rest) : undefined;
}

function parseWorkload(key: string, uid: string, [n, stored]: readonly unknown[]): LedgerRecord | undefined {
  const acks = parseAcks(stored);
  return typeof n !== 'number' || acks === undefined ? undefined : { kind: 'workload', key, value: { uid, n, acks } };
}

function parseObject(key: string, uid: string, rest: readonly unknown[]): LedgerRecord | undefined {
  const [digest, resourceVersion, changedAt, dataWrittenAt, keyMarks] = rest;
  if (typeof digest !== 'string' || typeof resourceVersion !== 'string' || typeof keyMarks !== 'string')
    return undefined;
  if (typeof changedAt !== 'number' || typeof dataWrittenAt !== 'number') return undefined;
  const times = { changedAt: known(changedAt), dataWrittenAt: known(dataWrittenAt) };
  return { kind: 'object', key, value: { uid, digest, resourceVersion, ...times, keyMarks } };
}

function known(time: number): number | undefined {
  return time === 0 ? undefined : time;
}
