// The flags of stakater/Reloader (v1.4.21, internal/pkg/util: ConfigureReloaderFlags), so that its users keep their arguments. Three of
// them are flags of Lockstep too and stand elsewhere: --namespaces in config.ts, --log-level and --log-format in log-config.ts.
import { defaultReloadKeys } from './core/reloader-keys.ts';
import type { FlagTable } from './flags.ts';

const group = 'Reloader';

/** Reloader compares the text with `true`; anything else is off. */
const trueText = (help: string) =>
  ({ type: 'choice', choices: ['true', 'false', ''], default: 'false', malformed: 'warning', group, help }) as const;

const key = (otherwise: string, help: string) => ({ type: 'string', default: otherwise, group, help }) as const;

/** Defaults are Reloader's, but for the strategy; none changes what Lockstep does without Reloader's annotations. */
export const reloaderFlags = {
  compat: {
    type: 'choice',
    choices: ['lockstep', 'reloader'],
    default: 'lockstep',
    group,
    help: 'whose defaults hold where a flag is not given; reloader: --reload-strategy=env-vars, text logs',
  },
  'reload-strategy': {
    type: 'choice',
    choices: ['lockstep', 'env-vars', 'annotations'],
    group,
    help: 'what a restart writes into the pod template: Lockstep’s annotation, or one of Reloader’s two marks; default: lockstep',
  },
  'extra-references': {
    type: 'list',
    default: [],
    group,
    help: 'uses that count beyond Reloader’s: every-volume (of several volumes of one source; always with lockstep), ephemeral-containers, image-pull-secrets',
  },
  'auto-reload-all': {
    type: 'bool',
    default: false,
    group,
    help: 'every workload restarts for what it uses, unless an auto annotation says otherwise',
  },
  'reload-on-create': trueText('true: the creation of a config object is a change'),
  'reload-on-delete': trueText('true: its deletion is one'),
  'sync-after-restart': {
    type: 'bool',
    default: false,
    group,
    help: 'with --reload-on-create=true: config objects created while Lockstep was down count too',
  },
  'is-Argo-Rollouts': trueText('true: restart Argo Rollouts too'),
  'enable-csi-integration': {
    type: 'bool',
    default: false,
    group,
    help: 'restart for what a SecretProviderClass mounts, too',
  },
  'resources-to-ignore': {
    type: 'list',
    default: [],
    group,
    help: 'configmaps or secrets, not both: changes of these restart nothing',
  },
  'ignored-workload-types': { type: 'list', default: [], group, help: 'jobs, cronjobs: these are never restarted' },
  'namespaces-to-ignore': { type: 'list', default: [], group, help: 'without --namespaces: all but these' },
  'namespace-selector': {
    type: 'list',
    default: [],
    group,
    help: 'without --namespaces: those with these labels; k=v, k:v, k:*, k in (a,b), !k',
  },
  'resource-label-selector': {
    type: 'list',
    default: [],
    group,
    help: 'only Secrets and ConfigMaps with these labels',
  },
  'auto-annotation': key(defaultReloadKeys.auto, 'key: restart for whatever is used'),
  'configmap-auto-annotation': key(defaultReloadKeys.typedAuto.ConfigMap, 'key: the same for ConfigMaps'),
  'secret-auto-annotation': key(defaultReloadKeys.typedAuto.Secret, 'key: the same for Secrets'),
  'configmap-annotation': key(defaultReloadKeys.named.ConfigMap, 'key: restart for the ConfigMaps it names'),
  'secret-annotation': key(defaultReloadKeys.named.Secret, 'key: restart for the Secrets it names'),
  'auto-search-annotation': key(defaultReloadKeys.search, 'key: restart for what is used and marked by the next'),
  'search-match-annotation': key(defaultReloadKeys.match, 'key on config objects: found by the one before'),
  'ignore-annotation': key(defaultReloadKeys.ignore, 'key on config objects: restart nothing'),
  'pause-deployment-annotation': key(
    'deployment.reloader.stakater.com/pause-period',
    'key: how long a Deployment pauses after a restart, so that more changes join it',
  ),
  'pause-deployment-time-annotation': key('deployment.reloader.stakater.com/paused-at', 'key: written while it pauses'),
  'webhook-url': { type: 'string', default: '', group, help: 'POST there for each change instead of restarting' },
  'enable-ha': {
    type: 'bool',
    default: false,
    group,
    help: 'elect a leader by Reloader’s Lease; needs $POD_NAME and $POD_NAMESPACE',
  },
  'enable-pprof': { type: 'bool', default: false, group, help: 'accepted and ignored: no profiles are served' },
  'pprof-addr': { type: 'string', default: ':6060', group, help: 'accepted and ignored' },
} as const satisfies FlagTable;

/** The environment that Reloader reads, beside KUBECONFIG, POD_NAME and POD_NAMESPACE, which Lockstep reads anyway. */
export const reloaderEnvironment = {
  KUBERNETES_NAMESPACE: 'the one namespace to watch; --namespaces wins',
  RELOADER_NAMESPACE: 'where the ConfigMap reloader-meta-info is written; else nowhere',
  RELOADER_DEPLOYMENT_NAME: 'the Deployment that it names',
  METRICS_COUNT_BY_NAMESPACE: 'enabled: reloader_reload_executed_total_by_namespace is counted',
  ALERT_ON_RELOAD: 'true: each restart is told to ALERT_WEBHOOK_URL',
  ALERT_SINK: 'slack, teams, gchat, or anything else for plain text',
  ALERT_WEBHOOK_URL: 'where alerts go',
  ALERT_WEBHOOK_PROXY: 'through this proxy',
  ALERT_ADDITIONAL_INFO: 'stands before each alert',
} as const;
