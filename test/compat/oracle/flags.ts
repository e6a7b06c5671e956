// Flags of §1: their defaults, what their values mean, and the command line that sets them.
import type { ConfigKind, Flags, WorkloadKind } from './types.ts';

export const defaultFlags: Flags = {
  autoReloadAll: false,
  configmapAnnotation: 'configmap.reloader.stakater.com/reload',
  secretAnnotation: 'secret.reloader.stakater.com/reload',
  autoAnnotation: 'reloader.stakater.com/auto',
  configmapAutoAnnotation: 'configmap.reloader.stakater.com/auto',
  secretAutoAnnotation: 'secret.reloader.stakater.com/auto',
  ignoreAnnotation: 'reloader.stakater.com/ignore',
  autoSearchAnnotation: 'reloader.stakater.com/search',
  searchMatchAnnotation: 'reloader.stakater.com/match',
  resourcesToIgnore: [],
  ignoredWorkloadTypes: [],
  isArgoRollouts: 'false',
  reloadOnCreate: 'false',
  reloadOnDelete: 'false',
  reloadStrategy: 'env-vars',
  enableCsiIntegration: false,
};

const spelling: Readonly<Record<keyof Flags, string>> = {
  autoReloadAll: '--auto-reload-all',
  configmapAnnotation: '--configmap-annotation',
  secretAnnotation: '--secret-annotation',
  autoAnnotation: '--auto-annotation',
  configmapAutoAnnotation: '--configmap-auto-annotation',
  secretAutoAnnotation: '--secret-auto-annotation',
  ignoreAnnotation: '--ignore-annotation',
  autoSearchAnnotation: '--auto-search-annotation',
  searchMatchAnnotation: '--search-match-annotation',
  resourcesToIgnore: '--resources-to-ignore',
  ignoredWorkloadTypes: '--ignored-workload-types',
  isArgoRollouts: '--is-Argo-Rollouts',
  reloadOnCreate: '--reload-on-create',
  reloadOnDelete: '--reload-on-delete',
  reloadStrategy: '--reload-strategy',
  enableCsiIntegration: '--enable-csi-integration',
};

/** The arguments that give these flags; those at their default are left out. */
export function toArguments(flags: Flags): string[] {
  const names = Object.keys(spelling).filter((name): name is keyof Flags => name in defaultFlags);
  return names
    .filter((name) => String(flags[name]) !== String(defaultFlags[name]))
    .map((name) => `${spelling[name]}=${String(flags[name])}`);
}

/** §1 `--ignored-workload-types`: lower-case only; one invalid value empties the list. */
export function ignoresWorkload(flags: Flags, kind: WorkloadKind): boolean {
  const types = flags.ignoredWorkloadTypes;
  if (!types.every((type) => type === 'jobs' || type === 'cronjobs')) return false;
  return (kind === 'Job' && types.includes('jobs')) || (kind === 'CronJob' && types.includes('cronjobs'));
}

/** §1 `--resources-to-ignore` (any case) and `--enable-csi-integration`: whether changes of such objects are seen at all. */
export function watchesConfig(flags: Flags, kind: ConfigKind): boolean {
  if (kind === 'SecretProviderClass') return flags.enableCsiIntegration;
  const ignored = flags.resourcesToIgnore.map((value) => value.toLowerCase());
  return !ignored.includes(kind === 'ConfigMap' ? 'configmaps' : 'secrets');
}

/** §1 `--is-Argo-Rollouts`: exactly `true`. */
export function watchesWorkload(flags: Flags, kind: WorkloadKind): boolean {
  return kind !== 'Rollout' || flags.isArgoRollouts === 'true';
}
