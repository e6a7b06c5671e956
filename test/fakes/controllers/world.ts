// What the controllers see and how they write: an index of owned objects, and writes that bear their field manager.
import { createHash } from 'node:crypto';
import { timeText } from '../canonical.ts';
import { type JsonObject, child, clone, ensure, isEqual, objects, stableText, text } from '../json.ts';
import { type Kind, findKind, storageKey } from '../kinds.ts';
import { keepTimes, trackUpdate } from '../managed-fields.ts';
import type { ResourceRequest } from '../requests.ts';
import { type Storage, type StoredChange, keyOfObject } from '../storage.ts';
import { ignoredFields, prepareUpdate } from '../strategies.ts';
import { complete, createObject } from '../writes.ts';

const manager = 'kube-controller-manager';

export interface Owned {
  readonly resource: string;
  readonly object: JsonObject;
}

export class World {
  readonly resources = [
    'deployments.apps',
    'replicasets.apps',
    'statefulsets.apps',
    'daemonsets.apps',
    'controllerrevisions.apps',
    'pods',
  ];
  readonly #storage: Storage;
  readonly #clock: () => number;
  /** Owner uid -> `resource key` of what it owns. */
  readonly #owned = new Map<string, Map<string, { resource: string; key: string }>>();

  constructor(storage: Storage, clock: () => number) {
    this.#storage = storage;
    this.#clock = clock;
  }

  get now(): string {
    return timeText(this.#clock());
  }

  index(change: StoredChange): void {
    for (const reference of objects(change.object, 'metadata', 'ownerReferences')) {
      const uid = text(reference, 'uid');
      let owned = this.#owned.get(uid);
      if (owned === undefined) this.#owned.set(uid, (owned = new Map()));
      const id = `${change.resource} ${change.key}`;
      if (change.type === 'DELETED') owned.delete(id);
      else owned.set(id, { resource: change.resource, key: change.key });
      if (owned.size === 0) this.#owned.delete(uid);
    }
  }

  ownedBy(uid: string, resource?: string): Owned[] {
    const out: Owned[] = [];
    for (const place of this.#owned.get(uid)?.values() ?? []) {
      if (resource !== undefined && place.resource !== resource) continue;
      const object = this.#storage.get(place.resource, place.key);
      const isOwned =
        object !== undefined &&
        objects(object, 'metadata', 'ownerReferences').some((reference) => reference['uid'] === uid);
      if (isOwned) out.push({ resource: place.resource, object });
    }
    return out;
  }

  create(object: JsonObject): void {
    const kind = kindOf(object);
    const namespace = text(object, 'metadata', 'namespace');
    const context = { storage: this.#storage, now: this.#clock(), warnings: [] };
    createObject(context, requestFor(kind, namespace), complete(clone(object), kind));
  }

  /** Writes `after` in place of `before` as an update of the main resource or of its status. */
  update(before: JsonObject, after: JsonObject, subresource: '' | 'status'): void {
    const kind = kindOf(before);
    const writer = {
      manager,
      operation: 'Update' as const,
      apiVersion: text(before, 'apiVersion'),
      subresource,
      at: this.#clock(),
    };
    const completed = complete(clone(after), kind);
    const tracked = trackUpdate(before, completed, writer, {
      type: kind.type,
      ignored: ignoredFields(kind, subresource),
    });
    prepareUpdate(kind, before, tracked, subresource);
    const object = { ...zeroTypeMeta(before), ...complete(tracked, kind) };
    this.#storage.put(storageKey(kind), keyOfObject(before), keepTimes(before, object));
  }

  setStatus(object: JsonObject, status: JsonObject): void {
    if (!isSameStatus(child(object, 'status'), status)) this.update(object, { ...object, status }, 'status');
  }

  /** A node's write: binding and status in one, as nothing here tells them apart. */
  bind(before: JsonObject, after: JsonObject): void {
    const kind = kindOf(before);
    this.#storage.put(storageKey(kind), keyOfObject(before), {
      ...zeroTypeMeta(before),
      ...complete(clone(after), kind),
    });
  }

