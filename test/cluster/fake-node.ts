// One node without machines behind it: registers itself, then takes every pod through its life by watching pods.
import type { V1Pod } from '@kubernetes/client-node';
import { appendFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createApiClient, type ApiClient, type ApiReply } from './api.ts';
import type { ClientCredentials } from './certificates.ts';
import { decidePod, node } from './pod-life.ts';

export interface FakeNode {
  stop(): Promise<void>;
}

// A failed connection or an answer of 5xx: the API server is overloaded or stopping.
const retryMs = 200;
const leaseRenewMs = 10_000;

export interface FakeNodeOptions {
  url: string;
  credentials: ClientCredentials;
  /** Gets a line for whatever the node could not do and tries again. */
  logFile: string;
}

/** Resolves once pods can be scheduled onto the node. */
export async function startFakeNode({ url, credentials, logFile }: FakeNodeOptions): Promise<FakeNode> {
  const api = createApiClient(url, credentials, 'fake-node');
  const stopping = new AbortController();
  try {
    await register(api);
  } catch (error) {
    await api.close();
    throw error;
  }
  const running = Promise.all([watchPods({ api, signal: stopping.signal, logFile }), renewLease(api, stopping.signal)]);
  return {
    async stop() {
      stopping.abort();
      await running;
      await api.close();
    },
  };
}

async function register(api: ApiClient): Promise<void> {
  const path = `/api/v1/nodes/${node.metadata.name}`;
  expectStatus(await api.call('POST', '/api/v1/nodes', { body: node }), 201, 409);
  // Admission taints every new node as not ready; the controller that would lift it is switched off.
  const contentType = 'application/merge-patch+json';
  expectStatus(await api.call('PATCH', path, { body: { spec: { taints: null } }, contentType }), 200);
}

interface Watcher {
  api: ApiClient;
  signal: AbortSignal;
  logFile: string;
}

/** Every connection starts with all pods as ADDED, so a broken watch is simply begun again. */
async function watchPods(watcher: Watcher): Promise<void> {
  const { api, signal } = watcher;
  const lives = createLives(watcher);
  while (!signal.aborted) {
    try {
      for await (const event of api.watch('/api/v1/pods?watch=1', signal)) {
        const { type, object } = event as { type: string; object: V1Pod };
        if (type === 'ADDED' || type === 'MODIFIED') lives.see(object);
      }
    } catch (error) {
      await report(watcher, 'watching pods', error);
    }
    await pause(retryMs, signal);
  }
  await lives.settled();
}

interface Lives {
  see(pod: V1Pod): void;
  settled(): Promise<void>;
}

/** One action per pod at a time, always on the newest state seen. */
function createLives(watcher: Watcher): Lives {
  const { api, signal } = watcher;
  const newest = new Map<string, V1Pod>();
  const busy = new Map<string, Promise<void>>();
  const live = async (uid: string) => {
    for (let pod = newest.get(uid); pod !== undefined && !signal.aborted; pod = newest.get(uid)) {
      newest.delete(uid);
      try {
        await act(api, pod, signal);
      } catch (error) {
        if (!newest.has(uid)) newest.set(uid, pod);
        await report(watcher, `pod ${pod.metadata?.namespace}/${pod.metadata?.name}`, error);
        await pause(retryMs, signal);
      }
    }
    busy.delete(uid);
  };
  return {
    see(pod) {
      const uid = pod.metadata?.uid ?? '';
      newest.set(uid, pod);
      if (!busy.has(uid)) busy.set(uid, live(uid));
    },
    settled: async () => {
      await Promise.all(busy.values());
    },
  };
}

async function act(api: ApiClient, pod: V1Pod, signal: AbortSignal): Promise<void> {
  const { namespace = '', name = '', uid, resourceVersion } = pod.metadata ?? {};
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  const action = decidePod(pod, new Date());
  switch (action.kind) {
    case 'none':
      return;
    case 'bind': {
      const body = { metadata: { name, uid }, target: { apiVersion: 'v1', kind: 'Node', name: node.metadata.name } };
      return expectStatus(await api.call('POST', `${path}/binding`, { body, signal }), 201, 404, 409);
    }
    case 'report': {
      // The version makes a report on an outdated state fail (409) rather than give a pod a second address.
      const body = { metadata: { uid, resourceVersion }, status: action.status };
      const contentType = 'application/strategic-merge-patch+json';
      return expectStatus(await api.call('PATCH', `${path}/status`, { body, contentType, signal }), 200, 404, 409);
    }
    case 'remove': {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } };
      return expectStatus(await api.call('DELETE', path, { body, signal }), 200, 202, 404, 409);
    }
  }
}

async function renewLease(api: ApiClient, signal: AbortSignal): Promise<void> {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  const name = node.metadata.name;
  while (!signal.aborted) {
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: toMicroTime(new Date()) };
    try {
      const contentType = 'application/merge-patch+json';
      const { status } = await api.call('PATCH', `${leases}/${name}`, { body: { spec }, contentType, signal });
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name }, spec };
      if (status === 404) await api.call('POST', leases, { body: lease, signal });
    } catch {
      // Nothing on this plane judges the lease; the next renewal comes anyway.
    }
    await pause(leaseRenewMs, signal);
  }
}

function toMicroTime(at: Date): string {
  return at.toISOString().replace('Z', '000Z');
}

function expectStatus({ status, body }: ApiReply, ...expected: number[]): void {
  if (!expected.includes(status)) throw new Error(`the API server answered ${status}: ${JSON.stringify(body)}`);
}

/** Silent while stopping, when every request under way is broken off. */
async function report({ signal, logFile }: Watcher, what: string, error: unknown): Promise<void> {
  if (!signal.aborted) await appendFile(logFile, `${new Date().toISOString()} ${what}: ${String(error)}\n`);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}
