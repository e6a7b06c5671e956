// What Reloader's flags and environment become. Unusable values have Reloader's consequence: a refused start is a problem, a line in its
// log is a warning.
import { workloadKinds, type WorkloadKind } from './core/object.ts';
import { extraReferences, type ExtraReference, type ReferenceRules } from './core/references.ts';
import { trimSpace } from './core/go-text.ts';
import type { PauseKeys } from './core/pause-period.ts';
import {
  defaultReloadKeys,
  type IgnorableConfigs,
  type IgnorableWorkloads,
  type ReloadRules,
} from './core/reloader-keys.ts';
import { everything, readReloaderSelector, type Selector } from './core/selector.ts';
import type { PresenceRules } from './core/snapshot.ts';
import type { FlagValues } from './flags.ts';
import type { reloaderEnvironment, reloaderFlags } from './reloader-flags.ts';

export interface ReloaderConfig {
  readonly strategy: 'lockstep' | 'env-vars' | 'annotations';
  readonly rules: ReloadRules;
  readonly extraReferences: readonly ExtraReference[];
  /** Both only without a list of namespaces. */
  readonly namespacesToIgnore: readonly string[];
  readonly namespaceSelector: Selector;
  /** Of Secrets, ConfigMaps and SecretProviderClassPodStatuses; for the API server to apply. */
  readonly resourceLabelSelector: Selector;
  readonly reloadOnCreate: boolean;
  readonly reloadOnDelete: boolean;
  readonly syncAfterRestart: boolean;
  readonly argoRollouts: boolean;
  readonly pauseKeys: PauseKeys;
  /** Instead of restarting. */
  readonly webhookUrl: string | undefined;
  /** Undefined: Lockstep's own. */
  readonly lease: { readonly namespace: string; readonly name: string } | undefined;
  readonly alerts: AlertConfig | undefined;
  readonly countsByNamespace: boolean;
  readonly metaInfo: { readonly namespace: string; readonly deployment: string } | undefined;
}

export interface AlertConfig {
  readonly sink: 'slack' | 'teams' | 'gchat' | 'raw';
  /** A credential: never to be shown. */
  readonly url: string;
  readonly proxy: string | undefined;
  readonly additionalInfo: string;
}

export interface Remarks {
  /** Prevent the start. */
  readonly problems: string[];
  /** Are logged at the start. */
  readonly warnings: string[];
}

export interface ReloaderInput {
  readonly values: FlagValues<typeof reloaderFlags>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Those to watch; empty: all. */
  readonly namespaces: readonly string[];
}

/** Reloader's Lease, so that it and Lockstep never both lead. */
const reloaderLease = 'stakater-reloader-lock';

/** Never throws. */
export function readReloader(input: ReloaderInput, remarks: Remarks): ReloaderConfig {
  const { values, env } = input;
  checkPointless(values, remarks);
  const strategy = values['reload-strategy'] ?? (values.compat === 'reloader' ? 'env-vars' : 'lockstep');
  return {
    strategy,
    rules: { ...readRules(values, remarks), runsAllJobs: strategy !== 'lockstep' },
    extraReferences: readExtras(values['extra-references'], remarks),
    ...readNamespaces(input, remarks),
    resourceLabelSelector: readSelector('resource-label-selector', values['resource-label-selector'], remarks),
    reloadOnCreate: values['reload-on-create'] === 'true',
    reloadOnDelete: values['reload-on-delete'] === 'true',
    syncAfterRestart: values['sync-after-restart'],
    argoRollouts: values['is-Argo-Rollouts'] === 'true',
    pauseKeys: {
      period: values['pause-deployment-annotation'],
      pausedAt: values['pause-deployment-time-annotation'],
    },
    webhookUrl: values['webhook-url'] === '' ? undefined : values['webhook-url'],
    lease: readLease(input, remarks),
    alerts: readAlerts(env, remarks),
    countsByNamespace: read(env, 'METRICS_COUNT_BY_NAMESPACE') === 'enabled',
    metaInfo: readMetaInfo(env),
  };
}

/** Key by key and everywhere with Lockstep's own strategy; as Reloader looks, and as asked beyond it, with the others. */
export function referenceRulesOf({ strategy, extraReferences }: ReloaderConfig): ReferenceRules {
  if (strategy !== 'lockstep') return { granularity: 'whole-objects', extras: extraReferences };
  return { granularity: 'used-keys', extras: [...extraReferences, 'every-volume'] };
}

/** Whether creations and deletions of config objects count. */
export function presenceOf(reloader: ReloaderConfig): PresenceRules {
  const { reloadOnCreate: onCreate, reloadOnDelete: onDelete, syncAfterRestart: atStart } = reloader;
  return { onCreate, onDelete, atStart };
}

/** Without the flag a Rollout is none of our business; what is ignored is not even watched. */
export function watchedKinds({ argoRollouts, rules }: ReloaderConfig): readonly WorkloadKind[] {
  const ignored: readonly string[] = rules.ignoredWorkloadTypes;
  return (Object.keys(workloadKinds) as WorkloadKind[]).filter(
    (kind) => (kind !== 'Rollout' || argoRollouts) && !ignored.includes(workloadKinds[kind].resource),
  );
}

/** The namespaces to watch: the flag's, else Reloader's variable. */
export function watchedNamespaces(flag: readonly string[], env: ReloaderInput['env']): readonly string[] {
  const one = read(env, 'KUBERNETES_NAMESPACE');
  return flag.length > 0 || one === '' ? flag : [one];
}

function read(env: ReloaderInput['env'], name: keyof typeof reloaderEnvironment): string {
  return env[name] ?? '';
}

