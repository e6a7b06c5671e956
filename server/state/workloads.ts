// The workloads of the cluster, which config objects they use, and their revisions.
import { objectKey } from '../core/object.ts';
import type { SeenEvent, SeenNamespace, SeenRevision, SeenWorkload } from '../core/seen.ts';
import type { Revision } from '../core/snapshot.ts';

export interface Workloads {
  /** The key of the workload to decide anew; undefined when the event cannot matter. */
  apply(event: SeenEvent<SeenWorkload>): string | undefined;
  get(key: string): SeenWorkload | undefined;
  /** Keys of the workloads that use a config object, given as `Secret/<namespace>/<name>`. */
  usersOf(config: string): readonly string[];
  /** The version at which it was opted in, when it was seen before without. */
  optedInAt(key: string): string | undefined;
  /** Keys of the opted-in workloads. */
  keys(): Iterable<string>;
}

export function createWorkloads(): Workloads {
  const optedIn = new Map<string, SeenWorkload>();
  const optedOut = new Map<string, string>();
  const optedInAt = new Map<string, string>();
  const users = new Map<string, Set<string>>();

  const unlink = (key: string): void => {
    const before = optedIn.get(key);
    if (before === undefined) return;
    for (const config of usedConfigs(before)) {
      const set = users.get(config);
      set?.delete(key);
      if (set?.size === 0) users.delete(config);
    }
    optedIn.delete(key);
  };

  const link = (key: string, workload: SeenWorkload): void => {
    optedIn.set(key, workload);
    for (const config of usedConfigs(workload)) users.set(config, (users.get(config) ?? new Set()).add(key));
  };

  return {
    apply(event) {
      const key = event.present ? objectKey(event.object.ref) : event.key;
      const before = optedIn.get(key);
      unlink(key);
      if (!event.present) {
        optedOut.delete(key);
        optedInAt.delete(key);
        return before === undefined ? undefined : key;
      }
      const { object } = event;
      if (object.optIn.kinds.length === 0) {
        optedOut.set(key, object.uid);
        optedInAt.delete(key);
        return before === undefined ? undefined : key;
      }
      if (optedOut.get(key) === object.uid) optedInAt.set(key, object.resourceVersion);
      else if (before?.uid !== object.uid) optedInAt.delete(key);
      optedOut.delete(key);
      link(key, object);
      return key;
    },
    get: (key) => optedIn.get(key),
    usersOf: (config) => [...(users.get(config) ?? [])],
    optedInAt: (key) => optedInAt.get(key),
    keys: () => optedIn.keys(),
  };
}

function usedConfigs(workload: SeenWorkload): string[] {
  const { namespace } = workload.ref;
  return workload.references.map(({ kind, name }) => objectKey({ kind, namespace, name }));
}

export interface Revisions {
  apply(event: SeenEvent<SeenRevision>): string | undefined;
  /** The revision of the current template, and the label value its pods carry. */
  current(workload: SeenWorkload): (Revision & { readonly uid: string; readonly hash: string }) | undefined;
}

interface Remembered extends SeenRevision {
  readonly addedVersion: string | undefined;
  /** Its number rose: controllers do that when an equal template comes back. */
  readonly reused: boolean;
}

/** Revisions by owner. The uid of the owner comes back from `apply`, so that its workload can be decided anew. */
export function createRevisions(): Revisions {
  const byOwner = new Map<string, Map<string, Remembered>>();
  const ownerOf = new Map<string, string>();
  return {
    apply(event) {
      if (!event.present) return forget(byOwner, ownerOf, event.key);
      const { object } = event;
      const siblings = byOwner.get(object.ownerUid) ?? new Map<string, Remembered>();
      const before = siblings.get(object.uid);
      const addedVersion = before?.addedVersion ?? (event.how === 'added' ? event.version : undefined);
      const renumbered = before !== undefined && before.number !== '' && before.number !== object.number;
      siblings.set(object.uid, { ...object, addedVersion, reused: before?.reused === true || renumbered });
      byOwner.set(object.ownerUid, siblings);
      ownerOf.set(object.name, object.ownerUid);
      return before === undefined || before.number !== object.number ? object.ownerUid : undefined;
    },
    current(workload) {
      if (workload.currentRevision === undefined) return undefined;
      const siblings = [...(byOwner.get(workload.uid)?.values() ?? [])];
      if (workload.currentRevision === '') return siblings.sort((a, b) => Number(b.number) - Number(a.number))[0];
      return siblings.find(
        ({ number, name }) => number === workload.currentRevision || name.endsWith(`/${workload.currentRevision}`),
      );
    },
  };
}

function forget(
  byOwner: Map<string, Map<string, Remembered>>,
  ownerOf: Map<string, string>,
  name: string,
): string | undefined {
  const owner = ownerOf.get(name);
  ownerOf.delete(name);
  const siblings = owner === undefined ? undefined : byOwner.get(owner);
  for (const [uid, revision] of siblings ?? []) if (revision.name === name) siblings?.delete(uid);
  if (owner !== undefined && siblings?.size === 0) byOwner.delete(owner);
  return owner;
}

export interface Namespaces {
  /** True when the pause switch of a namespace was turned. */
  apply(event: SeenEvent<SeenNamespace>): boolean;
  isPaused(name: string): boolean;
}

export function createNamespaces(): Namespaces {
  const paused = new Set<string>();
  return {
    apply(event) {
      const name = event.present ? event.object.name : event.key;
      const before = paused.has(name);
      if (event.present && event.object.paused) paused.add(name);
      else paused.delete(name);
      return before !== paused.has(name);
    },
    isPaused: (name) => paused.has(name),
  };
}
