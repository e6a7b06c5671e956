// What Reloader leaves on a pod template, written and read: an environment variable or an annotation that carries its hash.
// A hash in place that equals the live content's is an ack, so that moving here from Reloader restarts nothing (RESTART-PROTOCOL.md rule 14).
import { valueOf, type Annotations } from './annotations.ts';
import type { ReloaderKind } from './reloader-keys.ts';
import type { ReloaderContainer, ReloaderEnv, ReloaderPodSpec } from './reloader-references.ts';

/** The annotation that Reloader's annotations strategy writes on pod templates. */
export const lastReloadedFrom = 'reloader.stakater.com/last-reloaded-from';

/** Reloader's word for a kind, in variables and annotations. */
export const typeWords = {
  ConfigMap: 'CONFIGMAP',
  Secret: 'SECRET',
  SecretProviderClass: 'SECRETPROVIDERCLASS',
} as const satisfies Record<ReloaderKind, string>;

/** As far as Reloader reads it. */
export interface PodTemplate {
  readonly annotations: Annotations;
  readonly spec: ReloaderPodSpec;
}

export interface MarkedObject {
  readonly kind: ReloaderKind;
  readonly namespace: string;
  readonly name: string;
}

/** `STAKATER_<NAME>_<TYPE>`; `a.b` and `a-b` share a variable, as with Reloader. */
export function envVarName(kind: ReloaderKind, name: string): string {
  // Each run of other characters becomes one underscore; a leading one is dropped, a trailing one stays.
  const words = name
    .toUpperCase()
    .replace(/[^A-Z\d]+/g, '_')
    .replace(/^_/, '');
  return `STAKATER_${words}_${typeWords[kind]}`;
}

export function findEnv({ env = [] }: ReloaderContainer, name: string): ReloaderEnv | undefined {
  return env.find((each) => each.name === name);
}

/** The annotation's value. `observedAt` in seconds since the epoch. */
export interface LastReload {
  readonly type: string;
  readonly name: string;
  readonly namespace: string;
  readonly hash: string;
  readonly containerRefs: readonly string[];
  readonly observedAt: number;
}

/** The fields in Reloader's order, whatever the order of the argument's. */
export function formatLastReload({ type, name, namespace, hash, containerRefs, observedAt }: LastReload): string {
  return JSON.stringify({ type, name, namespace, hash, containerRefs, observedAt });
}

/** The content hash that the annotation carries for this config object; undefined when it speaks of another, or is no JSON. */
function readAnnotation(annotations: Annotations, object: MarkedObject): string | undefined {
  const last = parseObject(valueOf(annotations, lastReloadedFrom) ?? '');
  const isOurs =
    last['type'] === typeWords[object.kind] && last['name'] === object.name && last['namespace'] === object.namespace;
  return isOurs && typeof last['hash'] === 'string' ? last['hash'] : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** A hash that Reloader left for a config object. */
export interface ReloaderMark {
  readonly by: 'env-vars' | 'annotations';
  readonly hash: string;
}

/** Every mark of the config object, whichever container carries it. */
export function findMarks(template: PodTemplate, object: MarkedObject): ReloaderMark[] {
  const variable = envVarName(object.kind, object.name);
  const values = (template.spec.containers ?? []).map((container) => findEnv(container, variable)?.value);
  const marks = values.filter(isHash).map((hash): ReloaderMark => ({ by: 'env-vars', hash }));
  const annotated = readAnnotation(template.annotations, object);
  return isHash(annotated) ? [...marks, { by: 'annotations', hash: annotated }] : marks;
}

export type MarkVerdict =
  | { readonly kind: 'none' }
  /** The pods were replaced for exactly this content. */
  | { readonly kind: 'ack'; readonly mark: ReloaderMark }
  /** To be reported; a restart is owed only when the content changes next. */
  | { readonly kind: 'mismatch'; readonly mark: ReloaderMark };

/** `liveHash`: Reloader's hash of the live content. */
export function judgeMarks(template: PodTemplate, object: MarkedObject, liveHash: string): MarkVerdict {
  const marks = findMarks(template, object);
  const equal = marks.find(({ hash }) => hash === liveHash);
  if (equal !== undefined) return { kind: 'ack', mark: equal };
  return marks[0] === undefined ? { kind: 'none' } : { kind: 'mismatch', mark: marks[0] };
}

function isHash(text: string | undefined): text is string {
  return text !== undefined && /^[\da-f]{40}$/.test(text);
}