function checkPointless(values: ReloaderInput['values'], { warnings }: Remarks): void {
  if (values['enable-pprof']) warnings.push('--enable-pprof is ignored: Lockstep serves no profiles');
  if (values['sync-after-restart'] && values['reload-on-create'] !== 'true') {
    warnings.push('--sync-after-restart does nothing without --reload-on-create=true');
  }
  if (values['webhook-url'] !== '' && !/^https?:\/\//i.test(values['webhook-url'])) {
    warnings.push('--webhook-url wants http:// or https://; every request to it will fail');
  }
}

function readRules(values: ReloaderInput['values'], remarks: Remarks): Omit<ReloadRules, 'runsAllJobs'> {
  const { typedAuto, named, exclude } = defaultReloadKeys;
  return {
    keys: {
      auto: values['auto-annotation'],
      typedAuto: {
        ...typedAuto,
        ConfigMap: values['configmap-auto-annotation'],
        Secret: values['secret-auto-annotation'],
      },
      named: { ...named, ConfigMap: values['configmap-annotation'], Secret: values['secret-annotation'] },
      exclude,
      search: values['auto-search-annotation'],
      match: values['search-match-annotation'],
      ignore: values['ignore-annotation'],
    },
    autoReloadAll: values['auto-reload-all'],
    ignoredWorkloadTypes: readWorkloadTypes(values['ignored-workload-types'], remarks),
    resourcesToIgnore: readResources(values['resources-to-ignore'], remarks),
    csi: values['enable-csi-integration'],
  };
}

/** One wrong word empties the list, and the start goes on. */
function readWorkloadTypes(words: readonly string[], { warnings }: Remarks): readonly IgnorableWorkloads[] {
  const known = words.filter((word): word is IgnorableWorkloads => word === 'jobs' || word === 'cronjobs');
  if (known.length === words.length) return known;
  warnings.push(`--ignored-workload-types ${words.join(',')}: want jobs or cronjobs; all of it is ignored`);
  return [];
}

function readExtras(words: readonly string[], { problems }: Remarks): readonly ExtraReference[] {
  const known = extraReferences.filter((word) => words.includes(word));
  const unknown = words.filter((word) => !known.some((each) => each === word));
  if (unknown.length > 0) {
    problems.push(`--extra-references ${unknown.join(',')}: want some of ${extraReferences.join(', ')}`);
  }
  return known;
}

/** One wrong word, or two right ones, prevent the start. */
function readResources(words: readonly string[], { problems }: Remarks): readonly IgnorableConfigs[] {
  const known = words
    .map((word) => word.toLowerCase())
    .filter((word): word is IgnorableConfigs => word === 'configmaps' || word === 'secrets');
  if (known.length < words.length || known.length > 1) {
    problems.push(`--resources-to-ignore ${words.join(',')}: want one of configmaps, secrets`);
  }
  return known;
}

function readNamespaces(
  { values, namespaces }: ReloaderInput,
  remarks: Remarks,
): Pick<ReloaderConfig, 'namespacesToIgnore' | 'namespaceSelector'> {
  const [ignored, selector] = [values['namespaces-to-ignore'], values['namespace-selector']];
  if (namespaces.length === 0) {
    return {
      namespacesToIgnore: ignored,
      namespaceSelector: readSelector('namespace-selector', selector, remarks),
    };
  }
  const pointless = { 'namespaces-to-ignore': ignored, 'namespace-selector': selector };
  for (const [flag, given] of Object.entries(pointless)) {
    if (given.length > 0) remarks.warnings.push(`--${flag} is ignored: the namespaces to watch are listed`);
  }
  return { namespacesToIgnore: [], namespaceSelector: everything };
}

function readSelector(flag: string, elements: readonly string[], { problems }: Remarks): Selector {
  const reading = readReloaderSelector(elements);
  if (reading.kind === 'selector') return reading.selector;
  problems.push(`--${flag} ${reading.says}`);
  return everything;
}

function readLease({ values, env }: ReloaderInput, { problems }: Remarks): ReloaderConfig['lease'] {
  if (!values['enable-ha']) return undefined;
  for (const name of ['POD_NAME', 'POD_NAMESPACE']) {
    if ((env[name] ?? '') === '') problems.push(`--enable-ha needs $${name}`);
  }
  return { namespace: env['POD_NAMESPACE'] ?? '', name: reloaderLease };
}

function readAlerts(env: ReloaderInput['env'], { warnings }: Remarks): AlertConfig | undefined {
  const wanted = read(env, 'ALERT_ON_RELOAD');
  if (wanted !== 'true') {
    if (!['', 'false'].includes(wanted)) warnings.push('ALERT_ON_RELOAD is neither true nor false and counts as false');
    return undefined;
  }
  const url = read(env, 'ALERT_WEBHOOK_URL');
  if (url === '') {
    warnings.push('ALERT_ON_RELOAD is true, but ALERT_WEBHOOK_URL is missing: no alerts are sent');
    return undefined;
  }
  const proxy = read(env, 'ALERT_WEBHOOK_PROXY');
  const sink = trimSpace(read(env, 'ALERT_SINK').toLowerCase());
  return {
    sink: sink === 'slack' || sink === 'teams' || sink === 'gchat' ? sink : 'raw',
    url,
    proxy: proxy === '' ? undefined : proxy,
    additionalInfo: read(env, 'ALERT_ADDITIONAL_INFO'),
  };
}

function readMetaInfo(env: ReloaderInput['env']): ReloaderConfig['metaInfo'] {
  const namespace = read(env, 'RELOADER_NAMESPACE');
  return namespace === '' ? undefined : { namespace, deployment: read(env, 'RELOADER_DEPLOYMENT_NAME') };
}
