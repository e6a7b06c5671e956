// What is told about a restart in Reloader's words: alerts for sinks, Kubernetes Events beside Lockstep's own. Texts in, texts out
// (stakater/Reloader v1.4.21, internal/pkg/handler/upgrade.go and internal/pkg/alerts).
import type { ClusterEvent } from './cluster.ts';
import type { Owed } from './decide-workload.ts';
import { formatDuration } from './duration.ts';
import { hasCode, LockstepError } from './errors.ts';
import { trimSpace } from './go-text.ts';
import type { HoldReason } from './hold.ts';
import { splitConfigName, type WorkloadRef } from './object.ts';
import type { ReloaderKind } from './reloader-keys.ts';
import { typeWords } from './reloader-marks.ts';

/** What one kind of receiver wants: a registry line each. */
export interface SinkFormat {
  readonly contentType: string;
  readonly toBody: (text: string) => string;
  /** Whether this status says that it was taken. Redirects are refused before. */
  readonly accepts: (status: number) => boolean;
}

/** One receiver of alerts. */
export interface Sink {
  /** For messages: the rest of the address is a credential. */
  readonly host: string;
  /** Throws `sink-*`. */
  send(text: string, signal: AbortSignal): Promise<void>;
}

/** Takes texts at once and sends them in its own time; losing one is no error. */
export interface Notifier {
  notify(text: string): void;
}

/** How restarts are made, which is also how they are told. */
export type Telling = 'lockstep' | 'env-vars' | 'annotations';

export type EventText = Omit<ClusterEvent, 'about'>;

/** A config object that changes too often. */
export interface Flap {
  /** `Secret/db`. */
  readonly name: string;
  /** Those in the window. */
  readonly changes: number;
  /** Names of field managers that own data, newest first. */
  readonly writers: readonly string[];
}

/** A workload whose token bucket is empty. */
export interface Throttling {
  readonly flaps: readonly Flap[];
  readonly windowMs: number;
  /** From now on one restart in this time. */
  readonly everyMs: number;
}

/** Reloader's name of the watch that saw the change: a part of its Events' source, and of its metrics. */
export const watchedAs = {
  ConfigMap: 'configmaps',
  Secret: 'secrets',
  SecretProviderClass: 'secretproviderclasspodstatuses',
} as const satisfies Record<ReloaderKind, string>;

/** One text for each config object, since Reloader restarts and tells for each. */
export function alertTexts(workload: WorkloadRef, owed: readonly Owed[], additionalInfo: string): readonly string[] {
  const prefix = prefixOf(additionalInfo);
  const { kind, namespace, name } = workload;
  return readSources(owed).map(
    (source) =>
      `${prefix}Reloader detected changes in *${source.name}* of type *${typeWords[source.kind]}* in namespace *${namespace}*. ` +
      `Hence reloaded *${name}* of type *${kind}* in namespace *${namespace}*`,
  );
}

export function restartedEvents(telling: Telling, workload: WorkloadRef, owed: readonly Owed[]): readonly EventText[] {
  if (telling === 'lockstep') {
    return [{ type: 'Normal', reason: 'Restarted', message: `Restarted for ${listOwed(owed)}` }];
  }
  const { kind, namespace, name } = workload;
  return readSources(owed).map((source) => ({
    type: 'Normal',
    reason: 'Reloaded',
    message:
      `Changes detected in '${source.name}' of type '${typeWords[source.kind]}' in namespace '${namespace}', ` +
      `Updated '${name}' of type '${kind}' in namespace '${namespace}'`,
    component: `reloader-${watchedAs[source.kind]}`,
  }));
}

/** Only messages of the catalogue are passed on: anything else may quote what nobody should read. */
export function refusedEvents(
  telling: Telling,
  workload: WorkloadRef,
  { owed, error }: { readonly owed: readonly Owed[]; readonly error: unknown },
): readonly EventText[] {
  const why = error instanceof LockstepError ? error.message : 'an internal error';
  if (telling === 'lockstep') {
    const advice = hasCode(error, 'api-invalid', 'api-forbidden') ? `; ${error.advice}` : '';
    const message = `Owed a restart for ${listOwed(owed)}, but ${why}${advice}. Tried again in 10 minutes.`;
    return [{ type: 'Warning', reason: 'RestartRefused', message }];
  }
  return failedEvents(workload, owed, why);
}

