// What Lockstep has recorded: for each workload the content it is in step with, for each used config object its last content.
// Kept in shards of Lockstep's own namespace; written in batches, each shard only if nobody else wrote it since.
import { hasCode } from '../core/errors.ts';
import type { LedgerStore, Shard } from '../core/ledger-store.ts';
import type { WorkloadRecord } from '../core/snapshot.ts';
import type { ObjectMemory } from './configs.ts';
import { formatRecord, parseRecord, type LedgerRecord } from './ledger-format.ts';

export interface Ledger {
  load(signal: AbortSignal): Promise<{ readonly records: number; readonly damaged: number }>;
  workload(key: string): WorkloadRecord | undefined;
  object(key: string): ObjectMemory | undefined;
  /** Remembers; written when due. `traced`: the restart key on the workload already says the same. */
  put(record: LedgerRecord, now: number, traced: 'traced' | 'untraced'): void;
  remove(key: string, now: number): void;
  keys(): readonly string[];
  /** When the next write is due; undefined when nothing is dirty. */
  dueAt(): number | undefined;
  /** Writes what is due (or everything). Returns the keys whose record another process had changed: decide them again. */
  flush(until: number, signal: AbortSignal): Promise<readonly string[]>;
}

/** A lost untraced record is decided again from evidence; a traced one is adopted from the restart key. */
const delayMs = { untraced: 1_000, traced: 10_000 } as const;
/** ConfigMaps may hold 1 MiB; small shards keep each write cheap (RESTART-PROTOCOL.md "Ledger"). */
const shardBytes = 64 * 1024;

interface Place {
  readonly name: string;
  version: string | undefined;
  readonly lines: Map<string, string>;
  bytes: number;
  dueAt: number | undefined;
  readonly dirty: Set<string>;
}

export function createLedger(store: LedgerStore): Ledger {
  const records = new Map<string, LedgerRecord>();
  const placeOf = new Map<string, Place>();
  const places: Place[] = [];

  const write = (key: string, line: string | undefined, dueAt: number): void => {
    const place = placeOf.get(key) ?? findRoom(places, (line ?? '').length);
    setLine(place, key, line);
    if (line === undefined) placeOf.delete(key);
    else placeOf.set(key, place);
    place.dirty.add(key);
    place.dueAt = Math.min(place.dueAt ?? dueAt, dueAt);
  };

  const read = (shard: Shard): { place: Place; damaged: number } => {
    const place = newPlace(shard.name, shard.version);
    let damaged = 0;
    for (const line of shard.text.split('\n').filter((text) => text !== '')) {
      const record = parseRecord(line);
      if (record === undefined) damaged++;
      else if (keepsOlder(records.get(record.key), record)) continue;
      else {
        records.set(record.key, record);
        placeOf.set(record.key, place);
        setLine(place, record.key, line);
      }
    }
    return { place, damaged };
  };

  /** Another process wrote the shard: its records win over what was not written yet. */
  const yieldTo = async (place: Place, signal: AbortSignal): Promise<string[]> => {
    const lost = [...place.dirty];
    for (const key of place.lines.keys()) forget(records, placeOf, key);
    places.splice(places.indexOf(place), 1);
    const stored = (await store.load(signal)).find(({ name }) => name === place.name);
    if (stored !== undefined) places.push(read(stored).place);
    return lost;
  };

  const save = async (place: Place, signal: AbortSignal): Promise<readonly string[]> => {
    const written = [...place.dirty];
    const text = [...place.lines.values()].join('\n');
    try {
      place.dirty.clear();
      place.dueAt = undefined;
      place.version = await store.save({ name: place.name, version: place.version, text }, signal);
      return [];
    } catch (error) {
      for (const key of written) place.dirty.add(key);
      if (hasCode(error, 'api-conflict')) return yieldTo(place, signal);
      place.dueAt = 0;
      throw error;
    }
  };

  return {
    async load(signal) {
      let damaged = 0;
      for (const shard of await store.load(signal)) {
        const result = read(shard);
        places.push(result.place);
        damaged += result.damaged;
      }
      return { records: records.size, damaged };
    },
    workload(key) {
      const record = records.get(key);
      return record?.kind === 'workload' ? record.value : undefined;
    },
    object(key) {
      const record = records.get(key);
      return record?.kind === 'object' ? record.value : undefined;
    },
    put(record, now, traced) {
      const line = formatRecord(record);
      if (placeOf.get(record.key)?.lines.get(record.key) === line) return;
      records.set(record.key, record);
      write(record.key, line, now + delayMs[traced]);
    },
    remove(key, now) {
      if (!records.delete(key)) return;
      write(key, undefined, now + delayMs.traced);
    },
    keys: () => [...records.keys()],
    dueAt: () => places.reduce<number | undefined>((due, place) => earlier(due, place.dueAt), undefined),
    async flush(until, signal) {
      const due = places.filter((place) => place.dueAt !== undefined && place.dueAt <= until);
      const lost: string[] = [];
      for (const place of due) lost.push(...(await save(place, signal)));
      return lost;
    },
  };
}

function newPlace(name: string, version: string | undefined): Place {
  return { name, version, lines: new Map(), bytes: 0, dueAt: undefined, dirty: new Set() };
}

function findRoom(places: Place[], bytes: number): Place {
  const place = places.find((candidate) => candidate.bytes + bytes < shardBytes);
  if (place !== undefined) return place;
  const taken = new Set(places.map(({ name }) => name));
  let number = 0;
  while (taken.has(shardName(number))) number++;
  const fresh = newPlace(shardName(number), undefined);
  places.push(fresh);
  return fresh;
}

function shardName(number: number): string {
  return `lockstep-ledger-${String(number).padStart(3, '0')}`;
}

function setLine(place: Place, key: string, line: string | undefined): void {
  place.bytes +=
    (line === undefined ? 0 : line.length + 1) - (place.lines.has(key) ? (place.lines.get(key) ?? '').length + 1 : 0);
  if (line === undefined) place.lines.delete(key);
  else place.lines.set(key, line);
}

/** Two processes may have placed one record in two shards; the one that was restarted more often is newer. */
function keepsOlder(before: LedgerRecord | undefined, record: LedgerRecord): boolean {
  return before?.kind === 'workload' && record.kind === 'workload' && before.value.n >= record.value.n;
}

function forget(records: Map<string, LedgerRecord>, placeOf: Map<string, Place>, key: string): void {
  records.delete(key);
  placeOf.delete(key);
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
