// Restarts as Reloader's strategies do: its environment variable or annotation, its hash, its patch type and field manager.
// Unlike Reloader it refuses to write on a workload that changed since it was read, and writes one patch for all that is owed.
import type { Restarted, RestartOrder, RestartSource, RestartWriter } from '../core/cluster.ts';
import { annotation, valueOf } from '../core/annotations.ts';
import { hasCode, LockstepError } from '../core/errors.ts';
import { configResources, workloadKinds } from '../core/object.ts';
import { pauseFields } from '../core/pause-period.ts';
import { hashContent } from '../core/reloader-hash.ts';
import type { PodTemplate } from '../core/reloader-marks.ts';
import {
  applyChange,
  changesPatch,
  reloaderFieldManager,
  rolloutRestartPatch,
  withPause,
  withPrecondition,
  type RawTemplate,
  type ReloaderPatch,
} from '../core/reloader-patch.ts';
import { applyStrategy, type ReloaderStrategy, type TemplateChange } from '../core/reloader-strategy.ts';
import { contentMark } from '../core/restart.ts';
import type { Client } from './client.ts';
import { configPath, readInputs } from './ingest-config.ts';
import { workloadPath } from './ingest-workload.ts';
import { recreateJob, runCronJob } from './jobs.ts';
import { sendResume } from './patches.ts';
import { readClassHash, type ClassReading } from './provider-class-reads.ts';
import type { ApiObject } from './reflector.ts';
import { templateOf } from './workload-body.ts';

export interface ReloaderWriterOptions extends ClassReading {
  readonly client: Client;
  readonly strategy: ReloaderStrategy;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** The annotation that marks a pause. */
  readonly pausedAtKey: string;
}

export function createReloaderWriter(options: ReloaderWriterOptions): RestartWriter {
  const jobs = { client: options.client, fieldManager: reloaderFieldManager, sleep: options.sleep };
  return {
    leavesKey: () => false,
    async restart(order, signal) {
      // Nothing of it stays in the template.
      if (order.restart === 'restart-at') {
        return send(options, { order, patch: rolloutRestartPatch(options.now()), signal });
      }
      const template = await readTemplate(options, order, signal);
      const changes = await listChanges(options, { order, template, signal });
      if (changes.length === 0) return undefined;
      const transform = (raw: RawTemplate): RawTemplate => changes.reduce(applyChange, raw);
      if (order.restart === 'run') return runCronJob(jobs, { order, transform, signal });
      if (order.restart === 'recreate') return recreateJob(jobs, { order, transform, signal });
      return write(options, { order, template, changes, signal });
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

/** What the strategy changes for each config object that the restart is for. */
async function listChanges(
  options: ReloaderWriterOptions,
  { order, template, signal }: Request & { template: PodTemplate },
): Promise<readonly TemplateChange[]> {
  const changes: TemplateChange[] = [];
  let isHidden = false;
  for (const source of order.sources) {
    const content = source.content === 'deleted' ? source.content : await readHash(options, { order, source, signal });
    if (content === undefined) continue;
    // That it is used was decided before: a use that Reloader does not look for is marked on the first container.
    const marked = { ...source, how: 'named', namespace: order.ref.namespace, content } as const;
    const decision = applyStrategy(options.strategy, template, { source: marked, observedAt: options.now() });
    if (decision.kind === 'change') changes.push(decision.change);
    else if (decision.reason === 'in-place' && source.certain) isHidden = true;
  }
  return changes.length === 0 && isHidden ? markContent(order, template) : changes;
}

/** Reloader would see no difference: another annotation makes one. */
function markContent({ key }: RestartOrder, { annotations }: PodTemplate): readonly TemplateChange[] {
  const value = contentMark(key);
  if (valueOf(annotations, annotation.content) === value) return [];
  return [{ kind: 'set-annotation', key: annotation.content, value }];
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
  const { metadata } = answer as ApiObject;
  if (metadata.resourceVersion !== resourceVersion) {
    throw new LockstepError('api-conflict', { message: `cannot restart ${resource} ${subject}: it changed meanwhile` });
  }
  const template = templateOf(kind, answer as ApiObject) as RawTemplate;
  return { annotations: template.metadata?.annotations ?? {}, spec: template.spec };
}

/** Reloader's SHA-1 of the live content, which exists nowhere else; undefined when the object is gone. */
async function readHash(
  { client, chosen, classes }: ReloaderWriterOptions,
  { order, source, signal }: Request & { source: RestartSource },
): Promise<{ readonly hash: string } | undefined> {
  const { namespace } = order.ref;
  const { kind, name } = source;
  if (kind === 'SecretProviderClass') {
    return readClassHash(client, { ref: { kind, namespace, name }, chosen, classes, signal });
  }
  const resource = configResources[kind];
  const path = configPath(kind, namespace, name);
  try {
    const answer = await client.send({ verb: 'get', resource, subject: `${namespace}/${name}`, path, signal });
    return { hash: hashContent(readInputs(kind, answer as ApiObject)) };
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
async function write(
  options: ReloaderWriterOptions,
  { order, template, changes, signal }: Write,
): Promise<Restarted | undefined> {
  const { kind } = order.ref;
  const restart = kind === 'CronJob' || kind === 'Job' ? undefined : changesPatch(kind, changes, template.spec);
  if (restart === undefined) return undefined;
  const patch = withPause(restart, pauseFields(options.pausedAtKey, order.pausedAt));
  try {
    return await send(options, { order, patch, signal });
  } catch (error) {
    if (patch.type === 'json' && hasCode(error, 'api-invalid')) await readTemplate(options, order, signal);
    throw error;
  }
}

async function send(
  { client }: ReloaderWriterOptions,
  { order, patch, signal }: Request & { patch: ReloaderPatch },
): Promise<Restarted> {
  const { kind, namespace, name } = order.ref;
  const { type, body } = withPrecondition(patch, order.resourceVersion);
  const answer = await client.send({
    verb: 'patch',
    resource: workloadKinds[kind].resource,
    subject: `${namespace}/${name}`,
    path: workloadPath(kind, namespace, name),
    query: { fieldManager: reloaderFieldManager },
    body,
    contentType: `application/${type}-patch+json`,
    signal,
  });
  return { uid: order.uid, version: (answer as ApiObject).metadata.resourceVersion };
}
