import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../server/config.ts';
import { metaInfoData } from '../server/meta-info.ts';

const runs = { version: '1.2.3', nodeVersion: 'v24.0.0', namespace: 'ops', deployment: 'reloader-reloader' };

function dataOf(argv: readonly string[], more: Partial<typeof runs> = {}): Readonly<Record<string, unknown>> {
  const readFile = (): string => '';
  const config = loadConfig({ argv, env: {}, hostname: 'h', tempDir: '/t', isTerminal: false, readFile });
  const data = metaInfoData(config, { ...runs, ...more });
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, JSON.parse(text) as unknown]));
}

/** Of Reloader without flags, in its order; `reloadStrategy` and the addresses of profiles aside. */
const defaults = {
  autoReloadAll: false,
  configmapUpdateOnChangeAnnotation: 'configmap.reloader.stakater.com/reload',
  secretUpdateOnChangeAnnotation: 'secret.reloader.stakater.com/reload',
  secretProviderClassUpdateOnChangeAnnotation: 'secretproviderclass.reloader.stakater.com/reload',
  reloaderAutoAnnotation: 'reloader.stakater.com/auto',
  ignoreResourceAnnotation: 'reloader.stakater.com/ignore',
  configmapReloaderAutoAnnotation: 'configmap.reloader.stakater.com/auto',
  secretReloaderAutoAnnotation: 'secret.reloader.stakater.com/auto',
  secretProviderClassReloaderAutoAnnotation: 'secretproviderclass.reloader.stakater.com/auto',
  configmapExcludeReloaderAnnotation: 'configmaps.exclude.reloader.stakater.com/reload',
  secretExcludeReloaderAnnotation: 'secrets.exclude.reloader.stakater.com/reload',
  secretProviderClassExcludeReloaderAnnotation: 'secretproviderclasses.exclude.reloader.stakater.com/reload',
  autoSearchAnnotation: 'reloader.stakater.com/search',
  searchMatchAnnotation: 'reloader.stakater.com/match',
  rolloutStrategyAnnotation: 'reloader.stakater.com/rollout-strategy',
  lastReloadedFromAnnotation: 'reloader.stakater.com/last-reloaded-from',
  pauseDeploymentAnnotation: 'deployment.reloader.stakater.com/pause-period',
  pauseDeploymentTimeAnnotation: 'deployment.reloader.stakater.com/paused-at',
  logFormat: '',
  logLevel: 'info',
  isArgoRollouts: false,
  reloadStrategy: 'env-vars',
  reloadOnCreate: false,
  reloadOnDelete: false,
  syncAfterRestart: false,
  enableHA: false,
  enableCSIIntegration: false,
  webhookUrl: '',
  resourcesToIgnore: [],
  workloadTypesToIgnore: [],
  namespaceSelectors: [],
  resourceSelectors: [],
  namespacesToIgnore: [],
  enablePProf: false,
  pprofAddr: '',
};

test('meta info: the three keys, in Reloader’s shapes', () => {
  const data = dataOf(['--compat=reloader']);
  assert.equal(JSON.stringify(data['reloaderOptions']), JSON.stringify(defaults));
  assert.deepEqual(data['buildInfo'], {
    goVersion: 'node v24.0.0',
    releaseVersion: '1.2.3',
    commitHash: 'unknown',
    commitTime: '0001-01-01T00:00:00Z',
    edition: 'oss',
  });
  assert.deepEqual(data['deploymentInfo'], { name: 'reloader-reloader', namespace: 'ops' });
  assert.deepEqual(Object.keys(data), ['buildInfo', 'reloaderOptions', 'deploymentInfo']);
});

test('meta info: a Deployment without a name is left out, as Go does', () => {
  assert.deepEqual(dataOf([], { deployment: '' })['deploymentInfo'], { namespace: 'ops' });
});

const options: [flag: string, changed: Partial<typeof defaults>][] = [
  ['--auto-reload-all', { autoReloadAll: true }],
  ['--reload-strategy=annotations', { reloadStrategy: 'annotations' }],
  ['--log-format=json', { logFormat: 'json' }],
  ['--log-level=warning', { logLevel: 'warning' }],
  ['--is-Argo-Rollouts=true', { isArgoRollouts: true }],
  ['--auto-annotation=a/b', { reloaderAutoAnnotation: 'a/b' }],
  ['--webhook-url=https://hooks.example/s3cr3t', { webhookUrl: 'https://hooks.example' }],
];
for (const [flag, changed] of options) {
  test(`meta info: ${flag}`, () => {
    assert.deepEqual(dataOf(['--compat=reloader', flag])['reloaderOptions'], { ...defaults, ...changed });
  });
}
