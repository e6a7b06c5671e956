// Stored objects under one increasing version, their history, and who watches it. Everything in it is immutable.
import { type JsonObject, child, clone, ensure, isEqual, text } from './json.ts';
import { expired } from './status-errors.ts';

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface StoredChange {
  readonly version: number;
  readonly resource: string;
  readonly key: string;
  readonly type: ChangeType;
  /** After the change; for DELETED, the last state with the version of the deletion. */
  readonly object: JsonObject;
  readonly previous: JsonObject | undefined;
}

export type Listener = (change: StoredChange) => void;

export class Storage {
  readonly #objects = new Map<string, Map<string, JsonObject>>();
  readonly #listeners = new Set<Listener>();
  readonly #historyLimit: number;
  #history: StoredChange[] = [];
  #version = 1;
  /** Changes up to this version can no longer be replayed. */
  #compactedAt = 0;

  constructor(historyLimit: number) {
    this.#historyLimit = historyLimit;
  }

  get version(): number {
    return this.#version;
  }

  get compactedAt(): number {
    return this.#compactedAt;
  }

  get(resource: string, key: string): JsonObject | undefined {
    return this.#objects.get(resource)?.get(key);
  }

  /** All objects of a resource at `version` (the newest by default), by key. @throws a 410 StatusError when that is compacted */
  list(resource: string, version = this.#version): JsonObject[] {
    const state = new Map(this.#objects.get(resource));
    if (version < this.#compactedAt) throw expired('The provided continue parameter is too old');
    for (let i = this.#history.length - 1; i >= 0; i--) {
      const change = this.#history[i];
      if (change === undefined || change.version <= version) break;
      if (change.resource !== resource) continue;
      if (change.previous === undefined) state.delete(change.key);
      else state.set(change.key, change.previous);
    }
    return [...state].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** Stores `object` (created when nothing is there) and returns it with its new version; an equal object is not written. */
  put(resource: string, key: string, object: JsonObject): JsonObject {
    const previous = this.get(resource, key);
    if (previous !== undefined && isEqual(previous, object)) return previous;
    const stored = this.#stamp(object);
    let all = this.#objects.get(resource);
    if (all === undefined) this.#objects.set(resource, (all = new Map()));
    all.set(key, stored);
    this.#record({ resource, key, type: previous === undefined ? 'ADDED' : 'MODIFIED', object: stored, previous });
    return stored;
  }

  /** Removes an object; returns it with the version of its removal. */
  delete(resource: string, key: string): JsonObject | undefined {
    const previous = this.get(resource, key);
    if (previous === undefined) return undefined;
    this.#objects.get(resource)?.delete(key);
    const object = this.#stamp(previous);
    this.#record({ resource, key, type: 'DELETED', object, previous });
    return object;
  }

  /** Changes of a resource after `version`, oldest first. @throws a 410 StatusError when some of them are gone */
  changesAfter(resource: string, version: number): StoredChange[] {
    if (version < this.#compactedAt) throw expired(`too old resource version: ${version} (${this.#compactedAt})`);
    return this.#history.filter((change) => change.version > version && change.resource === resource);
  }

  /** Forgets the history up to now, as etcd's compaction does. */
  compact(): void {
    this.#compactedAt = this.#version;
    this.#history = [];
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #stamp(object: JsonObject): JsonObject {
    this.#version++;
    const stored = clone(object);
    ensure(stored, 'metadata')['resourceVersion'] = String(this.#version);
    return stored;
  }

  #record(change: Omit<StoredChange, 'version'>): void {
    const entry = { ...change, version: this.#version };
    this.#history.push(entry);
    // Trimmed in blocks, so that a write costs the same with and without a full history.
    if (this.#history.length > this.#historyLimit * 2) {
      const cut = this.#history.length - this.#historyLimit;
      this.#compactedAt = this.#history[cut - 1]?.version ?? this.#compactedAt;
      this.#history = this.#history.slice(cut);
    }
    for (const listener of this.#listeners) listener(entry);
  }
}

/** `namespace/name`, or `name` for cluster-wide objects: sorted as etcd sorts its keys. */
export function keyOf(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

export function keyOfObject(object: JsonObject): string {
  const metadata = child(object, 'metadata');
  return keyOf(text(metadata, 'namespace'), text(metadata, 'name'));
}
