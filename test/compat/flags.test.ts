// Reloader's flags and environment: section 1 of its contract. A refused start is a problem, a line in its log a warning.
// Long because it is tables: a row for each flag and each of its mistakes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig, serveFlags, type Config } from '../../server/config.ts';
import { hasCode } from '../../server/core/errors.ts';
import { formatHelp } from '../../server/flags-help.ts';

interface Given {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

function load({ argv = [], env = {} }: Given): Config {
  return loadConfig({ argv, env, hostname: 'h', tempDir: '/tmp', isTerminal: false, readFile: () => '' });
}

const on = ['', '=true', '=T', '=1'];
const key = (flag: string, read: (config: Config) => string): Row => [flag, [`--${flag}=x/y`], read, 'x/y'];
type Row = readonly [
  about: string,
  given: readonly string[] | Given,
  read: (config: Config) => unknown,
  expected: unknown,
];
const rules = (config: Config) => config.reloader.rules;

const accepted: readonly Row[] = [
  ...on.map((text): Row => ['--auto-reload-all', [`--auto-reload-all${text}`], (c) => rules(c).autoReloadAll, true]),
  ['--auto-reload-all', ['--auto-reload-all=false'], (c) => rules(c).autoReloadAll, false],
  key('configmap-annotation', (c) => rules(c).keys.named.ConfigMap),
  key('secret-annotation', (c) => rules(c).keys.named.Secret),
  key('auto-annotation', (c) => rules(c).keys.auto),
  key('configmap-auto-annotation', (c) => rules(c).keys.typedAuto.ConfigMap),
  key('secret-auto-annotation', (c) => rules(c).keys.typedAuto.Secret),
  key('ignore-annotation', (c) => rules(c).keys.ignore),
  key('auto-search-annotation', (c) => rules(c).keys.search),
  key('search-match-annotation', (c) => rules(c).keys.match),
  key('pause-deployment-annotation', (c) => c.reloader.pauseKeys.period),
  key('pause-deployment-time-annotation', (c) => c.reloader.pauseKeys.pausedAt),
  ['--log-format', ['--log-format=json'], (c) => c.logFormat, 'json'],
  ['--log-format empty', ['--log-format='], (c) => c.logFormat, 'json'],
  ['--log-format empty, Reloader’s defaults', ['--log-format=', '--compat=reloader'], (c) => c.logFormat, 'text'],
  ...Object.entries({
    trace: 'debug',
    debug: 'debug',
    info: 'info',
    warning: 'warn',
    warn: 'warn',
    error: 'error',
    fatal: 'error',
    panic: 'error',
    DEBUG: 'debug',
  }).map(([text, level]): Row => ['--log-level', [`--log-level=${text}`], (c) => c.logLevel, level]),
  ['--webhook-url', ['--webhook-url=https://h/x'], (c) => c.reloader.webhookUrl, 'https://h/x'],
  ['--webhook-url empty', ['--webhook-url='], (c) => c.reloader.webhookUrl, undefined],
  ...['configmaps', 'configMaps', 'CONFIGMAPS'].map((text): Row => [
    '--resources-to-ignore',
    [`--resources-to-ignore=${text}`],
    (c) => rules(c).resourcesToIgnore,
    ['configmaps'],
  ]),
  ['--resources-to-ignore', ['--resources-to-ignore', 'Secrets'], (c) => rules(c).resourcesToIgnore, ['secrets']],
  [
    '--ignored-workload-types',
    ['--ignored-workload-types=jobs,cronjobs'],
    (c) => rules(c).ignoredWorkloadTypes,
    ['jobs', 'cronjobs'],
  ],
  [
    '--ignored-workload-types repeated',
    ['--ignored-workload-types=jobs', '--ignored-workload-types=cronjobs'],
    (c) => rules(c).ignoredWorkloadTypes,
    ['jobs', 'cronjobs'],
  ],
  ['--namespaces', ['--namespaces=a,b', '--namespaces=c'], (c) => c.namespaces, ['a', 'b', 'c']],
  ['KUBERNETES_NAMESPACE', { env: { KUBERNETES_NAMESPACE: 'a' } }, (c) => c.namespaces, ['a']],
  ['KUBERNETES_NAMESPACE empty', { env: { KUBERNETES_NAMESPACE: '' } }, (c) => c.namespaces, []],
  ['--namespaces wins', { argv: ['--namespaces=b'], env: { KUBERNETES_NAMESPACE: 'a' } }, (c) => c.namespaces, ['b']],
  ['--namespaces-to-ignore', ['--namespaces-to-ignore=a,b'], (c) => c.reloader.namespacesToIgnore, ['a', 'b']],
  ['--namespace-selector', ['--namespace-selector=a:b,c:*,d=e'], (c) => c.reloader.namespaceSelector.text, 'a=b,c,d=e'],
  [
    '--namespace-selector of a set',
    ['--namespace-selector=a in (b,c)'],
    (c) => c.reloader.namespaceSelector.text,
    'a in (b,c)',
  ],
  [
    '--resource-label-selector',
    ['--resource-label-selector=a:b', '--resource-label-selector=!c'],
    (c) => c.reloader.resourceLabelSelector.text,
    'a=b,!c',
  ],
  [
    '--resource-label-selector holds with --namespaces',
    ['--namespaces=x', '--resource-label-selector=a'],
    (c) => c.reloader.resourceLabelSelector.text,
    'a',
  ],
  ['--is-Argo-Rollouts', ['--is-Argo-Rollouts=true'], (c) => c.reloader.argoRollouts, true],
  [
    '--is-Argo-Rollouts is a text and takes the next word',
    ['--is-Argo-Rollouts', 'true'],
    (c) => c.reloader.argoRollouts,
    true,
  ],
  ['--is-Argo-Rollouts', ['--is-Argo-Rollouts=false'], (c) => c.reloader.argoRollouts, false],
  [
    '--is-Argo-Rollouts, the last wins',
    ['--is-Argo-Rollouts=true', '--is-Argo-Rollouts=false'],
    (c) => c.reloader.argoRollouts,
    false,
  ],
  ['--reload-on-create', ['--reload-on-create=true'], (c) => c.reloader.reloadOnCreate, true],
  ['--reload-on-delete', ['--reload-on-delete=true'], (c) => c.reloader.reloadOnDelete, true],
  [
    '--sync-after-restart',
    ['--sync-after-restart', '--reload-on-create=true'],
    (c) => c.reloader.syncAfterRestart,
    true,
  ],
  ['--reload-strategy', ['--reload-strategy=env-vars'], (c) => c.reloader.strategy, 'env-vars'],
  ['--reload-strategy', ['--reload-strategy=annotations'], (c) => c.reloader.strategy, 'annotations'],
  ['--reload-strategy not given', [], (c) => c.reloader.strategy, 'lockstep'],
  ['--compat=reloader', ['--compat=reloader'], (c) => c.reloader.strategy, 'env-vars'],
  [
    '--compat=reloader, strategy given',
    ['--compat=reloader', '--reload-strategy=lockstep'],
    (c) => c.reloader.strategy,
    'lockstep',
  ],
  [
    '--enable-ha',
    { argv: ['--enable-ha'], env: { POD_NAME: 'p', POD_NAMESPACE: 'n' } },
    (c) => [c.reloader.lease, c.identity, c.stateNamespace],
    [{ namespace: 'n', name: 'stakater-reloader-lock' }, 'p', 'n'],
  ],
  [
    '--enable-ha, with another namespace for Lockstep’s own state',
    { argv: ['--enable-ha', '--state-namespace=own'], env: { POD_NAME: 'p', POD_NAMESPACE: 'n' } },
    (c) => [c.reloader.lease?.namespace, c.stateNamespace],
    ['n', 'own'],
  ],
  ['--enable-ha not given', [], (c) => c.reloader.lease, undefined],
  ['--enable-csi-integration', ['--enable-csi-integration'], (c) => c.reloader.rules.csi, true],
  ['--pprof-addr', ['--pprof-addr=:6061'], (c) => c.warnings, []],
  [
    'METRICS_COUNT_BY_NAMESPACE',
    { env: { METRICS_COUNT_BY_NAMESPACE: 'enabled' } },
    (c) => c.reloader.countsByNamespace,
    true,
  ],
  [
    'METRICS_COUNT_BY_NAMESPACE',
    { env: { METRICS_COUNT_BY_NAMESPACE: 'true' } },
    (c) => c.reloader.countsByNamespace,
    false,
  ],
  [
    'RELOADER_NAMESPACE',
    { env: { RELOADER_NAMESPACE: 'n', RELOADER_DEPLOYMENT_NAME: 'd' } },
    (c) => c.reloader.metaInfo,
    { namespace: 'n', deployment: 'd' },
  ],
  ['RELOADER_NAMESPACE', {}, (c) => c.reloader.metaInfo, undefined],
  ['ALERT_ON_RELOAD', { env: { ALERT_WEBHOOK_URL: 'https://h' } }, (c) => c.reloader.alerts, undefined],
  ...Object.entries({ slack: 'slack', Teams: 'teams', ' gchat ': 'gchat', raw: 'raw', webhook: 'raw', '': 'raw' }).map(
    ([text, sink]): Row => [
      `ALERT_SINK "${text}"`,
      { env: { ALERT_ON_RELOAD: 'true', ALERT_SINK: text, ALERT_WEBHOOK_URL: 'https://h' } },
      (c) => c.reloader.alerts,
      { sink, url: 'https://h', proxy: undefined, additionalInfo: '' },
    ],
  ),
  [
    'ALERT_WEBHOOK_PROXY, ALERT_ADDITIONAL_INFO',
    {
      env: {
        ALERT_ON_RELOAD: 'true',
        ALERT_WEBHOOK_URL: 'https://h',
        ALERT_WEBHOOK_PROXY: 'http://p',
        ALERT_ADDITIONAL_INFO: 'eu',
      },
    },
    (c) => [c.reloader.alerts?.proxy, c.reloader.alerts?.additionalInfo],
    ['http://p', 'eu'],
  ],
];
for (const [about, given, read, expected] of accepted) {
  const input: Given = 'length' in given ? { argv: given } : given;
  test(`1 ${about}: ${JSON.stringify(input.argv ?? input.env ?? {})}`, () => {
    const config = load(input);
    assert.deepEqual(config.warnings, []);
    assert.deepEqual(read(config), expected);
  });
}

type Warned = readonly [about: string, given: Given, warning: RegExp, read: Row[2], expected: unknown];
const warned: readonly Warned[] = [
  [
    '--log-format unknown',
    { argv: ['--log-format=xml'] },
    /^--log-format xml: want one of json, text; it is ignored$/,
    (c) => c.logFormat,
    'json',
  ],
  [
    '--log-format unknown: the level is not applied either',
    { argv: ['--log-format=xml', '--log-level=debug'] },
    /^--log-format/,
    (c) => c.logLevel,
    'info',
  ],
  ['--log-level unknown', { argv: ['--log-level=loud'] }, /^--log-level loud/, (c) => c.logLevel, 'info'],
  ['--log-level empty', { argv: ['--log-level='] }, /^--log-level ""/, (c) => c.logLevel, 'info'],
  [
    '--is-Argo-Rollouts True is not exactly true',
    { argv: ['--is-Argo-Rollouts=True'] },
    /^--is-Argo-Rollouts True: want one of true, false/,
    (c) => c.reloader.argoRollouts,
    false,
  ],
  [
    '--reload-on-create 1 is not exactly true',
    { argv: ['--reload-on-create=1'] },
    /^--reload-on-create 1/,
    (c) => c.reloader.reloadOnCreate,
    false,
  ],
  [
    '--reload-on-delete, the last value decides',
    { argv: ['--reload-on-delete=true', '--reload-on-delete=yes'] },
    /^--reload-on-delete yes/,
    (c) => c.reloader.reloadOnDelete,
    false,
  ],
  [
    '--ignored-workload-types unknown: all of it',
    { argv: ['--ignored-workload-types=jobs,pods'] },
    /^--ignored-workload-types jobs,pods/,
    (c) => rules(c).ignoredWorkloadTypes,
    [],
  ],
  [
    '--ignored-workload-types is lower case only',
    { argv: ['--ignored-workload-types=Jobs'] },
    /want jobs or cronjobs/,
    (c) => rules(c).ignoredWorkloadTypes,
    [],
  ],
  [
    '--namespaces-to-ignore in scoped mode',
    { argv: ['--namespaces=a', '--namespaces-to-ignore=b'] },
    /^--namespaces-to-ignore is ignored/,
    (c) => c.reloader.namespacesToIgnore,
    [],
  ],
  [
    '--namespace-selector in scoped mode',
    { argv: ['--namespaces=a', '--namespace-selector=b'] },
    /^--namespace-selector is ignored/,
    (c) => c.reloader.namespaceSelector.text,
    '',
  ],
  [
    '--namespace-selector in scoped mode is not even read',
    { argv: ['--namespaces=a', '--namespace-selector=('] },
    /^--namespace-selector is ignored/,
    (c) => c.reloader.namespaceSelector.text,
    '',
  ],
  [
    '--namespaces-to-ignore with KUBERNETES_NAMESPACE',
    { argv: ['--namespaces-to-ignore=b'], env: { KUBERNETES_NAMESPACE: 'a' } },
    /is ignored/,
    (c) => c.reloader.namespacesToIgnore,
    [],
  ],
  [
    '--sync-after-restart alone',
    { argv: ['--sync-after-restart'] },
    /^--sync-after-restart does nothing/,
    (c) => c.reloader.syncAfterRestart,
    true,
  ],
  ['--enable-pprof', { argv: ['--enable-pprof'] }, /^--enable-pprof is ignored/, (c) => c.metricsAddress.port, 9090],
  [
    '--webhook-url that is none',
    { argv: ['--webhook-url=h/x'] },
    /^--webhook-url wants/,
    (c) => c.reloader.webhookUrl,
    'h/x',
  ],
  [
    'ALERT_ON_RELOAD True',
    { env: { ALERT_ON_RELOAD: 'True', ALERT_WEBHOOK_URL: 'https://h' } },
    /^ALERT_ON_RELOAD/,
    (c) => c.reloader.alerts,
    undefined,
  ],
  [
    'ALERT_WEBHOOK_URL missing',
    { env: { ALERT_ON_RELOAD: 'true' } },
    /ALERT_WEBHOOK_URL is missing/,
    (c) => c.reloader.alerts,
    undefined,
  ],
  [
    'a word that is no flag, under --compat=reloader',
    { argv: ['--compat=reloader', '--auto-reload-all', 'true'] },
    /^the word true is ignored/,
    (c) => rules(c).autoReloadAll,
    true,
  ],
];
for (const [about, given, warning, read, expected] of warned) {
  test(`1 warning: ${about}`, () => {
    const config = load(given);
    assert.equal(config.warnings.length, 1);
    assert.match(config.warnings[0] ?? '', warning);
    assert.deepEqual(read(config), expected);
  });
}

const refused: readonly (readonly [about: string, given: Given, problem: RegExp])[] = [
  ['--reload-strategy unknown', { argv: ['--reload-strategy=env'] }, /^--reload-strategy env: want one of/],
  ['--resources-to-ignore unknown', { argv: ['--resources-to-ignore=pods'] }, /^--resources-to-ignore pods/],
  ['--resources-to-ignore both', { argv: ['--resources-to-ignore=configMaps,secrets'] }, /^--resources-to-ignore/],
  [
    '--resources-to-ignore twice the same',
    { argv: ['--resources-to-ignore=secrets,secrets'] },
    /^--resources-to-ignore/,
  ],
  ['--namespace-selector invalid', { argv: ['--namespace-selector=a b'] }, /^--namespace-selector a b/],
  [
    '--resource-label-selector invalid',
    { argv: ['--resource-label-selector=a='.concat('x'.repeat(64))] },
    /^--resource-label-selector/,
  ],
  [
    '--enable-ha without POD_NAME',
    { argv: ['--enable-ha'], env: { POD_NAMESPACE: 'n' } },
    /^--enable-ha needs \$POD_NAME$/,
  ],
  [
    '--enable-ha without POD_NAMESPACE',
    { argv: ['--enable-ha'], env: { POD_NAME: 'p' } },
    /^--enable-ha needs \$POD_NAMESPACE$/,
  ],
  ['--enable-ha that is no bool', { argv: ['--enable-ha=yes'] }, /^--enable-ha yes: want true or false$/],
  [
    '--is-argo-rollouts, as Reloader’s README spells it',
    { argv: ['--is-argo-rollouts=true'] },
    /^unknown flag --is-argo-rollouts; did you mean --is-Argo-Rollouts\?$/,
  ],
  [
    '--enable-argo-rollouts, which never was',
    { argv: ['--enable-argo-rollouts=true'] },
    /^unknown flag --enable-argo-rollouts/,
  ],
  ['--reload-on-create without a value', { argv: ['--reload-on-create'] }, /^--reload-on-create needs a value$/],
  ['an open quote in a list', { argv: ['--namespaces-to-ignore="a'] }, /balanced quotes/],
  ['KUBERNETES_NAMESPACE that cannot be', { env: { KUBERNETES_NAMESPACE: 'A' } }, /"A" is no name of a namespace/],
  ['--compat unknown', { argv: ['--compat=kured'] }, /^--compat kured/],
  ['a word that is no flag', { argv: ['--auto-reload-all', 'true'] }, /^unexpected word true/],
];
for (const [about, given, problem] of refused) {
  test(`1 refused: ${about}`, () => {
    assert.throws(
      () => load(given),
      (error: unknown) => {
        assert.ok(hasCode(error, 'config-invalid'));
        assert.match(error.message, problem);
        assert.equal(error.message.split('\n').length, 1);
        return true;
      },
    );
  });
}

/** Section 1's table. */
const flagsOfReloader =
  'auto-reload-all configmap-annotation secret-annotation auto-annotation configmap-auto-annotation secret-auto-annotation ignore-annotation auto-search-annotation search-match-annotation pause-deployment-annotation pause-deployment-time-annotation log-format log-level webhook-url resources-to-ignore ignored-workload-types namespaces namespaces-to-ignore namespace-selector resource-label-selector is-Argo-Rollouts reload-strategy reload-on-create reload-on-delete sync-after-restart enable-ha enable-pprof pprof-addr enable-csi-integration'.split(
    ' ',
  );
test('1 --help lists every flag', () => {
  const help = formatHelp(serveFlags);
  for (const flag of flagsOfReloader) assert.match(help, new RegExp(`^ +--${flag}( |$)`, 'm'));
});

test('1 alerts: the URL, a credential, is in no warning and no problem', () => {
  const env = { ALERT_ON_RELOAD: 'yes', ALERT_WEBHOOK_URL: 'https://hooks.example.com/hunter2' };
  assert.ok(!JSON.stringify(load({ env }).warnings).includes('hunter2'));
});
