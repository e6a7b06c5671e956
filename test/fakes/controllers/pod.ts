// The fake node: a pod is bound and runs at once; a deleted one stops at once.
import { type JsonObject, at, clone, ensure, objects, text } from '../json.ts';
import type { World } from './world.ts';

export const nodeName = 'fake-node';

export function reconcilePod(world: World, pod: JsonObject): void {
  if (at(pod, 'metadata', 'deletionTimestamp') !== undefined) {
    world.remove('pods', pod);
    return;
  }
  if (text(pod, 'status', 'phase') !== 'Pending') return;
  const bound = clone(pod);
  ensure(bound, 'spec')['nodeName'] = text(pod, 'spec', 'nodeName') || nodeName;
  const since = world.now;
  const conditions = ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
    type,
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: since,
  }));
  bound['status'] = {
    phase: 'Running',
    conditions,
    hostIP: '127.0.0.1',
    podIP: '127.0.0.1',
    startTime: since,
    qosClass: text(pod, 'status', 'qosClass'),
    containerStatuses: objects(pod, 'spec', 'containers').map((container) => ({
      name: text(container, 'name'),
      image: text(container, 'image'),
      imageID: text(container, 'image'),
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: since } },
    })),
  };
  world.bind(pod, bound);
}
