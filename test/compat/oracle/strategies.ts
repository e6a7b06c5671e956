// §3 of the contract: what Reloader's two strategies write into a pod template, and when they write nothing.
import { deletedHash, hashContent } from './hashes.ts';
import type { Target } from './references.ts';
import type { Change, ConfigKind, ConfigObject, Flags, Workload } from './types.ts';

export const fieldManager = 'Reloader';
export const lastReloadedFrom = 'reloader.stakater.com/last-reloaded-from';

/** One edit of the pod template. */
export type Edit =
  | { readonly edit: 'set-env'; readonly container: string; readonly name: string; readonly value: string }
  | { readonly edit: 'remove-env'; readonly containerIndex: number; readonly envIndex: number }
  | { readonly edit: 'annotate'; readonly key: string; readonly value: string };

/** Not updated: `strategy_not_updated` in Reloader's metrics, or a delete that finds nothing to remove. */
export type StrategyResult = Edit | { readonly edit: 'not-updated' };

export interface StrategyInput {
  readonly strategy: Flags['reloadStrategy'];
  readonly workload: Pick<Workload, 'podSpec' | 'templateAnnotations'>;
  readonly config: Pick<ConfigObject, 'kind' | 'name' | 'namespace'>;
  readonly change: Change;
  readonly target: Target;
  /** Unix seconds. */
  readonly observedAt: number;
}

export function applyStrategy(input: StrategyInput): StrategyResult {
  return input.strategy === 'annotations' ? annotate(input) : applyEnvVars(input);
}

/** `STAKATER_<NAME>_<TYPE>`. */
export function envVarName(kind: ConfigKind, name: string): string {
  const safe = name
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_/, '');
  return `STAKATER_${safe}_${kind.toUpperCase()}`;
}

/** What is sent for a Deployment, a DaemonSet or a StatefulSet. */
export function toPatch(edit: Edit): { readonly type: 'strategic-merge' | 'json'; readonly body: unknown } {
  switch (edit.edit) {
    case 'set-env': {
      const containers = [{ name: edit.container, env: [{ name: edit.name, value: edit.value }] }];
      return { type: 'strategic-merge', body: { spec: { template: { spec: { containers } } } } };
    }
    case 'remove-env': {
      const path = `/spec/template/spec/containers/${edit.containerIndex}/env/${edit.envIndex}`;
      return { type: 'json', body: [{ op: 'remove', path }] };
    }
    case 'annotate': {
      const metadata = { annotations: { [edit.key]: edit.value } };
      return { type: 'strategic-merge', body: { spec: { template: { metadata } } } };
    }
  }
}

function applyEnvVars({ workload, config, change, target }: StrategyInput): StrategyResult {
  const { containers } = workload.podSpec;
  const env = containers[target.index]?.env ?? [];
  const name = envVarName(config.kind, config.name);
  if (change.action === 'delete') {
    const envIndex = env.findIndex((one) => one.name === name);
    return envIndex < 0 ? { edit: 'not-updated' } : { edit: 'remove-env', containerIndex: target.index, envIndex };
  }
  const value = hashContent(change.after);
  // A SecretProviderClass is looked for in every container, the others in the one that would be changed.
  const places = config.kind === 'SecretProviderClass' ? containers.flatMap((one) => one.env ?? []) : env;
  if (places.some((one) => one.name === name && one.value === value)) return { edit: 'not-updated' };
  return { edit: 'set-env', container: target.container, name, value };
}

function annotate({ workload, config, change, target, observedAt }: StrategyInput): StrategyResult {
  const hash = change.action === 'delete' ? deletedHash : hashContent(change.after);
  const last = workload.templateAnnotations[lastReloadedFrom];
  const isSame = last !== undefined && last.includes(config.name) && last.includes(hash);
  // Only for a SecretProviderClass: the others are annotated again.
  if (config.kind === 'SecretProviderClass' && isSame) return { edit: 'not-updated' };
  const type = config.kind.toUpperCase();
  const { name, namespace } = config;
  const value = JSON.stringify({ type, name, namespace, hash, containerRefs: [target.container], observedAt });
  return { edit: 'annotate', key: lastReloadedFrom, value };
}
