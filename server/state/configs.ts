// The config objects of the cluster as digests, with what changed while watched. Deleted ones stay for a while, so that a
// return is compared (RESTART-PROTOCOL.md rule 2).
import { digestProjection, hasAllKeys, markKeys, type DigestKey, type Projection } from '../core/digest.ts';
import type { Annotations } from '../core/annotations.ts';
import { objectKey, type ConfigKind } from '../core/object.ts';
import { beforeEveryPod } from '../core/provider-class.ts';
import type { Reference } from '../core/references.ts';
import { projectionText } from '../core/restart.ts';
import { wasWatched, type Absence, type Presence, type SeenConfig, type SeenEvent } from '../core/seen.ts';
import type { Change, Gone, PairObject } from '../core/snapshot.ts';
import { differingKeys, hasKey, sameAnnotations } from './content-keys.ts';

interface KeyedChange extends Change {
  /** Data keys whose content differs from before. */
  readonly keys: ReadonlySet<string> | 'all';
  /** Who owned data then, newest first. */
  readonly writers: readonly string[];
}

const noKeys: ReadonlySet<string> = new Set();

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
  /** Of the object as it was seen: content that is the same again may have been different in between. */
  readonly dataWrittenAt: number | undefined;
  /** Its data keys, as `markKeys` marks them. */
  readonly keyMarks: string;
}

/** How often an object changed lately, and who wrote it, newest first. */
export interface Activity {
  /** No more than `maxChanges` are remembered. */
  readonly changes: number;
  readonly writers: readonly string[];
}

/** What of an object counts for a pair. `optional`: that it is created or deleted does. */
export type Use = Pick<Reference, 'keys' | 'optional'>;

export interface Configs {
  /** True when content changed, appeared, vanished or may have: the workloads that use the object must be decided anew. */
  apply(event: SeenEvent<SeenConfig>, now: number): boolean;
  /** The object as one pair sees it; undefined when it does not exist. Ignored objects count as not existing. */
  view(key: string, use: Use): PairObject | undefined;
  /** When an object was deleted that no pair sees now; undefined when it exists, or did not count. */
  absence(key: string): Omit<Gone, 'confirmed'> | undefined;
  /** Compares an object with what the ledger remembers of the time before this process; once, after the first list. */
  recall(key: string, memory: ObjectMemory): void;
  /** What happened to it from `since` (ms) on, as one pair sees it. */
  activity(key: string, use: Use, since: number): Activity;
  /** As it was seen last; undefined when it does not exist. */
  seen(key: string): SeenConfig | undefined;
  /** The annotations that the reload rules read; undefined when it does not exist. */
  annotationsOf(key: string): Annotations | undefined;
  /** The same, also of an object that was seen before it was deleted. */
  lastAnnotationsOf(key: string): Annotations | undefined;
  /** Names of the existing objects of a kind in a namespace. */
  namesIn(namespace: string, kind: ConfigKind): Iterable<string>;
  /** What the ledger should remember. */
  memorize(key: string): ObjectMemory | undefined;
  /** Forgets objects that were deleted long ago. */
  prune(now: number): void;
  readonly size: number;
}

/** More changes than this of one object are summed up; the oldest only matter to workloads that never acked since. */
export const maxChanges = 32;
const deletedMemoryMs = 7 * 24 * 3_600_000;
const pruneMs = 3_600_000;

export function createConfigs(keys: readonly DigestKey[]): Configs {
  return new DigestedConfigs(keys);
}

class DigestedConfigs implements Configs {
  readonly #entries = new Map<string, Entry>();
  /** Names by `<kind>/<namespace>`. */
  readonly #names = new Map<string, Set<string>>();
  /** Of objects that did not exist when they were recalled. */
  readonly #absent = new Map<string, ObjectMemory>();
  #prunedAt = 0;
  readonly #keys: ReadonlyMap<string, DigestKey>;
  /** ConfigMaps need none, but the digest functions ask for one. */
  readonly #anyKey: DigestKey;
  /** What was computed of an object as it was seen, by projection: hundreds of workloads may ask the same, each several times. */
  readonly #computed = new WeakMap<SeenConfig, Map<string, readonly string[]>>();

  constructor(keys: readonly DigestKey[]) {
    const [first] = keys;
    if (first === undefined) throw new Error('a digest key is needed');
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.#anyKey = first;
  }

