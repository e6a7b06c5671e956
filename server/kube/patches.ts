// The only writes to users' objects: the restart key, and Kubernetes Events about it.
import type {
  ClusterEvent,
  EventRecorder,
  Restarted,
  RestartOrder,
  RestartWriter,
  ResumeOrder,
} from '../core/cluster.ts';
import { skewAllowanceMs } from '../core/freshness.ts';
import { classResource, isConfigKind, workloadKinds } from '../core/object.ts';
import { pauseFields, resumePatch } from '../core/pause-period.ts';
import { annotation } from '../core/reload.ts';
import { applyChange, type RawTemplate } from '../core/reloader-patch.ts';
import { formatRestartKey, restartAtPatch, restartPatch, type RestartKey } from '../core/restart.ts';
import type { Client } from './client.ts';
import { workloadPath } from './ingest-workload.ts';
import { recreateJob, runCronJob } from './jobs.ts';
import type { ApiObject } from './reflector.ts';

/** Every write names it: a client that names no manager gets one from its user agent. */
export const fieldManager = 'lockstep';

export function createRestartWriter(client: Client, { now, sleep, pausedAtKey }: WriterOptions): RestartWriter {
  const jobs = { client, fieldManager, sleep };
  // Pods are dated by the API server's clock, which may be ahead of ours: none that began by now is spared.
  const restartAt = (): number => now() + skewAllowanceMs;
  return {
    leavesKey: (restart) => restart !== 'run',
    restart(order, signal) {
      switch (order.restart) {
        case 'template':
          return patch(client, order, { body: templatePatch(order, pausedAtKey), signal });
        case 'restart-at':
          return patch(client, order, { body: restartAtPatch(order.key, order.resourceVersion, restartAt()), signal });
        case 'run':
          return runCronJob(jobs, { order, transform: (template) => template, signal });
        case 'recreate':
          return recreateJob(jobs, { order, transform: (template) => withKey(template, order.key), signal });
      }
    },
    resume: (order, signal) =>
      sendResume(client, order, {
        pausedAtKey,
        fieldManager,
        contentType: 'application/merge-patch+json',
        signal,
      }),
  };
}

interface ResumeHow {
  readonly pausedAtKey: string;
  readonly fieldManager: string;
  readonly contentType: string;
  readonly signal: AbortSignal;
}

/** One patch in the form of the strategy that paused. Returns the new resourceVersion. */
export async function sendResume(client: Client, order: ResumeOrder, how: ResumeHow): Promise<string> {
  const { kind, namespace, name } = order.ref;
  const answer = await client.send({
    verb: 'patch',
    resource: workloadKinds[kind].resource,
    subject: `${namespace}/${name}`,
    path: workloadPath(kind, namespace, name),
    query: { fieldManager: how.fieldManager },
    body: resumePatch(how.pausedAtKey, order.resourceVersion),
    contentType: how.contentType,
    signal: how.signal,
  });
  return (answer as ApiObject).metadata.resourceVersion;
}

function templatePatch({ key, resourceVersion, pausedAt }: RestartOrder, pausedAtKey: string): object {
  return restartPatch(key, resourceVersion, pauseFields(pausedAtKey, pausedAt));
}

export interface WriterOptions {
  /** Wall clock (ms). */
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** The annotation that marks a pause. */
  readonly pausedAtKey: string;
}

async function patch(
  client: Client,
  { ref: { kind, namespace, name }, uid }: RestartOrder,
  { body, signal }: { readonly body: object; readonly signal: AbortSignal },
): Promise<Restarted> {
  const answer = await client.send({
    verb: 'patch',
    resource: workloadKinds[kind].resource,
    subject: `${namespace}/${name}`,
    path: workloadPath(kind, namespace, name),
    query: { fieldManager },
    body,
    contentType: 'application/merge-patch+json',
    signal,
  });
  return { uid, version: (answer as ApiObject).metadata.resourceVersion };
}

function withKey(template: RawTemplate, key: RestartKey): RawTemplate {
  return applyChange(template, { kind: 'set-annotation', key: annotation.restartedFor, value: formatRestartKey(key) });
}

export interface RecorderOptions {
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly onLost: (error: unknown) => void;
}

/** Waiting events beyond this are dropped: they inform, they are not the record. */
const maxWaiting = 1_000;

/** Between two Events, so that those of a fan-out do not compete with its patches. */
const paceMs = 50;

/** core/v1 Events, one at a time and beside the loop, so that they never delay a restart. */
export function createEventRecorder(client: Client, options: RecorderOptions): EventRecorder {
  const waiting: ClusterEvent[] = [];
  let sending = false;
  const send = async (): Promise<void> => {
    sending = true;
    for (let event = waiting.shift(); event !== undefined && !options.signal.aborted; event = waiting.shift()) {
      const { namespace } = event.about;
      const path = `/api/v1/namespaces/${namespace}/events`;
      const request = {
        verb: 'create',
        resource: 'events',
        subject: namespace,
        path,
        query: { fieldManager },
      } as const;
      await client.send({ ...request, body: toEvent(event, options), signal: options.signal }).catch(options.onLost);
      await options.sleep(paceMs, options.signal);
    }
    sending = false;
  };
  return {
    record(event) {
      if (waiting.length >= maxWaiting) return;
      waiting.push(event);
      if (!sending) void send();
    },
  };
}

function toEvent({ about, type, reason, message, component }: ClusterEvent, { now, random }: RecorderOptions): object {
  const at = new Date(now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const suffix = Math.floor(random() * 2 ** 40).toString(16);
  const { namespace, name, kind, uid } = about;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace, name: `${name.slice(0, 200)}.${now().toString(16)}${suffix}` },
    involvedObject: { apiVersion: apiVersionOf(kind), kind, namespace, name, uid },
    type,
    reason,
    message,
    source: { component: component ?? 'lockstep' },
    reportingComponent: component ?? 'lockstep.dev/lockstep',
    reportingInstance: 'lockstep',
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
}

function apiVersionOf(kind: ClusterEvent['about']['kind']): string {
  if (!isConfigKind(kind)) return `${workloadKinds[kind].group}/${workloadKinds[kind].version}`;
  return kind === 'SecretProviderClass' ? `${classResource.group}/${classResource.version}` : 'v1';
}
