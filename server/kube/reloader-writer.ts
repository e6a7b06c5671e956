// Restarts as Reloader's strategies do: its environment variable or annotation, its hash, its patch type and field manager.
// Unlike Reloader it refuses to write on a workload that changed since it was read, and writes one patch for all that is owed.
import type { RestartOrder, RestartSource, RestartWriter } from '../core/cluster.ts';
import { hasCode, LockstepError } from '../core/errors.ts';
import { configResources, workloadKinds } from '../core/object.ts';
import { pauseFields } from '../core/pause-period.ts';
import { hashContent } from '../core/reloader-hash.ts';
import type { PodTemplate } from '../core/reloader-marks.ts';
import {
  envPatch,
  reloaderFieldManager,
  withPause,
  withPrecondition,
  type ReloaderPatch,
} from '../core/reloader-patch.ts';
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
        const content =
          source.content === 'deleted' ? source.content : await readHash(options, { order, source, signal });
        if (content === undefined) continue;
        const marked = { ...source, namespace: order.ref.namespace, content };
        const decision = applyStrategy(options.strategy, template, { source: marked, observedAt: options.now() });
        if (decision.kind === 'change') changes.push(decision.change);
      }
      return changes.length === 0 ? undefined : write(options, { order, template, changes, signal });
    },
    resume: (order, signal) =>
      sendResume(options.client, order, {
        pausedAtKey: options.pausedAtKey,
        fieldManager: reloaderFieldManager,
        contentType: 'application/strategic-merge-patch+json',
        signal,
      }),
  };
}

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
): Promise<{ readonly hash: string } | undefined> {
  const { namespace } = order.ref;
  const resource = configResources[source.kind];
  const path = `/api/v1/namespaces/${namespace}/${resource}/${source.name}`;
  try {
    const answer = await client.send({ verb: 'get', resource, subject: `${namespace}/${source.name}`, path, signal });
    return { hash: hashContent(readInputs(source.kind, answer as ApiObject)) };
  } catch (error) {
    if (hasCode(error, 'api-not-found')) return undefined;
    throw error;
  }
}

interface Write extends Request {
  readonly template: PodTemplate;
  readonly changes: readonly TemplateChange[];
}

/** One patch for all changes. A template that moved since it was read is a conflict, also where a JSON patch's tests say so. */
async function write(options: ReloaderWriterOptions, { order, template, changes, signal }: Write): Promise<string> {
  const { kind, namespace, name } = order.ref;
  const patch = withPause(toPatch(changes, template), pauseFields(options.pausedAtKey, order.pausedAt));
  const { type, body } = withPrecondition(patch, order.resourceVersion);
  try {
    const answer = await options.client.send({
      verb: 'patch',
      resource: workloadKinds[kind].resource,
      subject: `${namespace}/${name}`,
      path: workloadPath(kind, namespace, name),
      query: { fieldManager: reloaderFieldManager },
      body,
      contentType: `application/${type}-patch+json`,
      signal,
    });
    return (answer as ApiObject).metadata.resourceVersion;
  } catch (error) {
    if (type === 'json' && hasCode(error, 'api-invalid')) await readTemplate(options, order, signal);
    throw error;
  }
}

/**
 * A strategic merge patch, as Reloader sends it, unless something is removed: Reloader does that by a JSON patch, which then carries the
 * rest too. The annotation has room for one source: the last one.
 */
function toPatch(changes: readonly TemplateChange[], { spec }: PodTemplate): ReloaderPatch {
  if (changes.some(({ kind }) => kind === 'remove-env')) return { type: 'json', body: envPatch(changes, spec) };
  return { type: 'strategic-merge', body: { spec: { template: toTemplate(changes) } } };
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
