// A change of a pod template as the patch that Reloader would send, or a safer one where Reloader's could hit the wrong thing:
// its removal by index carries no test, and its PUT of a whole Rollout drops fields that its types do not know.
import { valueOf, type Annotations } from './annotations.ts';
import type { PauseFields } from './pause-period.ts';
import type { ReloaderWorkloadKind } from './reloader-keys.ts';
import type { ReloaderPodSpec } from './reloader-references.ts';
import type { TemplateChange } from './reloader-strategy.ts';

/** Every write of Reloader's strategies names this field manager. */
export const reloaderFieldManager = 'Reloader';

export interface JsonPatchOperation {
  readonly op: 'test' | 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

export type ReloaderPatch =
  | { readonly type: 'strategic-merge' | 'merge'; readonly body: Readonly<Record<string, object>> }
  | { readonly type: 'json'; readonly body: readonly JsonPatchOperation[] };

/** Jobs cannot be patched: they are made anew from `applyChange`. */
export type PatchedKind = Exclude<ReloaderWorkloadKind, 'CronJob' | 'Job'>;

/**
 * The patch of a change that was decided on `spec`. Undefined when `spec` no longer has what is to be changed.
 * Send JSON patches with a precondition: positions in lists move.
 */
export function changePatch(
  kind: PatchedKind,
  change: TemplateChange,
  spec: ReloaderPodSpec,
): ReloaderPatch | undefined {
  if (change.kind === 'set-annotation') {
    const body = { spec: { template: { metadata: { annotations: { [change.key]: change.value } } } } };
    return { type: kind === 'Rollout' ? 'merge' : 'strategic-merge', body };
  }
  if (change.kind === 'remove-env') return asJson(removeEnv(change, spec));
  // A custom resource has no strategic merge, and a merge patch would replace the whole list of containers.
  if (kind === 'Rollout') return asJson(setEnv(change, spec));
  const { container, name, value } = change;
  return {
    type: 'strategic-merge',
    body: { spec: { template: { spec: { containers: [{ name: container, env: [{ name, value }] }] } } } },
  };
}

/**
 * Changes of environment variables as one JSON patch. Each is placed in what the ones before it leave; what is not there any more is
 * left out.
 */
export function envPatch(changes: readonly TemplateChange[], spec: ReloaderPodSpec): readonly JsonPatchOperation[] {
  let template: RawTemplate = { spec };
  return changes.flatMap((change) => {
    if (change.kind === 'set-annotation') return [];
    const operations = change.kind === 'remove-env' ? removeEnv(change, template.spec) : setEnv(change, template.spec);
    template = applyChange(template, change);
    return operations ?? [];
  });
}

function asJson(body: readonly JsonPatchOperation[] | undefined): ReloaderPatch | undefined {
  return body && { type: 'json', body };
}

type SetEnv = Extract<TemplateChange, { kind: 'set-env' }>;
type RemoveEnv = Extract<TemplateChange, { kind: 'remove-env' }>;

function removeEnv(change: RemoveEnv, spec: ReloaderPodSpec): JsonPatchOperation[] | undefined {
  const at = locate(change, spec);
  if (at?.variable === undefined) return undefined;
  return [...at.tests, { op: 'remove', path: at.variable }];
}

function setEnv(change: SetEnv, spec: ReloaderPodSpec): JsonPatchOperation[] | undefined {
  const at = locate(change, spec);
  if (at === undefined) return undefined;
  if (at.variable !== undefined) {
    return [...at.tests, { op: 'add', path: `${at.variable}/value`, value: change.value }];
  }
  const value = { name: change.name, value: change.value };
  if (at.isEmpty) return [...at.tests, { op: 'add', path: at.list, value: [value] }];
  return [...at.tests, { op: 'add', path: `${at.list}/-`, value }];
}

interface Located {
  /** Path of the container's env list. */
  readonly list: string;
  readonly isEmpty: boolean;
  /** Path of the variable; undefined when there is none of that name. */
  readonly variable: string | undefined;
  /** That container and variable are still where they were seen. */
  readonly tests: readonly JsonPatchOperation[];
}

function locate({ container, name }: SetEnv | RemoveEnv, spec: ReloaderPodSpec): Located | undefined {
  const { containers = [] } = spec;
  const index = containers.findIndex((each) => each.name === container);
  if (index < 0) return undefined;
  const env = containers[index]?.env ?? [];
  const position = env.findIndex((each) => each.name === name);
  const path = `/spec/template/spec/containers/${index}`;
  const variable = position < 0 ? undefined : `${path}/env/${position}`;
  const tests: JsonPatchOperation[] = [{ op: 'test', path: `${path}/name`, value: container }];
  if (variable !== undefined) tests.push({ op: 'test', path: `${variable}/name`, value: name });
  return { list: `${path}/env`, isEmpty: env.length === 0, variable, tests };
}

/**
 * The same patch, refused with a conflict (409) unless the object is still at `resourceVersion`. A JSON patch replaces the version
 * instead of testing it: a failed test would be answered with 422, which looks like a bad patch.
 */
export function withPrecondition(patch: ReloaderPatch, resourceVersion: string): ReloaderPatch {
  if (patch.type === 'json') {
    return {
      type: 'json',
      body: [{ op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion }, ...patch.body],
    };
  }
  return { type: patch.type, body: { ...patch.body, metadata: { ...patch.body['metadata'], resourceVersion } } };
}

/** The same patch, which pauses the Deployment as well. Its annotations exist: one of them asks for the pause. */
export function withPause(patch: ReloaderPatch, { metadata, spec }: PauseFields): ReloaderPatch {
  if (patch.type !== 'json') {
    const { body } = patch;
    const both = { metadata: { ...body['metadata'], ...metadata }, spec: { ...body['spec'], ...spec } };
    return { type: patch.type, body: { ...body, ...both } };
  }
  const marks = Object.entries(metadata.annotations ?? {}).map(([key, value]): JsonPatchOperation => {
    return { op: 'add', path: `/metadata/annotations/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, value };
  });
  const flag = Object.entries(spec).map(([key, value]): JsonPatchOperation => ({
    op: 'add',
    path: `/spec/${key}`,
    value,
  }));
  return { type: 'json', body: [...patch.body, ...marks, ...flag] };
}

/** On a Rollout's own metadata: `restart` restarts its pods without a new revision, anything else changes the template. */
export const rolloutStrategy = 'reloader.stakater.com/rollout-strategy';

export function restartsRollout(annotations: Annotations): boolean {
  return valueOf(annotations, rolloutStrategy) === 'restart';
}

/** `restartAt` as RFC 3339 in whole seconds, UTC. `at` in milliseconds since the epoch. */
export function rolloutRestartPatch(at: number): ReloaderPatch {
  const restartAt = new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
  return { type: 'merge', body: { spec: { restartAt } } };
}

/** A pod template as the API server gives it; whatever else it holds stays. */
export interface RawTemplate {
  readonly metadata?: { readonly annotations?: Annotations; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: ReloaderPodSpec;
}

/** The template with the change made: for Jobs, which are created from it. */
export function applyChange<T extends RawTemplate>(template: T, change: TemplateChange): T {
  if (change.kind === 'set-annotation') {
    const annotations = { ...template.metadata?.annotations, [change.key]: change.value };
    return { ...template, metadata: { ...template.metadata, annotations } };
  }
  const containers = (template.spec.containers ?? []).map((container) => {
    if (container.name !== change.container) return container;
    const others = container.env ?? [];
    if (change.kind === 'remove-env') return { ...container, env: others.filter(({ name }) => name !== change.name) };
    const { name, value } = change;
    const env = others.some((each) => each.name === name)
      ? others.map((each) => (each.name === name ? { ...each, value } : each))
      : [...others, { name, value }];
    return { ...container, env };
  });
  return { ...template, spec: { ...template.spec, containers } };
}
