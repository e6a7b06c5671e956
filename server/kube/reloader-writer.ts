// Restarts as Reloader's strategies do: its environment variable or annotation, its hash, its patch type and field manager.
// Unlike Reloader it refuses to write on a workload that changed since it was read, and writes one patch for all that is owed.
import type { RestartOrder, RestartSource, RestartWriter } from '../core/cluster.ts';
import { hasCode, LockstepError } from '../core/errors.ts';
import { configResources, workloadKinds } from '../core/object.ts';
import { pauseFields } from '../core/pause-period.ts';
import { hashContent } from '../core/reloader-hash.ts';
import type { PodTemplate } from '../core/reloader-marks.ts';
import { reloaderFieldManager } from '../core/reloader-patch.ts';
import type { ReloaderPodSpec } from '../core/reloader-references.ts';
import { applyStrategy, type ReloaderStrategy, type TemplateChange } from '../core/reloader-strategy.ts';
import type { Client } from './client.ts';
import { readInputs } from './ingest-config.ts';
import { workloadPath } from './ingest-workload.ts';
import { sendResume } from './patches.ts';
import type { ApiObject } from './reflector.ts';

export interface ReloaderWriterOptions {
  readonly client: Client;
  readonly strategy: ReloaderStrategy;
  readonly now: () => number;
  /** The annotation that marks a pause. */
  readonly pausedAtKey: string;
}

export function createReloaderWriter(options: ReloaderWriterOptions): RestartWriter {
  return {
    writesKey: false,
    async restart(order, signal) {
      const template = await readTemplate(options, order, signal);
      const changes: TemplateChange[] = [];
      for (const source of order.sources) {
        const hash = await readHash(options, { order, source, signal });
        if (hash === undefined) continue;
        const marked = { ...source, namespace: order.ref.namespace, content: { hash } };
        const decision = applyStrategy(options.strategy, template, { source: marked, observedAt: options.now() });
        if (decision.kind === 'change') changes.push(decision.change);
      }
      return changes.length === 0 ? undefined : write(options, { order, changes, signal });
    },
    resume: (order, signal) =>
      sendResume(options.client, order, {
        pausedAtKey: options.pausedAtKey,
        fieldManager: reloaderFieldManager,
        contentType: strategicMerge,
        signal,
      }),
  };
}

const strategicMerge = 'application/strategic-merge-patch+json';

interface Request {
  readonly order: RestartOrder;
  readonly signal: AbortSignal;
}

/** The template as it was decided on; anything newer is decided anew. */
async function readTemplate(
  { client }: ReloaderWriterOptions,
  { ref, resourceVersion }: RestartOrder,
  signal: AbortSignal,
): Promise<PodTemplate> {
  const { kind, namespace, name } = ref;
  const subject = `${namespace}/${name}`;
  const { resource } = workloadKinds[kind];
  const answer = await client.send({
    verb: 'get',
    resource,
    subject,
    path: workloadPath(kind, namespace, name),
    signal,
  });
  const { metadata, spec } = answer as ApiObject & {
    spec: { template: { metadata?: { annotations?: Record<string, string> }; spec: ReloaderPodSpec } };
  };
  if (metadata.resourceVersion !== resourceVersion) {
    throw new LockstepError('api-conflict', { message: `cannot restart ${resource} ${subject}: it changed meanwhile` });
  }
  return { annotations: spec.template.metadata?.annotations ?? {}, spec: spec.template.spec };
}

/** Reloader's SHA-1 of the live content, which exists nowhere else; undefined when the object is gone. */
async function readHash(
  { client }: ReloaderWriterOptions,
  { order, source, signal }: Request & { source: RestartSource },
): Promise<string | undefined> {
  const { namespace } = order.ref;
  const resource = configResources[source.kind];
  const path = `/api/v1/namespaces/${namespace}/${resource}/${source.name}`;
  try {
    const answer = await client.send({ verb: 'get', resource, subject: `${namespace}/${source.name}`, path, signal });
    return hashContent(readInputs(source.kind, answer as ApiObject));
  } catch (error) {
    if (hasCode(error, 'api-not-found')) return undefined;
    throw error;
  }
}

/** One strategic merge patch. The annotation has room for one source: the last one. */
async function write(
  { client, pausedAtKey }: ReloaderWriterOptions,
  { order, changes, signal }: Request & { changes: readonly TemplateChange[] },
): Promise<string> {
  const { kind, namespace, name } = order.ref;
  const pause = pauseFields(pausedAtKey, order.pausedAt);
  const answer = await client.send({
    verb: 'patch',
    resource: workloadKinds[kind].resource,
    subject: `${namespace}/${name}`,
    path: workloadPath(kind, namespace, name),
    query: { fieldManager: reloaderFieldManager },
    body: {
      metadata: { resourceVersion: order.resourceVersion, ...pause.metadata },
      spec: { ...pause.spec, template: toTemplate(changes) },
    },
    contentType: strategicMerge,
    signal,
  });
  return (answer as ApiObject).metadata.resourceVersion;
}

function toTemplate(changes: readonly TemplateChange[]): object {
  const annotations: Record<string, string> = {};
  const containers = new Map<string, { name: string; value: string }[]>();
  for (const change of changes) {
    if (change.kind === 'set-annotation') annotations[change.key] = change.value;
    if (change.kind !== 'set-env') continue;
    containers.set(change.container, [
      ...(containers.get(change.container) ?? []),
      { name: change.name, value: change.value },
    ]);
  }
  return {
    ...(Object.keys(annotations).length === 0 ? {} : { metadata: { annotations } }),
    ...(containers.size === 0 ? {} : { spec: { containers: [...containers].map(([name, env]) => ({ name, env })) } }),
  };
}