/** Holds that a person has to end by writing something else. */
export function heldEvents(
  telling: Telling,
  workload: WorkloadRef,
  { owed, reason }: { readonly owed: readonly Owed[]; readonly reason: HoldReason },
): readonly EventText[] {
  if (reason !== 'pause-period-invalid') return [];
  const why = 'its pause period is no duration: write one such as 5m or 90s, or remove the annotation';
  if (telling !== 'lockstep') return failedEvents(workload, owed, why);
  return [{ type: 'Warning', reason: 'RestartHeld', message: `Owed a restart for ${listOwed(owed)}, but ${why}` }];
}

function failedEvents(workload: WorkloadRef, owed: readonly Owed[], why: string): readonly EventText[] {
  const { kind, namespace, name } = workload;
  const components = new Set(readSources(owed).map((source) => `reloader-${watchedAs[source.kind]}`));
  return [...components].map((component) => ({
    type: 'Warning',
    reason: 'ReloadFail',
    message: `Update for '${name}' of type '${kind}' in namespace '${namespace}' failed with error ${why}`,
    component,
  }));
}

/** Reloader has no such thing, so there is only one telling. */
export function throttledEvent(throttling: Throttling): EventText {
  return { type: 'Warning', reason: 'RestartsThrottled', message: describeThrottling(throttling) };
}

export function throttledAlert(workload: WorkloadRef, throttling: Throttling, additionalInfo: string): string {
  return `${prefixOf(additionalInfo)}${nameOf(workload)}: ${describeThrottling(throttling)}`;
}

export function lateEvent(reason: string): EventText {
  const why = lateSays[reason] ?? reason;
  return { type: 'Warning', reason: 'RolloutLate', message: `The rollout that Lockstep caused ${why} (${reason})` };
}

/** `failed` as `Deployment/shop/web`. */
export function haltedEvent(failed: readonly string[]): EventText {
  return { type: 'Warning', reason: 'RestartsHalted', message: describeHalt(failed) };
}

export function haltedAlert(failed: readonly string[], additionalInfo: string): string {
  return `${prefixOf(additionalInfo)}${describeHalt(failed)}`;
}

export function haltEndedAlert(additionalInfo: string): string {
  return `${prefixOf(additionalInfo)}Lockstep restarts workloads again: enough failed rollouts got through`;
}

const lateSays: Readonly<Record<string, string>> = {
  'progress-deadline-exceeded': 'failed: its progress deadline passed',
  'not-available-in-time': 'is not available after 10 minutes',
};

/** A list in a text that a person reads. */
const namedMost = 5;

function describeThrottling({ flaps, windowMs, everyMs }: Throttling): string {
  const list = flaps.map(({ name, changes, writers }) => {
    const by = writers.length === 0 ? 'unknown writers' : writers.join(', ');
    return `${name} (${changes} ${changes === 1 ? 'change' : 'changes'}, written by ${by})`;
  });
  return (
    `Its config objects change too often, so that it is restarted once in ${formatDuration(everyMs)} from now on, ` +
    `always for the latest content. Changed in the last ${formatDuration(windowMs)}: ${list.join('; ')}`
  );
}

function describeHalt(failed: readonly string[]): string {
  const more = failed.length > namedMost ? ` and ${failed.length - namedMost} more` : '';
  return (
    `Lockstep restarts nothing else: of the rollouts that it caused, ${failed.length} failed: ` +
    `${failed.slice(0, namedMost).join(', ')}${more}. It goes on when enough of them are available, or deleted`
  );
}

function nameOf({ kind, namespace, name }: WorkloadRef): string {
  return `*${name}* of type *${kind}* in namespace *${namespace}*`;
}

function prefixOf(additionalInfo: string): string {
  const info = trimSpace(additionalInfo);
  return info === '' ? '' : `${info} : `;
}

interface Source {
  readonly kind: ReloaderKind;
  readonly name: string;
}

/** From `Secret/db`, each once. */
function readSources(owed: readonly Owed[]): readonly Source[] {
  return [...new Set(owed.map(({ name }) => name))].flatMap((text) => splitConfigName(text) ?? []);
}

function listOwed(owed: readonly Owed[]): string {
  return owed.map(({ name, reason }) => `${name} (${reason})`).join(', ');
}
