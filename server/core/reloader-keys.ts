// What Reloader's rules can be told by flags: the keys of its annotations, and what is left out altogether.
// The defaults are those of stakater/Reloader v1.4.21, internal/pkg/options/flags.go.
import type { ConfigKind, WorkloadKind } from './object.ts';
import type { PauseKeys } from './pause-period.ts';

/** Everything whose change Reloader answers. */
export type ReloaderKind = ConfigKind;

export const reloaderKinds: readonly ReloaderKind[] = ['ConfigMap', 'Secret', 'SecretProviderClass'];

/** Everything that Reloader restarts, and DeploymentConfig, which it did until v1.4.4. */
export type ReloaderWorkloadKind = WorkloadKind;

/** Annotation keys. The exclude keys and those of SecretProviderClass have no flag. */
export interface ReloadKeys {
  readonly auto: string;
  readonly typedAuto: Readonly<Record<ReloaderKind, string>>;
  /** The named annotation: a comma list of patterns. */
  readonly named: Readonly<Record<ReloaderKind, string>>;
  readonly exclude: Readonly<Record<ReloaderKind, string>>;
  readonly search: string;
  /** These two are on the config object. */
  readonly match: string;
  readonly ignore: string;
}

/** The settings of ShouldReload. */
export interface ReloadRules {
  readonly keys: ReloadKeys;
  readonly autoReloadAll: boolean;
  /** Whether auto-reload-all runs Jobs and CronJobs too, as Reloader does. Otherwise only their own annotations do. */
  readonly runsAllJobs: boolean;
  readonly ignoredWorkloadTypes: readonly IgnorableWorkloads[];
  readonly resourcesToIgnore: readonly IgnorableConfigs[];
  /** Whether SecretProviderClasses are watched. */
  readonly csi: boolean;
}

export type IgnorableWorkloads = 'jobs' | 'cronjobs';
export type IgnorableConfigs = 'configmaps' | 'secrets';

export const defaultReloadKeys: ReloadKeys = {
  auto: 'reloader.stakater.com/auto',
  typedAuto: {
    ConfigMap: 'configmap.reloader.stakater.com/auto',
    Secret: 'secret.reloader.stakater.com/auto',
    SecretProviderClass: 'secretproviderclass.reloader.stakater.com/auto',
  },
  named: {
    ConfigMap: 'configmap.reloader.stakater.com/reload',
    Secret: 'secret.reloader.stakater.com/reload',
    SecretProviderClass: 'secretproviderclass.reloader.stakater.com/reload',
  },
  exclude: {
    ConfigMap: 'configmaps.exclude.reloader.stakater.com/reload',
    Secret: 'secrets.exclude.reloader.stakater.com/reload',
    SecretProviderClass: 'secretproviderclasses.exclude.reloader.stakater.com/reload',
  },
  search: 'reloader.stakater.com/search',
  match: 'reloader.stakater.com/match',
  ignore: 'reloader.stakater.com/ignore',
};

export const defaultPauseKeys: PauseKeys = {
  period: 'deployment.reloader.stakater.com/pause-period',
  pausedAt: 'deployment.reloader.stakater.com/paused-at',
};

/** Without any flag. */
export const defaultReloadRules: ReloadRules = {
  keys: defaultReloadKeys,
  autoReloadAll: false,
  runsAllJobs: true,
  ignoredWorkloadTypes: [],
  resourcesToIgnore: [],
  csi: false,
};