  remove(resource: string, object: JsonObject): void {
    this.#storage.delete(resource, keyOfObject(object));
  }

  disown(owned: Owned, uid: string): void {
    const after = clone(owned.object);
    const metadata = ensure(after, 'metadata');
    metadata['ownerReferences'] = objects(metadata, 'ownerReferences').filter((reference) => reference['uid'] !== uid);
    this.update(owned.object, after, '');
  }

  releaseFinalizers(resource: string, object: JsonObject, rest: readonly JsonObject[string][]): void {
    if (rest.length === 0) {
      this.remove(resource, object);
      return;
    }
    const after = clone(object);
    ensure(after, 'metadata')['finalizers'] = [...rest];
    this.update(object, after, '');
  }
}

/** Equal but for zeros that are not written. */
export function isSameStatus(found: JsonObject, wanted: JsonObject): boolean {
  const keys = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  return [...keys].every((key) => isEqual(found[key] ?? 0, wanted[key] ?? 0));
}

function zeroTypeMeta(object: JsonObject): JsonObject {
  return { kind: text(object, 'kind'), apiVersion: text(object, 'apiVersion') };
}

function kindOf(object: JsonObject): Kind {
  const kind = findKind(text(object, 'apiVersion'), text(object, 'kind'));
  if (kind === undefined) throw new Error(`no kind ${text(object, 'kind')}`);
  return kind;
}

function requestFor(kind: Kind, namespace: string): ResourceRequest {
  return {
    verb: 'create',
    kind,
    namespace,
    name: '',
    subresource: '',
    query: new URLSearchParams({ fieldManager: manager }),
    userAgent: manager,
    contentType: 'application/json',
    accept: '',
    body: Buffer.alloc(0),
  };
}

const plurals: Readonly<Record<string, string>> = {
  Deployment: 'deployments.apps',
  ReplicaSet: 'replicasets.apps',
  StatefulSet: 'statefulsets.apps',
  DaemonSet: 'daemonsets.apps',
};

export function controllerOf(object: JsonObject): { resource: string; name: string; uid: string } | undefined {
  const reference = objects(object, 'metadata', 'ownerReferences').find((owner) => owner['controller'] === true);
  const resource = plurals[text(reference, 'kind')];
  return reference === undefined || resource === undefined
    ? undefined
    : { resource, name: text(reference, 'name'), uid: text(reference, 'uid') };
}

export function ownerReference(owner: JsonObject): JsonObject {
  return {
    apiVersion: text(owner, 'apiVersion'),
    kind: text(owner, 'kind'),
    name: text(owner, 'metadata', 'name'),
    uid: text(owner, 'metadata', 'uid'),
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Equal templates have equal hashes; letters as Kubernetes' own hashes have them. */
export function templateHash(template: JsonObject): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  const digest = createHash('sha256').update(stableText(template)).digest();
  return [...digest.subarray(0, 10)].map((byte) => letters[byte % letters.length]).join('');
}

/** A pod of `owner` made from `template`, with these labels on top. */
export function podFrom(
  owner: JsonObject,
  template: JsonObject,
  facts: { name?: string; labels: JsonObject; nodeName?: string },
): JsonObject {
  const metadata = child(template, 'metadata');
  const ownerName = text(owner, 'metadata', 'name');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(facts.name === undefined ? { generateName: `${ownerName}-` } : { name: facts.name }),
      namespace: text(owner, 'metadata', 'namespace'),
      labels: { ...child(metadata, 'labels'), ...facts.labels },
      ...(metadata['annotations'] === undefined ? {} : { annotations: clone(metadata['annotations']) }),
      ownerReferences: [ownerReference(owner)],
    },
    spec: { ...clone(child(template, 'spec')), ...(facts.nodeName === undefined ? {} : { nodeName: facts.nodeName }) },
  };
}

export function isReady(pod: JsonObject): boolean {
  return objects(pod, 'status', 'conditions').some(
    (condition) => condition['type'] === 'Ready' && condition['status'] === 'True',
  );
}