  get size(): number {
    return this.#entries.size;
  }

  apply(event: SeenEvent<SeenConfig>, now: number): boolean {
    this.#index(event);
    if (!event.present) {
      // A replica that stands by runs no sweep, and sees as many deletions as the one that leads.
      if (Math.abs(now - this.#prunedAt) >= pruneMs) this.prune(now);
      return remove(this.#entries, event, now);
    }
    const key = objectKey(event.object.ref);
    const before = this.#entries.get(key);
    if (before !== undefined) return update(before, event, now);
    this.#entries.set(key, this.#create(key, event, now));
    this.#absent.delete(key);
    return true;
  }

  view(key: string, use: Use): PairObject | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || !entry.exists || entry.seen.ignored) return undefined;
    const { uid, resourceVersion, createdAt, dataWrittenAt } = entry.seen;
    const changes = entry.changes.filter((change) => concerns(change, use));
    const digests = this.#digests(entry.seen, use.keys);
    return { uid, resourceVersion, createdAt, digests, changes, watchedSince: entry.watchedSince, dataWrittenAt };
  }

  absence(key: string): Omit<Gone, 'confirmed'> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return { resourceVersion: undefined, at: undefined };
    if (entry.exists || entry.seen.ignored) return undefined;
    return { resourceVersion: entry.changes.at(-1)?.resourceVersion, at: entry.deletedAt };
  }

  recall(key: string, memory: ObjectMemory): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#absent.set(key, memory);
    if (entry === undefined || entry.changes.length > 0) return;
    const { resourceVersion, dataWrittenAt, contents, writers } = entry.seen;
    const isBack = this.#digests(entry.seen, 'all').includes(memory.digest);
    const isSame = isBack && dataWrittenAt === memory.dataWrittenAt;
    if (isSame && memory.changedAt === undefined) return;
    // Removing a key moves no time in managedFields: neither one that is missing now, nor one whose removal brought the content back.
    const isBounded = !isBack && contents.slice(0, 1).every((content) => hasAllKeys(content, memory.keyMarks));
    const at = isSame ? memory.changedAt : beforeEveryPodOr(isBounded ? dataWrittenAt : undefined, entry.seen);
    entry.changes = [{ resourceVersion, at, notBefore: 0, watched: false, keys: 'all', what: 'content', writers }];
  }

  activity(key: string, use: Use, since: number): Activity {
    const all = this.#entries.get(key)?.changes ?? [];
    const changes = all.filter((change) => (change.at ?? change.notBefore) >= since && concerns(change, use));
    return { changes: changes.length, writers: [...new Set(changes.toReversed().flatMap(({ writers }) => writers))] };
  }

  seen(key: string): SeenConfig | undefined {
    const entry = this.#entries.get(key);
    return entry?.exists === true ? entry.seen : undefined;
  }

  annotationsOf(key: string): Annotations | undefined {
    return this.seen(key)?.annotations;
  }

  lastAnnotationsOf(key: string): Annotations | undefined {
    return this.#entries.get(key)?.seen.annotations;
  }

  namesIn(namespace: string, kind: ConfigKind): Iterable<string> {
    return this.#names.get(`${kind}/${namespace}`) ?? [];
  }

  memorize(key: string): ObjectMemory | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const { uid, resourceVersion, dataWrittenAt, contents } = entry.seen;
    const [keyMarks = ''] = this.#once(entry.seen, 'key marks', () => contents.slice(0, 1).map(markKeys));
    return {
      uid,
      resourceVersion,
      digest: this.#digests(entry.seen, 'all')[0] ?? '',
      changedAt: entry.changes.at(-1)?.at,
      dataWrittenAt,
      keyMarks,
    };
  }

  prune(now: number): void {
    this.#prunedAt = now;
    for (const [key, entry] of this.#entries) {
      if (!entry.exists && entry.deletedAt < now - deletedMemoryMs) this.#entries.delete(key);
    }
  }

  #index(event: SeenEvent<SeenConfig>): void {
    const key = event.present ? objectKey(event.object.ref) : event.key;
    const at = key.lastIndexOf('/');
    const [scope, name] = [key.slice(0, at), key.slice(at + 1)];
    const names = this.#names.get(scope) ?? new Set<string>();
    if (event.present) this.#names.set(scope, names.add(name));
    else names.delete(name);
    if (names.size === 0) this.#names.delete(scope);
  }

  #create(key: string, { object, how }: Presence<SeenConfig>, now: number): Entry {
    const { resourceVersion, dataWrittenAt, writers } = object;
    const memory = this.#absent.get(key);
    const isOther = memory !== undefined && !this.#digests(object, 'all').includes(memory.digest);
    const watched = wasWatched({ how });
    const times = { at: beforeEveryPodOr(now, object), notBefore: Math.min(now, dataWrittenAt ?? now) };
    const keys = isOther ? 'all' : noKeys;
    const creation = { resourceVersion, ...times, watched, keys, what: 'presence', writers } as const;
    const changes = how === 'listed' && !isOther ? [] : [creation];
    return { seen: object, exists: true, deletedAt: 0, changes, watchedSince: resourceVersion };
  }

  #digests(seen: SeenConfig, projection: Projection): readonly string[] {
    return this.#once(seen, projectionText(projection), () =>
      seen.contents.map((content) =>
        digestProjection(seen.ref, content, projection, this.#keys.get(content.keyId) ?? this.#anyKey),
      ),
    );
  }

  /** `name` is a projection, or words that are none: data keys hold no space. */
  #once(seen: SeenConfig, name: string, compute: () => readonly string[]): readonly string[] {
    const computed = this.#computed.get(seen) ?? new Map<string, readonly string[]>();
    const known = computed.get(name) ?? compute();
    this.#computed.set(seen, computed.set(name, known));
    return known;
  }
}

