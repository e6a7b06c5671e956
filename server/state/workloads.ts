// The workloads of the cluster, which config objects they use, and their revisions.
import { configKinds, isConfigKind, objectKey } from '../core/object.ts';
import { matchesName } from '../core/reloader-pattern.ts';
import type { Presence, SeenEvent, SeenRevision, SeenWorkload } from '../core/seen.ts';
import type { Revision } from '../core/snapshot.ts';
import { createRuns } from './runs.ts';

/** As the watches saw it. */
export interface KnownWorkload extends SeenWorkload {
  /** The version of its creation, when a watch without a gap delivered it. */
  readonly addedVersion?: string | undefined;
  /** Its version when this process first saw it opted in: later ones may be of writes that have nothing to do with that. */
  readonly firstVersion?: string;
}

export interface Workloads {
  /**
   * The key of the workload to decide anew; undefined when the event cannot matter. `optedInAt`: the version of what opted it in,
   * where that is not the workload itself.
   */
  apply(event: SeenEvent<SeenWorkload>, optedInAt?: string): string | undefined;
  get(key: string): KnownWorkload | undefined;
  /** Keys of the workloads that use a config object, given as `Secret/<namespace>/<name>`. */
  usersOf(config: string): readonly string[];
  /** The version at which it was opted in, when it was seen before without. */
  optedInAt(key: string): string | undefined;
  /** Keys of the opted-in workloads. */
  keys(): Iterable<string>;
  /** Deployments with the mark of a pause for a period, opted in or not, by key. */
  readonly toResume: ReadonlyMap<string, SeenWorkload>;
}

export function createWorkloads(): Workloads {
  return new IndexedWorkloads();
}

class IndexedWorkloads implements Workloads {
  readonly #optedIn = new Map<string, KnownWorkload>();
  /** uid by key. */
  readonly #optedOut = new Map<string, string>();
  readonly #optedInAt = new Map<string, string>();
  readonly toResume = new Map<string, SeenWorkload>();
  readonly #users = new Map<string, Set<string>>();
  /** Workloads whose annotations name config objects by expressions, by `<kind>/<namespace>`. */
  readonly #searchers = new Map<string, Set<string>>();
  readonly #runs = createRuns();

  apply(event: SeenEvent<SeenWorkload>, optedInAt?: string): string | undefined {
    const key = event.present ? objectKey(event.object.ref) : event.key;
    const before = this.#optedIn.get(key);
    if (before !== undefined) this.#unlink(key, before);
    const hadMark = this.toResume.delete(key);
    const hasMark = event.present && event.object.pause?.pausedAt !== undefined;
    if (event.present && hasMark) this.toResume.set(key, event.object);
    const told = before !== undefined || hadMark || hasMark ? key : undefined;
    this.#runs.apply(event);
    // What has finished stays so: Jobs that are kept for their logs take no room.
    if (!event.present || event.object.dormant === 'finished') {
      this.#optedOut.delete(key);
      this.#optedInAt.delete(key);
      return told;
    }
    const { object } = event;
    if (object.reload === undefined) {
      this.#optedOut.set(key, object.uid);
      this.#optedInAt.delete(key);
      return told;
    }
    if (this.#optedOut.get(key) === object.uid) this.#optedInAt.set(key, optedInAt ?? object.resourceVersion);
    else if (before?.uid !== object.uid) this.#optedInAt.delete(key);
    this.#optedOut.delete(key);
    const firstVersion = (before?.uid === object.uid ? before.firstVersion : undefined) ?? object.resourceVersion;
    this.#link(key, { ...object, addedVersion: addedVersionOf(event, before), firstVersion });
    return key;
  }

  get(key: string): KnownWorkload | undefined {
    const workload = this.#optedIn.get(key);
    return workload?.runsAlone === true && this.#runs.isRunning(key) ? { ...workload, running: true } : workload;
  }

  usersOf(config: string): readonly string[] {
    const at = config.lastIndexOf('/');
    const searchers = [...(this.#searchers.get(config.slice(0, at)) ?? [])].filter((key) =>
      namesByExpression(this.#optedIn.get(key), config),
    );
    return [...new Set([...(this.#users.get(config) ?? []), ...searchers])];
  }

  optedInAt(key: string): string | undefined {
    return this.#optedInAt.get(key);
  }

  keys(): Iterable<string> {
    return this.#optedIn.keys();
  }

  #link(key: string, workload: KnownWorkload): void {
    this.#optedIn.set(key, workload);
    for (const config of indexedConfigs(workload)) addTo(this.#users, config, key);
    for (const scope of searchedScopes(workload)) addTo(this.#searchers, scope, key);
  }

  #unlink(key: string, workload: SeenWorkload): void {
    this.#optedIn.delete(key);
    for (const config of indexedConfigs(workload)) removeFrom(this.#users, config, key);
    for (const scope of searchedScopes(workload)) removeFrom(this.#searchers, scope, key);
  }
}

function addedVersionOf(
  { how, object, version }: Presence<SeenWorkload>,
  before: KnownWorkload | undefined,
): string | undefined {
  if (before?.uid === object.uid) return before.addedVersion;
  return how === 'added' ? version : undefined;
}

/** Everything that is found by its exact name. */
function indexedConfigs({ ref, references, reload }: SeenWorkload): string[] {
  const { namespace } = ref;
  const named = configKinds.flatMap((kind) =>
    [...(reload?.kinds[kind].named?.names ?? [])].map((name) => ({ kind, name })),
  );
  return [...references, ...named].map(({ kind, name }) => objectKey({ kind, namespace, name }));
}

function searchedScopes({ ref, reload }: SeenWorkload): string[] {
  const kinds = configKinds.filter((kind) => (reload?.kinds[kind].named?.expressions.length ?? 0) > 0);
  return kinds.map((kind) => `${kind}/${ref.namespace}`);
}

function namesByExpression(workload: SeenWorkload | undefined, config: string): boolean {
  const [kind = '', , name = ''] = config.split('/');
  const patterns = isConfigKind(kind) ? workload?.reload?.kinds[kind].named : undefined;
  return patterns !== undefined && matchesName(patterns, name);
}

function addTo(index: Map<string, Set<string>>, at: string, key: string): void {
  index.set(at, (index.get(at) ?? new Set()).add(key));
}

function removeFrom(index: Map<string, Set<string>>, at: string, key: string): void {
  const keys = index.get(at);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(at);
}

export interface Revisions {
  apply(event: SeenEvent<SeenRevision>): string | undefined;
  /** The revision of the current template, and the label value its pods carry. */
  current(workload: KnownWorkload): (Revision & { readonly uid: string; readonly hash: string }) | undefined;
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
      if (workload.podsSince !== undefined) return standIn(workload, workload.podsSince);
      if (workload.currentRevision === undefined) return undefined;
      const siblings = [...(byOwner.get(workload.uid)?.values() ?? [])];
      if (workload.currentRevision === '') return siblings.sort((a, b) => Number(b.number) - Number(a.number))[0];
      return siblings.find(
        ({ number, name }) => number === workload.currentRevision || name.endsWith(`/${workload.currentRevision}`),
      );
    },
  };
}

/** Of a kind without revisions. A Job owns its pods itself. */
function standIn({ uid, addedVersion }: KnownWorkload, createdAt: number) {
  return { uid, hash: '', createdAt, addedVersion, reused: false };
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
