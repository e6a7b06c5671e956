// A tiny kube-controller-manager and node: Deployments get ReplicaSets and pods, StatefulSets and DaemonSets get
// ControllerRevisions and pods, pods run, owned objects follow their owner. Level-based; no timer outlives stop.
import { reconcileDaemonSet } from './controllers/daemon-set.ts';
import { reconcileDeployment } from './controllers/deployment.ts';
import { reconcilePod } from './controllers/pod.ts';
import { reconcileReplicaSet } from './controllers/replica-set.ts';
import { reconcileStatefulSet } from './controllers/stateful-set.ts';
import { World, controllerOf } from './controllers/world.ts';
import { type JsonObject, at, list, objects, text } from './json.ts';
import { type Storage, type StoredChange } from './storage.ts';

const reconcilers: Readonly<Record<string, (world: World, object: JsonObject) => void>> = {
  'deployments.apps': reconcileDeployment,
  'replicasets.apps': reconcileReplicaSet,
  'statefulsets.apps': reconcileStatefulSet,
  'daemonsets.apps': reconcileDaemonSet,
  pods: reconcilePod,
};

/** Runs until the answered function is called. */
export function startControllers(storage: Storage, clock: () => number): () => void {
  const world = new World(storage, clock);
  const queue = new Map<string, { resource: string; key: string }>();
  let scheduled: NodeJS.Immediate | undefined;

  const enqueue = (resource: string, key: string): void => {
    queue.set(`${resource} ${key}`, { resource, key });
    scheduled ??= setImmediate(run);
  };
  const run = (): void => {
    scheduled = undefined;
    const batch = [...queue.values()];
    queue.clear();
    for (const { resource, key } of batch) {
      const object = storage.get(resource, key);
      if (object === undefined) continue;
      if (finalize(world, resource, object)) continue;
      reconcilers[resource]?.(world, object);
    }
  };
  const observe = (change: StoredChange): void => {
    world.index(change);
    if (change.type === 'DELETED') collectGarbage(world, change.object);
    enqueue(change.resource, change.key);
    const owner = controllerOf(change.object);
    if (owner !== undefined) enqueue(owner.resource, `${text(change.object, 'metadata', 'namespace')}/${owner.name}`);
  };
  const unsubscribe = storage.subscribe(observe);
  for (const resource of world.resources) {
    for (const object of storage.list(resource)) {
      const key = `${text(object, 'metadata', 'namespace')}/${text(object, 'metadata', 'name')}`;
      observe({ version: storage.version, resource, key, type: 'ADDED', object, previous: undefined });
    }
  }
  return () => {
    unsubscribe();
    if (scheduled !== undefined) clearImmediate(scheduled);
    scheduled = undefined;
  };
}

/** What an owner leaves behind goes with it, unless it names another owner. */
function collectGarbage(world: World, owner: JsonObject): void {
  const uid = text(owner, 'metadata', 'uid');
  for (const { resource, object } of world.ownedBy(uid)) {
    const others = objects(object, 'metadata', 'ownerReferences').filter((reference) => reference['uid'] !== uid);
    if (others.length === 0) world.remove(resource, object);
  }
}

/** Foreground deletion and orphaning: does its part and lets the object go. True: it is being deleted. */
function finalize(world: World, resource: string, object: JsonObject): boolean {
  if (at(object, 'metadata', 'deletionTimestamp') === undefined) return false;
  if (resource === 'pods') return false;
  const finalizers = list(object, 'metadata', 'finalizers');
  const uid = text(object, 'metadata', 'uid');
  if (finalizers.includes('foregroundDeletion')) collectGarbage(world, object);
  if (finalizers.includes('orphan')) for (const owned of world.ownedBy(uid)) world.disown(owned, uid);
  const rest = finalizers.filter((name) => name !== 'foregroundDeletion' && name !== 'orphan');
  if (rest.length < finalizers.length) world.releaseFinalizers(resource, object, rest);
  return true;
}