function remove(entries: Map<string, Entry>, event: Absence, now: number): boolean {
  const entry = entries.get(event.key);
  if (entry === undefined || !entry.exists) return false;
  const { watched } = event;
  entry.exists = false;
  entry.deletedAt = now;
  if (!watched) entry.watchedSince = event.version;
  const times = { at: watched ? now : undefined, notBefore: entry.seen.dataWrittenAt ?? 0 };
  remember(entry, { resourceVersion: event.version, ...times, watched, keys: noKeys, what: 'presence', writers: [] });
  return true;
}

/** A list that shows an object at the version known already proves that nothing was missed of it. */
function update(entry: Entry, event: Presence<SeenConfig>, now: number): boolean {
  const before = entry.seen;
  const { object } = event;
  const watched = wasWatched(event);
  const what = !entry.exists || before.uid !== object.uid ? 'presence' : 'content';
  const keys = differingKeys(before, object);
  const isBack = keys !== 'all' && keys.size === 0;
  const vanished = keys !== 'all' && [...keys].some((key) => !hasKey(object, key));
  entry.seen = object;
  entry.exists = true;
  const missed = !watched && before.resourceVersion !== object.resourceVersion;
  if (missed) entry.watchedSince = object.resourceVersion;
  const rewritten = missed && before.dataWrittenAt !== object.dataWrittenAt;
  if (what === 'content' && isBack && !rewritten)
    return missed || !sameAnnotations(before.annotations, object.annotations);
  const at = watched ? now : beforeEveryPodOr(vanished || isBack ? undefined : object.dataWrittenAt, object);
  const notBefore = Math.min(now, object.dataWrittenAt ?? 0);
  const touched = rewritten ? 'all' : keys;
  const { resourceVersion, writers } = object;
  remember(entry, { resourceVersion, at, notBefore, watched, keys: touched, what, writers });
  return true;
}

/** What every pod started with makes none of them stale, whatever is known of the time. */
function beforeEveryPodOr(at: number | undefined, { dataWrittenAt }: SeenConfig): number | undefined {
  return dataWrittenAt === beforeEveryPod ? beforeEveryPod : at;
}

/** Dropping the oldest change is a gap in what was watched, and is treated as one. */
function remember(entry: Entry, change: KeyedChange): void {
  const changes = [...entry.changes, change];
  const dropped = changes.length > maxChanges ? changes.shift() : undefined;
  if (dropped !== undefined) entry.watchedSince = dropped.resourceVersion;
  entry.changes = changes;
}

/** Pods that need the object do not start without it, so only its content can make one stale. */
function concerns({ keys, what }: KeyedChange, use: Use): boolean {
  if (what === 'presence' && use.optional) return true;
  if (keys === 'all') return true;
  return use.keys === 'all' ? keys.size > 0 : use.keys.some((key) => keys.has(key));
}
