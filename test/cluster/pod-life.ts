// What the fake node does next with a pod: bind it, report its status, remove it, or leave it. Pure.
import type { V1Container, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';

export type PodAction =
  | { kind: 'none' }
  | { kind: 'bind' }
  | { kind: 'remove' }
  | { kind: 'report'; status: Readonly<Record<string, unknown>> };

const nodeName = 'fake-node';
const nodeAddress = '10.0.0.1';
const room = { cpu: '1000', memory: '1000Gi', 'ephemeral-storage': '1000Gi', pods: '10000' };

/** The node as it registers itself. */
export const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: nodeName,
    labels: {
      'kubernetes.io/hostname': nodeName,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
    } as Readonly<Record<string, string>>,
  },
  status: {
    capacity: room,
    allocatable: room,
    addresses: [{ type: 'InternalIP', address: nodeAddress }],
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'no machine behind it' }],
  },
};

/** A pod with scheduling gates, another scheduler or a node selector that does not fit stays pending, as it would in earnest. */
export function decidePod(pod: V1Pod, now: Date): PodAction {
  const { metadata, spec, status } = pod;
  if (spec?.nodeName === undefined) return isSchedulable(pod) ? { kind: 'bind' } : { kind: 'none' };
  if (spec.nodeName !== nodeName) return { kind: 'none' };
  if (metadata?.deletionTimestamp !== undefined) {
    return metadata.deletionGracePeriodSeconds === 0 ? { kind: 'none' } : { kind: 'remove' };
  }
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return { kind: 'none' };
  if (metadata?.ownerReferences?.some((owner) => owner.kind === 'Job')) return reportSucceeded(pod, now);
  const ready = areGatesOpen(pod) ? 'True' : 'False';
  const isReported = status?.phase === 'Running' && conditionOf(pod, 'Ready') === ready;
  return isReported ? { kind: 'none' } : reportRunning(pod, ready, now);
}

function isSchedulable({ metadata, spec }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined || (spec?.schedulingGates?.length ?? 0) > 0) return false;
  if ((spec?.schedulerName ?? 'default-scheduler') !== 'default-scheduler') return false;
  return Object.entries(spec?.nodeSelector ?? {}).every(([label, value]) => node.metadata.labels[label] === value);
}

function areGatesOpen(pod: V1Pod): boolean {
  return (pod.spec?.readinessGates ?? []).every((gate) => conditionOf(pod, gate.conditionType) === 'True');
}

function conditionOf(pod: V1Pod, type: string): string | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type)?.status;
}

function reportRunning(pod: V1Pod, ready: 'True' | 'False', now: Date): PodAction {
  const startedAt = pod.status?.startTime ?? seconds(now);
  const running = { running: { startedAt } };
  const done = { terminated: { exitCode: 0, reason: 'Completed', startedAt, finishedAt: startedAt } };
  // An init container that restarts always is a sidecar: it keeps running.
  const initState = (container: V1Container) => (container.restartPolicy === 'Always' ? running : done);
  return report(pod, now, {
    phase: 'Running',
    conditions: conditions(seconds(now), { ready, containersReady: 'True' }),
    containerStatuses: statusesOf(pod, pod.spec?.containers, () => running),
    initContainerStatuses: statusesOf(pod, pod.spec?.initContainers, initState),
  });
}

function reportSucceeded(pod: V1Pod, now: Date): PodAction {
  const at = seconds(now);
  const done = { terminated: { exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at } };
  return report(pod, now, {
    phase: 'Succeeded',
    conditions: conditions(at, { ready: 'False', containersReady: 'False' }),
    containerStatuses: statusesOf(pod, pod.spec?.containers, () => done),
    initContainerStatuses: statusesOf(pod, pod.spec?.initContainers, () => done),
  });
}

function report(pod: V1Pod, now: Date, rest: Readonly<Record<string, unknown>>): PodAction {
  const podIP = pod.status?.podIP ?? nextAddress();
  const startTime = pod.status?.startTime ?? seconds(now);
  const hostIPs = [{ ip: nodeAddress }];
  return {
    kind: 'report',
    status: { hostIP: nodeAddress, hostIPs, podIP, podIPs: [{ ip: podIP }], startTime, ...rest },
  };
}

function conditions(at: string, { ready, containersReady }: { ready: string; containersReady: string }) {
  const values = {
    PodReadyToStartContainers: 'True',
    Initialized: 'True',
    ContainersReady: containersReady,
    Ready: ready,
  };
  return Object.entries(values).map(([type, status]) => ({ type, status, lastTransitionTime: at }));
}

type ContainerState = { running: object } | { terminated: object };

function statusesOf(
  pod: V1Pod,
  containers: readonly V1Container[] | undefined,
  stateOf: (container: V1Container) => ContainerState,
): Omit<V1ContainerStatus, 'state'>[] {
  return (containers ?? []).map((container) => {
    const state = stateOf(container);
    const isRunning = 'running' in state;
    const { name, image = '' } = container;
    const containerID = `fake://${pod.metadata?.uid}/${name}`;
    const isInit = pod.spec?.initContainers?.includes(container) ?? false;
    return {
      name,
      image,
      imageID: image,
      containerID,
      restartCount: 0,
      started: isRunning,
      ready: isRunning || isInit,
      state,
    };
  });
}

let addresses = 0;

/** Unique within this process: 10.128.0.0/9 has eight million. */
function nextAddress(): string {
  const n = ++addresses;
  return `10.${128 + ((n >> 16) & 127)}.${(n >> 8) & 255}.${n & 255}`;
}

/** Kubernetes' times have whole seconds. */
function seconds(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}
