// What is told about a restart in Reloader's words: alerts for sinks, Kubernetes Events beside Lockstep's own. Texts in, texts out
// (stakater/Reloader v1.4.21, internal/pkg/handler/upgrade.go and internal/pkg/alerts).
import type { ClusterEvent } from './cluster.ts';
import type { Owed } from './decide-workload.ts';
import { hasCode, LockstepError } from './errors.ts';
import { trimSpace } from './go-text.ts';
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

export type EventText = Omit<ClusterEvent, 'workload'>;

/** Reloader's name of the watch that saw the change: a part of its Events' source, and of its metrics. */
export const watchedAs = {
  ConfigMap: 'configmaps',
  Secret: 'secrets',
  SecretProviderClass: 'secretproviderclasspodstatuses',
} as const satisfies Record<ReloaderKind, string>;

/** One text for each config object, since Reloader restarts and tells for each. */
export function alertTexts(workload: WorkloadRef, owed: readonly Owed[], additionalInfo: string): readonly string[] {
  const info = trimSpace(additionalInfo);
  const prefix = info === '' ? '' : `${info} : `;
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
  const { kind, namespace, name } = workload;
  const components = new Set(readSources(owed).map((source) => `reloader-${watchedAs[source.kind]}`));
  return [...components].map((component) => ({
    type: 'Warning',
    reason: 'ReloadFail',
    message: `Update for '${name}' of type '${kind}' in namespace '${namespace}' failed with error ${why}`,
    component,
  }));
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
