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
  /** Everything that was put is written. */
  isWritten(): boolean;
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
  dirty: Set<string>;
}

export function createLedger(store: LedgerStore): Ledger {
  return new ShardedLedger(store);
}

class ShardedLedger implements Ledger {
  readonly #store: LedgerStore;
  readonly #records = new Map<string, LedgerRecord>();
  readonly #placeOf = new Map<string, Place>();
  readonly #places: Place[] = [];
  #writing = 0;

  constructor(store: LedgerStore) {
    this.#store = store;
  }

  async load(signal: AbortSignal): Promise<{ readonly records: number; readonly damaged: number }> {
    const shards = await this.#store.load(signal);
    const damaged = shards.reduce((sum, shard) => sum + this.#read(shard), 0);
    return { records: this.#records.size, damaged };
  }

  workload(key: string): WorkloadRecord | undefined {
    const record = this.#records.get(key);
    return record?.kind === 'workload' ? record.value : undefined;
  }

  object(key: string): ObjectMemory | undefined {
    const record = this.#records.get(key);
    return record?.kind === 'object' ? record.value : undefined;
  }

  put(record: LedgerRecord, now: number, traced: 'traced' | 'untraced'): void {
    const line = formatRecord(record);
    if (this.#placeOf.get(record.key)?.lines.get(record.key) === line) return;
    this.#records.set(record.key, record);
    this.#write(record.key, line, now + delayMs[traced]);
  }

  remove(key: string, now: number): void {
    if (this.#records.delete(key)) this.#write(key, undefined, now + delayMs.traced);
  }

  keys(): readonly string[] {
    return [...this.#records.keys()];
  }

  isWritten(): boolean {
    return this.#writing === 0 && this.dueAt() === undefined;
  }

  dueAt(): number | undefined {
    return this.#places.reduce<number | undefined>((due, place) => earlier(due, place.dueAt), undefined);
  }

  async flush(until: number, signal: AbortSignal): Promise<readonly string[]> {
    const due = this.#places.filter((place) => place.dueAt !== undefined && place.dueAt <= until);
    const lost: string[] = [];
    for (const place of due) lost.push(...(await this.#save(place, signal)));
    return lost;
  }

  #write(key: string, line: string | undefined, dueAt: number): void {
    const place = this.#placeOf.get(key) ?? findRoom(this.#places, (line ?? '').length);
    setLine(place, key, line);
    if (line === undefined) this.#placeOf.delete(key);
    else this.#placeOf.set(key, place);
    place.dirty.add(key);
    place.dueAt = Math.min(place.dueAt ?? dueAt, dueAt);
  }

  /** Takes a stored shard in; returns the number of damaged lines. */
  #read(shard: Shard): number {
    const place = newPlace(shard.name, shard.version);
    this.#places.push(place);
    const lines = shard.text.split('\n').filter((text) => text !== '');
    for (const line of lines) {
      const record = parseRecord(line);
      if (record === undefined || keepsOlder(this.#records.get(record.key), record)) continue;
      this.#records.set(record.key, record);
      this.#placeOf.set(record.key, place);
      setLine(place, record.key, line);
    }
    return lines.filter((line) => parseRecord(line) === undefined).length;
  }

  async #save(place: Place, signal: AbortSignal): Promise<readonly string[]> {
    const { name, version, dirty } = place;
    const text = [...place.lines.values()].join('\n');
    place.dirty = new Set();
    place.dueAt = undefined;
    this.#writing++;
    try {
      place.version = await this.#store.save({ name, version, text }, signal);
      return [];
    } catch (error) {
      for (const key of dirty) place.dirty.add(key);
      place.dueAt = 0;
      if (hasCode(error, 'api-conflict')) return await this.#yieldTo(place, signal);
      throw error;
    } finally {
      this.#writing--;
    }
  }

  /** Another process wrote the shard: its records win over what was not written yet. */
  async #yieldTo(place: Place, signal: AbortSignal): Promise<readonly string[]> {
    const stored = (await this.#store.load(signal)).find(({ name }) => name === place.name);
    for (const key of place.lines.keys()) {
      this.#records.delete(key);
      this.#placeOf.delete(key);
    }
    this.#places.splice(this.#places.indexOf(place), 1);
    if (stored !== undefined) this.#read(stored);
    return [...place.dirty];
  }
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

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
