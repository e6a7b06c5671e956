// What the ConfigMap reloader-meta-info says: who runs, and with which of Reloader's options, in the shapes that its readers know
// (stakater/Reloader, pkg/common/metainfo.go).
import type { Config } from './config.ts';
import { lastReloadedFrom } from './core/reloader-marks.ts';
import { rolloutStrategy } from './core/reloader-patch.ts';

export interface RunsAs {
  readonly version: string;
  readonly nodeVersion: string;
  readonly namespace: string;
  readonly deployment: string;
}

/** Go's zero time, which Reloader writes for builds that do not know theirs. */
const unknownTime = '0001-01-01T00:00:00Z';

/** The ConfigMap's data: each value is JSON. */
export function metaInfoData(config: Config, runs: RunsAs): Readonly<Record<string, string>> {
  const buildInfo = {
    goVersion: `node ${runs.nodeVersion}`,
    releaseVersion: runs.version,
    commitHash: 'unknown',
    commitTime: unknownTime,
    edition: 'oss',
  };
  const { deployment, namespace } = runs;
  return {
    buildInfo: JSON.stringify(buildInfo),
    reloaderOptions: JSON.stringify({ ...keyOptions(config), ...otherOptions(config) }),
    deploymentInfo: JSON.stringify({ ...(deployment === '' ? {} : { name: deployment }), namespace }),
  };
}

function keyOptions({ reloader: { rules, pauseKeys } }: Config) {
  const { auto, typedAuto, named, exclude, search, match, ignore } = rules.keys;
  return {
    autoReloadAll: rules.autoReloadAll,
    configmapUpdateOnChangeAnnotation: named.ConfigMap,
    secretUpdateOnChangeAnnotation: named.Secret,
    secretProviderClassUpdateOnChangeAnnotation: named.SecretProviderClass,
    reloaderAutoAnnotation: auto,
    ignoreResourceAnnotation: ignore,
    configmapReloaderAutoAnnotation: typedAuto.ConfigMap,
    secretReloaderAutoAnnotation: typedAuto.Secret,
    secretProviderClassReloaderAutoAnnotation: typedAuto.SecretProviderClass,
    configmapExcludeReloaderAnnotation: exclude.ConfigMap,
    secretExcludeReloaderAnnotation: exclude.Secret,
    secretProviderClassExcludeReloaderAnnotation: exclude.SecretProviderClass,
    autoSearchAnnotation: search,
    searchMatchAnnotation: match,
    rolloutStrategyAnnotation: rolloutStrategy,
    lastReloadedFromAnnotation: lastReloadedFrom,
    pauseDeploymentAnnotation: pauseKeys.period,
    pauseDeploymentTimeAnnotation: pauseKeys.pausedAt,
  };
}

function otherOptions({ reloader, logFormat, logLevel }: Config) {
  const { rules } = reloader;
  return {
    logFormat: logFormat === 'text' ? '' : logFormat,
    logLevel: logLevel === 'warn' ? 'warning' : logLevel,
    isArgoRollouts: reloader.argoRollouts,
    reloadStrategy: reloader.strategy,
    reloadOnCreate: reloader.reloadOnCreate,
    reloadOnDelete: reloader.reloadOnDelete,
    syncAfterRestart: reloader.syncAfterRestart,
    enableHA: reloader.lease !== undefined,
    enableCSIIntegration: reloader.rules.csi,
    webhookUrl: originOf(reloader.webhookUrl),
    resourcesToIgnore: rules.resourcesToIgnore,
    workloadTypesToIgnore: rules.ignoredWorkloadTypes,
    namespaceSelectors: listOf(reloader.namespaceSelector.text),
    resourceSelectors: listOf(reloader.resourceLabelSelector.text),
    namespacesToIgnore: reloader.namespacesToIgnore,
    enablePProf: false,
    pprofAddr: '',
  };
}

/** The rest of a webhook's URL is a credential, and ConfigMaps are read by many. */
function originOf(url: string | undefined): string {
  return url === undefined ? '' : (URL.parse(url)?.origin ?? '');
}

/** One selector that means all that were given. */
function listOf(selector: string): readonly string[] {
  return selector === '' ? [] : [selector];
}
