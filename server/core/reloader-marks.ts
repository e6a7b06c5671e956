// What Reloader leaves on a pod template, written and read: an environment variable or an annotation that carries its hash.
// A hash in place that equals the live content's is an ack, so that moving here from Reloader restarts nothing (RESTART-PROTOCOL.md rule 14).
import { valueOf, type Annotations } from './annotations.ts';
import { reloaderKinds, type ReloaderKind } from './reloader-keys.ts';
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

/** A mark as it stands on a template. A variable tells the kind, and the name only as far as `envVarName` keeps it. */
export type TemplateMark = EnvMark | AnnotationMark;

interface EnvMark extends ReloaderMark {
  readonly by: 'env-vars';
  readonly kind: ReloaderKind;
  readonly variable: string;
}
interface AnnotationMark extends ReloaderMark, MarkedObject {
  readonly by: 'annotations';
  /** Seconds since the epoch; 0 when it does not say. */
  readonly observedAt: number;
}

/** Every mark on the template, whichever container carries it. */
export function listMarks({ annotations, spec }: PodTemplate): TemplateMark[] {
  const variables = (spec.containers ?? []).flatMap(({ env = [] }) => env.flatMap(readVariable));
  return [...variables, ...readAnnotation(annotations)];
}

function readVariable({ name, value }: ReloaderEnv): EnvMark[] {
  const word = /^STAKATER_.*?_(CONFIGMAP|SECRET|SECRETPROVIDERCLASS)$/.exec(name)?.[1];
  const kind = reloaderKinds.find((known) => typeWords[known] === word);
  return kind !== undefined && isHash(value) ? [{ by: 'env-vars', kind, variable: name, hash: value }] : [];
}

function readAnnotation(annotations: Annotations): AnnotationMark[] {
  const last = parseObject(valueOf(annotations, lastReloadedFrom) ?? '');
  const { type, name, namespace, hash, observedAt } = last;
  const kind = reloaderKinds.find((known) => typeWords[known] === type);
  if (kind === undefined || typeof name !== 'string' || typeof namespace !== 'string' || !isHash(hash)) return [];
  return [
    { by: 'annotations', kind, namespace, name, hash, observedAt: typeof observedAt === 'number' ? observedAt : 0 },
  ];
}

/** Those that speak of the config object. */
export function marksOf<M extends TemplateMark>(marks: readonly M[], object: MarkedObject): M[] {
  const variable = envVarName(object.kind, object.name);
  return marks.filter((mark) =>
    mark.by === 'env-vars'
      ? mark.variable === variable
      : mark.kind === object.kind && mark.name === object.name && mark.namespace === object.namespace,
  );
}

export type MarkVerdict =
  | { readonly kind: 'none' }
  /** The pods were replaced for exactly this content. */
  | { readonly kind: 'ack'; readonly mark: ReloaderMark }
  /** To be reported; a restart is owed only when the content changes next. */
  | { readonly kind: 'mismatch'; readonly mark: ReloaderMark };

/** `marks` of one config object; `liveHash`: Reloader's hash of its live content. */
export function judgeMarks(marks: readonly ReloaderMark[], liveHash: string): MarkVerdict {
  const equal = marks.find(({ hash }) => hash === liveHash);
  if (equal !== undefined) return { kind: 'ack', mark: equal };
  return marks[0] === undefined ? { kind: 'none' } : { kind: 'mismatch', mark: marks[0] };
}

function isHash(text: unknown): text is string {
  return typeof text === 'string' && /^[\da-f]{40}$/.test(text);
}
