// How long a Deployment stays paused after a restart, so that more changes join its rollout, and when it is resumed.
// Reloader's annotations, read from the Deployment itself and never from its pod template
// (stakater/Reloader, internal/pkg/handler/pause_deployment.go).
import { valueOf, type Annotations } from './annotations.ts';
import { parseDuration } from './duration.ts';
import type { WorkloadKind } from './object.ts';

/** Annotation keys; flags can rename them. */
export interface PauseKeys {
  readonly period: string;
  readonly pausedAt: string;
}

/** What a Deployment says about pauses for a period. */
export interface PauseFacts {
  /** Milliseconds; `none` also where it is zero or negative, since such a pause is over before it begins. */
  readonly period: number | 'none' | 'unreadable';
  /** When it was paused for its period, as it was written; undefined when it was not. */
  readonly pausedAt: string | undefined;
  /** Its controller makes no pods of a new template. */
  readonly isPaused: boolean;
}

export type ResumeReason =
  | 'period-over'
  | 'no-period'
  | 'period-unreadable'
  | 'paused-at-unreadable'
  /** Somebody resumed it; what is left is the annotation, which would make a later pause by hand look like ours. */
  | 'resumed-by-hand';

export interface Resume {
  /** Milliseconds since the epoch; in the past where it is due. */
  readonly at: number;
  readonly reason: ResumeReason;
}

/** A workload's annotations about pauses, and one sentence for each that cannot be used; undefined facts: there are none. */
export function readPause(
  { kind, annotations, isPaused }: { kind: WorkloadKind; annotations: Annotations; isPaused: boolean },
  keys: PauseKeys,
): { readonly facts: PauseFacts | undefined; readonly problems: readonly string[] } {
  const text = valueOf(annotations, keys.period);
  if (kind !== 'Deployment') {
    const says = `annotation ${keys.period} works on Deployments only and is ignored`;
    return { facts: undefined, problems: text === undefined ? [] : [says] };
  }
  const period = readPeriod(text);
  const mark = valueOf(annotations, keys.pausedAt) ?? '';
  const pausedAt = mark === '' ? undefined : mark;
  const isAsked = period !== 'none' || pausedAt !== undefined;
  return {
    facts: isAsked ? { period, pausedAt, isPaused } : undefined,
    problems: period === 'unreadable' ? [periodProblem(keys.period)] : [],
  };
}

/** The pause is one of ours, or was begun by Reloader: a person's has no annotation. */
export function isPausedForPeriod(pause: PauseFacts | undefined): boolean {
  return pause?.isPaused === true && pause.pausedAt !== undefined;
}

/** An owed restart begins a pause. Of a paused Deployment it only joins what is rolled out later. */
export function beginsPause(pause: PauseFacts | undefined): boolean {
  return typeof pause?.period === 'number' && !pause.isPaused;
}

/** When the mark of a pause is to be removed, and the pause with it. Whoever lost the period loses no rollout: it is due at once. */
export function judgeResume(pause: PauseFacts | undefined, now: number): Resume | undefined {
  if (pause?.pausedAt === undefined) return undefined;
  if (!pause.isPaused) return { at: 0, reason: 'resumed-by-hand' };
  if (pause.period === 'none') return { at: 0, reason: 'no-period' };
  if (pause.period === 'unreadable') return { at: 0, reason: 'period-unreadable' };
  const since = parseTime(pause.pausedAt);
  if (since === undefined || since > now + clockSkewMs) return { at: 0, reason: 'paused-at-unreadable' };
  return { at: since + pause.period, reason: 'period-over' };
}

/** What a patch says beside the restart, so that both are written or neither is. */
export interface PauseFields {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly paused?: true };
}

/** `at` in milliseconds since the epoch; undefined: the pause stays what it is. */
export function pauseFields(pausedAtKey: string, at: number | undefined): PauseFields {
  if (at === undefined) return { metadata: {}, spec: {} };
  return { metadata: { annotations: { [pausedAtKey]: formatTime(at) } }, spec: { paused: true } };
}

/** A merge patch, or a strategic one, that ends the pause if the Deployment is still at `resourceVersion`. */
export function resumePatch(pausedAtKey: string, resourceVersion: string): object {
  return { metadata: { resourceVersion, annotations: { [pausedAtKey]: null } }, spec: { paused: false } };
}

/** Clocks of those who pause and those who resume may differ; a pause that begins later than this never began. */
const clockSkewMs = 60_000;
/** Go's longest duration (ms). */
const longestMs = 2 ** 63 / 1e6;

function readPeriod(text: string | undefined): PauseFacts['period'] {
  if (text === undefined) return 'none';
  const ms = parseDuration(text);
  if (ms === undefined || Math.abs(ms) >= longestMs) return 'unreadable';
  return ms > 0 ? ms : 'none';
}

function periodProblem(key: string): string {
  return `annotation ${key} is no duration, so no restart is written; write one such as 5m or 90s, or remove it`;
}

/** RFC 3339, as Go reads it: Date.parse takes much more than that. */
function parseTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** Whole seconds, as Reloader writes them. */
function formatTime(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
