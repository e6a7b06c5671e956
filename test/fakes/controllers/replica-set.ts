// ReplicaSet -> pods.
import { type JsonObject, child, integer, text } from '../json.ts';
import { type World, isReady, podFrom } from './world.ts';

export function reconcileReplicaSet(world: World, replicaSet: JsonObject): void {
  const wanted = integer(replicaSet, 'spec', 'replicas') ?? 1;
  const uid = text(replicaSet, 'metadata', 'uid');
  const pods = world.ownedBy(uid, 'pods').map(({ object }) => object);
  for (let i = pods.length; i < wanted; i++) {
    world.create(podFrom(replicaSet, child(replicaSet, 'spec', 'template'), { labels: {} }));
  }
  for (const pod of pods.slice(wanted)) world.remove('pods', pod);
  const kept = pods.slice(0, wanted);
  const ready = kept.filter((pod) => isReady(pod)).length;
  world.setStatus(replicaSet, {
    replicas: kept.length,
    fullyLabeledReplicas: kept.length,
    readyReplicas: ready,
    availableReplicas: ready,
    observedGeneration: integer(replicaSet, 'metadata', 'generation') ?? 1,
  });
}
