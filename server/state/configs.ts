// The config objects of the cluster as digests, with what changed while watched. Deleted ones stay for a while, so that a
// return is compared (RESTART-PROTOCOL.md rule 2).
import { digestProjection, type DigestKey, type Projection } from '../core/digest.ts';
import { objectKey } from '../core/object.ts';
import type { Absence, Presence, SeenConfig, SeenEvent } from '../core/seen.ts';
import type { Change, PairObject } from '../core/snapshot.ts';

/** Data keys that a change touched. */
interface KeyedChange extends Change {
  readonly keys: ReadonlySet<string> | 'all';
}

interface Entry {
  seen: SeenConfig;
  exists: boolean;
  deletedAt: number;
  changes: readonly KeyedChange[];
  watchedSince: string;
}

/** What the ledger remembers of a config object. */
export interface ObjectMemory {
  readonly uid: string;
  /** Digest of all keys. */
  readonly digest: string;
  readonly resourceVersion: string;
  readonly changedAt: number | undefined;
}

export interface Configs {
  /** True when content changed, appeared, vanished or may have: the workloads that use the object must be decided anew. */
  apply(event: SeenEvent<SeenConfig>, now: number): boolean;
  /** The object as one pair sees it; undefined when it does not exist. Ignored objects count as not existing. */
  view(key: string, projection: Projection): PairObject | undefined;
  /** Compares an object with what the ledger remembers of the time before this process; once, after the first list. */
  recall(key: string, memory: ObjectMemory): void;
  /** What the ledger should remember. */
  memorize(key: string): ObjectMemory | undefined;
  /** Forgets objects that were deleted long ago. */
  prune(now: number): void;
  readonly size: number;
}

/** More changes than this of one object are summed up; the oldest only matter to workloads that never acked since. */
const maxChanges = 32;
const deletedMemoryMs = 7 * 24 * 3_600_000;

export function createConfigs(keys: readonly DigestKey[]): Configs {
  const entries = new Map<string, Entry>();
  const keyById = new Map(keys.map((key) => [key.id, key]));
  const currentKey = keys[0];
  if (currentKey === undefined) throw new Error('a digest key is needed');

  const digestsOf = (seen: SeenConfig, projection: Projection): string[] =>
    seen.contents.map((content) =>
      digestProjection(seen.ref, content, projection, keyById.get(content.keyId) ?? currentKey),
    );

  return {
    apply(event, now) {
      if (!event.present) return remove(entries, event, now);
      const key = objectKey(event.object.ref);
      const before = entries.get(key);
      if (before === undefined) {
        const creation = {
          resourceVersion: event.version,
          at: now,
          watched: true,
          creation: true,
          keys: 'all',
        } as const;
        const changes = event.how === 'listed' ? [] : [creation];
        entries.set(key, { seen: event.object, exists: true, deletedAt: 0, changes, watchedSince: event.version });
        return true;
      }
      return update(before, event, now);
    },
    view(key, projection) {
      const entry = entries.get(key);
      if (entry === undefined || !entry.exists || entry.seen.ignored) return undefined;
      const { uid, resourceVersion, dataWrittenAt } = entry.seen;
      const changes = entry.changes.filter((change) => touches(change, projection));
      return {
        uid,
        resourceVersion,
        digests: digestsOf(entry.seen, projection),
        changes,
        watchedSince: entry.watchedSince,
        dataWrittenAt,
      };
    },
    recall(key, memory) {
      const entry = entries.get(key);
      if (entry === undefined || entry.changes.length > 0) return;
      const same = digestsOf(entry.seen, 'all').includes(memory.digest);
      const { resourceVersion, dataWrittenAt } = entry.seen;
      if (same && memory.changedAt === undefined) return;
      const at = same ? memory.changedAt : undefined;
      entry.changes = [{ resourceVersion, at: at ?? dataWrittenAt, watched: false, creation: false, keys: 'all' }];
    },
    memorize(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const { uid, resourceVersion } = entry.seen;
      return {
        uid,
        resourceVersion,
        digest: digestsOf(entry.seen, 'all')[0] ?? '',
        changedAt: entry.changes.at(-1)?.at,
      };
    },
    prune(now) {
      for (const [key, entry] of entries)
        if (!entry.exists && entry.deletedAt < now - deletedMemoryMs) entries.delete(key);
    },
    get size() {
      return entries.size;
    },
  };
}

function remove(entries: Map<string, Entry>, event: Absence, now: number): boolean {
  const entry = entries.get(event.key);
  if (entry === undefined || !entry.exists) return false;
  const { watched } = event;
  entry.exists = false;
  entry.deletedAt = now;
  remember(entry, {
    resourceVersion: event.version,
    at: watched ? now : undefined,
    watched,
    creation: false,
    keys: 'all',
  });
  return true;
}

function update(entry: Entry, event: Presence<SeenConfig>, now: number): boolean {
  const before = entry.seen;
  const { object } = event;
  const watched = event.how !== 'listed';
  const creation = !entry.exists || before.uid !== object.uid;
  const touched = creation ? 'all' : differingKeys(before, object);
  const vanished = touched !== 'all' && [...touched].some((key) => !hasKey(object, key));
  entry.seen = object;
  entry.exists = true;
  if (!watched) entry.watchedSince = event.version;
  if (touched !== 'all' && touched.size === 0) return before.ignored !== object.ignored;
  const at = watched ? now : vanished ? undefined : object.dataWrittenAt;
  remember(entry, { resourceVersion: object.resourceVersion, at, watched, creation, keys: touched });
  return true;
}

/** Dropping the oldest change is a gap in what was watched, and is treated as one. */
function remember(entry: Entry, change: KeyedChange): void {
  const changes = [...entry.changes, change];
  const dropped = changes.length > maxChanges ? changes.shift() : undefined;
  if (dropped !== undefined) entry.watchedSince = dropped.resourceVersion;
  entry.changes = changes;
}

function differingKeys(before: SeenConfig, after: SeenConfig): ReadonlySet<string> | 'all' {
  const [a, b] = [before.contents[0], after.contents[0]];
  if (a === undefined || b === undefined || a.keyId !== b.keyId) return 'all';
  const keys = new Set<string>();
  for (const [key, value] of a.values) if (b.values.get(key) !== value) keys.add(key);
  for (const key of b.values.keys()) if (!a.values.has(key)) keys.add(key);
  return keys;
}

function hasKey(seen: SeenConfig, key: string): boolean {
  return seen.contents[0]?.values.has(key) === true;
}

function touches(change: KeyedChange, projection: Projection): boolean {
  if (change.keys === 'all' || projection === 'all') return true;
  const { keys } = change;
  return projection.some((key) => keys.has(key));
}
