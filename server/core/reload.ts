// Reloader's annotations: is a workload opted in for a kind of config object? The rules are those of ShouldReload.
// This slice knows `auto`, its typed forms, `lockstep.dev/restart` and `ignore`.
import type { ConfigKind } from './object.ts';

export type Annotations = Readonly<Record<string, string>>;

export const annotation = {
  restart: 'lockstep.dev/restart',
  settle: 'lockstep.dev/settle',
  record: 'lockstep.dev/record',
  ignore: 'lockstep.dev/ignore',
  pause: 'lockstep.dev/pause',
  restartedFor: 'lockstep.dev/restarted-for',
  auto: 'reloader.stakater.com/auto',
  secretAuto: 'secret.reloader.stakater.com/auto',
  configMapAuto: 'configmap.reloader.stakater.com/auto',
  reloaderIgnore: 'reloader.stakater.com/ignore',
} as const;

/** The config kinds whose changes restart a workload, and the annotations that make no sense. */
export interface OptIn {
  readonly kinds: readonly ConfigKind[];
  /** One sentence for each annotation whose value cannot be used. */
  readonly problems: readonly string[];
}

const optInKeys = [annotation.restart, annotation.auto, annotation.secretAuto, annotation.configMapAuto];

/**
 * Reloader's rule of presence: the pod template's annotations count only when the workload has none of the keys.
 * Booleans as Go's strconv.ParseBool; anything else counts as false and is named.
 */
export function readOptIn(workload: Annotations, template: Annotations): OptIn {
  const source = optInKeys.some((key) => key in workload) ? workload : template;
  const problems: string[] = [];
  const isTrue = (key: string): boolean => {
    const value = source[key];
    if (value === undefined) return false;
    const parsed = parseBool(value);
    if (parsed === undefined) problems.push(`annotation ${key} is neither true nor false and counts as false`);
    return parsed ?? false;
  };
  const both = isTrue(annotation.restart in source ? annotation.restart : annotation.auto);
  const secret = isTrue(annotation.secretAuto);
  const configMap = isTrue(annotation.configMapAuto);
  const kinds: ConfigKind[] = [];
  if (both || secret) kinds.push('Secret');
  if (both || configMap) kinds.push('ConfigMap');
  return { kinds, problems };
}

/** True when a config object is marked as not restarting anything. */
export function isIgnored(annotations: Annotations): boolean {
  return annotations[annotation.reloaderIgnore] === 'true' || annotations[annotation.ignore] === 'true';
}

/** Go's strconv.ParseBool; undefined where it returns an error. */
export function parseBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  return undefined;
}
