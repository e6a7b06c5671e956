// DaemonSet -> ControllerRevision and one pod on the one fake node.
import { type JsonObject, child, integer, text } from '../json.ts';
import { nodeName } from './pod.ts';
import { currentRevision, hashOf, revisionLabel } from './revisions.ts';
import { type World, isReady, podFrom } from './world.ts';

export function reconcileDaemonSet(world: World, set: JsonObject): void {
  const revision = currentRevision(world, set);
  if (revision === undefined) return;
  const hash = hashOf(revision);
  const pods = world.ownedBy(text(set, 'metadata', 'uid'), 'pods').map(({ object }) => object);
  const isOnDelete = text(set, 'spec', 'updateStrategy', 'type') === 'OnDelete';
  const [pod, ...extra] = pods;
  for (const other of extra) world.remove('pods', other);
  const isOld = pod !== undefined && text(pod, 'metadata', 'labels', revisionLabel) !== hash;
  if (pod === undefined)
    world.create(podFrom(set, child(set, 'spec', 'template'), { labels: { [revisionLabel]: hash }, nodeName }));
  else if (isOld && !isOnDelete) world.remove('pods', pod);
  const isKept = pod !== undefined && (!isOld || isOnDelete);
  const ready = isKept && isReady(pod) ? 1 : 0;
  world.setStatus(set, {
    currentNumberScheduled: isKept ? 1 : 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 1,
    numberReady: ready,
    observedGeneration: integer(set, 'metadata', 'generation') ?? 1,
    updatedNumberScheduled: isKept && !isOld ? 1 : 0,
    numberAvailable: ready,
    numberUnavailable: 1 - ready,
  });
}
