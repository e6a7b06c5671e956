// StatefulSet -> ControllerRevision and pods by ordinal, honouring partition and OnDelete.
import { type JsonObject, child, integer, text } from '../json.ts';
import { currentRevision, revisionLabel } from './revisions.ts';
import { type World, isReady, podFrom } from './world.ts';

export function reconcileStatefulSet(world: World, set: JsonObject): void {
  const revision = currentRevision(world, set);
  if (revision === undefined) return;
  const name = text(set, 'metadata', 'name');
  const wanted = integer(set, 'spec', 'replicas') ?? 1;
  const revisionName = text(revision, 'metadata', 'name');
  const pods = new Map(
    world.ownedBy(text(set, 'metadata', 'uid'), 'pods').map(({ object }) => [text(object, 'metadata', 'name'), object]),
  );
  const isOnDelete = text(set, 'spec', 'updateStrategy', 'type') === 'OnDelete';
  const partition = integer(set, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0;
  const kept: JsonObject[] = [];
  for (let ordinal = wanted - 1; ordinal >= 0; ordinal--) {
    const podName = `${name}-${ordinal}`;
    const pod = pods.get(podName);
    pods.delete(podName);
    const isOld = pod !== undefined && text(pod, 'metadata', 'labels', revisionLabel) !== revisionName;
    if (pod === undefined) createPod(world, set, { podName, ordinal, revisionName });
    else if (isOld && !isOnDelete && ordinal >= partition) world.remove('pods', pod);
    else kept.push(pod);
  }
  for (const pod of pods.values()) world.remove('pods', pod);
  report(world, set, { kept, revisionName, wanted });
}

function createPod(
  world: World,
  set: JsonObject,
  facts: { podName: string; ordinal: number; revisionName: string },
): void {
  const labels = {
    [revisionLabel]: facts.revisionName,
    'statefulset.kubernetes.io/pod-name': facts.podName,
    'apps.kubernetes.io/pod-index': String(facts.ordinal),
  };
  world.create(podFrom(set, child(set, 'spec', 'template'), { name: facts.podName, labels }));
}

function report(
  world: World,
  set: JsonObject,
  facts: { kept: readonly JsonObject[]; revisionName: string; wanted: number },
): void {
  const { kept, revisionName } = facts;
  const ready = kept.filter((pod) => isReady(pod)).length;
  const updated = kept.filter((pod) => text(pod, 'metadata', 'labels', revisionLabel) === revisionName).length;
  const isDone = updated === facts.wanted && ready === facts.wanted;
  const before = text(set, 'status', 'currentRevision') || revisionName;
  world.setStatus(set, {
    observedGeneration: integer(set, 'metadata', 'generation') ?? 1,
    replicas: kept.length,
    readyReplicas: ready,
    availableReplicas: ready,
    currentReplicas: isDone ? updated : kept.length - updated,
    updatedReplicas: updated,
    currentRevision: isDone ? revisionName : before,
    updateRevision: revisionName,
    collisionCount: 0,
  });
}
