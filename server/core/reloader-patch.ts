// A change of a pod template as the patch that Reloader would send, or a safer one where Reloader's could hit the wrong thing:
// its removal by index carries no test, and its PUT of a whole Rollout drops fields that its types do not know.
import { valueOf, type Annotations } from './annotations.ts';
import type { PauseFields } from './pause-period.ts';
import { restartTime } from './restart.ts';
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
 * One patch of all changes that were decided on `spec`: a strategic merge patch, as Reloader sends it, where the resource has one. A removal,
 * which Reloader does by a JSON patch, takes the rest along. The annotation has room for one source: the last one. Undefined when `spec` no
 * longer has what is to be changed. Send JSON patches with a precondition: positions in lists move.
 */
export function changesPatch(
  kind: PatchedKind,
  changes: readonly TemplateChange[],
  spec: ReloaderPodSpec,
): ReloaderPatch | undefined {
  const body = { spec: { template: mergeOf(changes) } };
  if (changes.every((change) => change.kind === 'set-annotation')) {
    return { type: isNative(kind) ? 'strategic-merge' : 'merge', body };
  }
  // A merge patch would replace the whole list of containers.
  const isMergeable = isNative(kind) && changes.every((change) => change.kind !== 'remove-env');
  if (isMergeable) return { type: 'strategic-merge', body };
  const operations = operationsOf(changes, spec);
  return operations.length === 0 ? undefined : { type: 'json', body: operations };
}

function mergeOf(changes: readonly TemplateChange[]): object {
  const annotations: Record<string, string> = {};
  const containers = new Map<string, { name: string; value: string }[]>();
  for (const change of changes) {
    if (change.kind === 'set-annotation') annotations[change.key] = change.value;
    if (change.kind !== 'set-env') continue;
    const { container, name, value } = change;
    containers.set(container, [...(containers.get(container) ?? []), { name, value }]);
  }
  return {
    ...(Object.keys(annotations).length === 0 ? {} : { metadata: { annotations } }),
    ...(containers.size === 0 ? {} : { spec: { containers: [...containers].map(([name, env]) => ({ name, env })) } }),
  };
}

/** Each is placed in what the ones before it leave; what is not there any more is left out. */
function operationsOf(changes: readonly TemplateChange[], spec: ReloaderPodSpec): readonly JsonPatchOperation[] {
  let template: RawTemplate = { spec };
  return changes.flatMap((change) => {
    if (change.kind === 'set-annotation') return [];
    const operations = change.kind === 'remove-env' ? removeEnv(change, template.spec) : setEnv(change, template.spec);
    template = applyChange(template, change);
    return operations ?? [];
  });
}

/** Custom resources have no strategic merge. OpenShift's own API has, but need not be told apart. */
function isNative(kind: PatchedKind): boolean {
  return kind !== 'Rollout' && kind !== 'DeploymentConfig';
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

/** `at` in milliseconds since the epoch. */
export function rolloutRestartPatch(at: number): ReloaderPatch {
  return { type: 'merge', body: { spec: { restartAt: restartTime(at) } } };
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
