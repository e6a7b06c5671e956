// Reloader's image replaced by Lockstep's: its flags and environment, no subcommand, KUBECONFIG. Written from contract §1.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { waitFor } from '../cluster/wait.ts';
import { startFakeApiServer, writeKubeconfig, type FakeApiServer } from '../fakes/server.ts';
import { runLockstep, startLockstep, type Lockstep } from '../e2e/lockstep.ts';

/** Every flag of the contract. */
const reloaderFlags = [
  'auto-reload-all',
  'configmap-annotation',
  'secret-annotation',
  'auto-annotation',
  'configmap-auto-annotation',
  'secret-auto-annotation',
  'ignore-annotation',
  'auto-search-annotation',
  'search-match-annotation',
  'pause-deployment-annotation',
  'pause-deployment-time-annotation',
  'log-format',
  'log-level',
  'webhook-url',
  'resources-to-ignore',
  'ignored-workload-types',
  'namespaces',
  'namespaces-to-ignore',
  'namespace-selector',
  'resource-label-selector',
  'is-Argo-Rollouts',
  'reload-strategy',
  'reload-on-create',
  'reload-on-delete',
  'sync-after-restart',
  'enable-ha',
  'enable-pprof',
  'pprof-addr',
  'enable-csi-integration',
];
const deadlineMs = 30_000;

suite('Reloader’s command line', { timeout: 180_000 }, () => {
  let directory: string;
  let server: FakeApiServer;
  let kubeconfig: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lockstep-drop-in-'));
    server = await startFakeApiServer();
    server.seed([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'reloader' } }]);
    kubeconfig = writeKubeconfig(server, directory);
  });
  after(async () => {
    await server.stop();
    await rm(directory, { recursive: true });
  });

  const start = async (t: TestContext, argv: readonly string[]): Promise<Lockstep> => {
    const environment = {
      KUBECONFIG: kubeconfig,
      POD_NAME: 'reloader-0',
      POD_NAMESPACE: 'reloader',
      RELOADER_NAMESPACE: 'reloader',
      RELOADER_DEPLOYMENT_NAME: 'reloader-reloader',
    };
    const lockstep = await startLockstep(argv, environment);
    t.after(() => lockstep[Symbol.asyncDispose]());
    return lockstep;
  };

  test('--help lists every flag and needs no cluster (W24)', async () => {
    const { code, output } = await runLockstep(['--help'], { KUBECONFIG: '/nowhere', HOME: '/nowhere' });
    assert.equal(code, 0, output);
    const listed = new Set([...output.matchAll(/^\s+--([\w-]+)/gm)].map(([, name]) => name));
    assert.deepEqual(
      reloaderFlags.filter((name) => !listed.has(name)),
      [],
    );
  });

  test('ready only when its watches are synced, alive before', async (t) => {
    const list = Promise.withResolvers<void>();
    server.setFaults(({ verb, resource }) =>
      verb === 'list' && resource === 'secrets' ? { kind: 'wait', until: list.promise } : undefined,
    );
    t.after(() => server.setFaults(undefined));
    const lockstep = await start(t, ['--reload-strategy=annotations', '--reload-on-create=true']);
    const ask = async (path: string): Promise<[status: number, text: string]> => {
      const response = await fetch(`${lockstep.metricsUrl}${path}`);
      return [response.status, await response.text()];
    };
    const isWaiting = async (): Promise<boolean> => !/"(start|deployments|configmaps)"/.test((await ask('/readyz'))[1]);
    await waitFor(isWaiting, { what: 'every list before', deadlineMs });
    const [status, text] = await ask('/readyz');
    assert.equal(status, 503);
    assert.match(text, /"ready":false.*"secrets"/);
    assert.deepEqual(await ask('/live'), [200, 'alive']);
    list.resolve();
    await lockstep.untilReady();
    assert.deepEqual(await ask('/live'), [200, 'alive']);
    assert.match((await ask('/metrics'))[1], /^reloader_reload_executed_total\{success="true"\} 0$/m);
    assert.equal((await ask('/debug/pprof/'))[0], 404);
  });

  /** What was understood, as the ConfigMap reloader-meta-info tells everybody. */
  const readings: [rule: string, argv: readonly string[], options: Record<string, unknown>][] = [
    [
      'the chart’s arguments',
      [
        '--log-format=json',
        '--log-level=trace',
        '--reload-strategy=annotations',
        '--is-Argo-Rollouts=true',
        '--auto-reload-all=false',
        '--reload-on-create=true',
        '--reload-on-delete=true',
        '--sync-after-restart=true',
        '--ignored-workload-types=jobs,cronjobs',
        '--namespaces-to-ignore=kube-system,"kube-public"',
        '--resource-label-selector=team:web',
        '--auto-annotation=acme.example/auto',
        '--pause-deployment-annotation=acme.example/pause',
        '--enable-ha=true',
      ],
      {
        logFormat: 'json',
        logLevel: 'debug',
        reloadStrategy: 'annotations',
        isArgoRollouts: true,
        autoReloadAll: false,
        reloadOnCreate: true,
        reloadOnDelete: true,
        syncAfterRestart: true,
        workloadTypesToIgnore: ['jobs', 'cronjobs'],
        namespacesToIgnore: ['kube-system', 'kube-public'],
        resourceSelectors: ['team=web'],
        reloaderAutoAnnotation: 'acme.example/auto',
        pauseDeploymentAnnotation: 'acme.example/pause',
        enableHA: true,
      },
    ],
    [
      'pflag’s spellings: --b, --b=T, --s v, lists repeated; the last of two wins',
      [
        '--auto-reload-all',
        '--sync-after-restart=T',
        '--reload-on-create=true',
        '--reload-strategy',
        'annotations',
        '--reload-strategy=env-vars',
        '--ignored-workload-types',
        'jobs',
        '--ignored-workload-types=cronjobs',
        '--resources-to-ignore=ConfigMaps',
      ],
      {
        autoReloadAll: true,
        syncAfterRestart: true,
        reloadStrategy: 'env-vars',
        workloadTypesToIgnore: ['jobs', 'cronjobs'],
        resourcesToIgnore: ['configmaps'],
      },
    ],
    [
      'string flags are on for exactly `true`',
      ['--reload-on-create=TRUE', '--reload-on-delete=1', '--is-Argo-Rollouts=t'],
      { reloadOnCreate: false, reloadOnDelete: false, isArgoRollouts: false },
    ],
    ['--compat=reloader alone', ['--compat=reloader'], { reloadStrategy: 'env-vars', reloadOnCreate: false }],
    [
      'one wrong workload type empties the list, and is no reason not to start',
      ['--ignored-workload-types=jobs,Deployments'],
      { workloadTypesToIgnore: [] },
    ],
  ];
  for (const [rule, argv, expected] of readings) {
    test(`understood: ${rule}`, async (t) => {
      await removeMetaInfo(server);
      const lockstep = await start(t, argv);
      await lockstep.untilReady();
      const options = await waitFor(async () => readOptions(server), { what: 'reloader-meta-info', deadlineMs });
      assert.deepEqual(pick(options, Object.keys(expected)), expected);
      for (const line of lockstep.output().trim().split('\n')) assert.equal(typeof JSON.parse(line), 'object', line);
    });
  }

  test('a value that is ignored is said', async (t) => {
    const lockstep = await start(t, ['--reload-on-create=TRUE']);
    const line = await lockstep.waitForLog('setting ignored');
    assert.match(String(line['setting']), /--reload-on-create TRUE: want one of true, false/);
  });

  const refusals: [rule: string, argv: readonly string[], message: RegExp][] = [
    [
      'an unknown flag',
      ['--reload-stratgy=annotations'],
      /unknown flag --reload-stratgy; did you mean --reload-strategy\?/,
    ],
    [
      'flags are case-sensitive',
      ['--is-argo-rollouts=true'],
      /unknown flag --is-argo-rollouts; did you mean --is-Argo/,
    ],
    ['an unknown strategy', ['--reload-strategy=rollout'], /--reload-strategy rollout: want one of/],
    ['a bool that is none', ['--auto-reload-all=yes'], /--auto-reload-all yes: want true or false/],
    ['both resources ignored', ['--resources-to-ignore=secrets,configmaps'], /--resources-to-ignore .*want one of/],
    ['a selector that is none', ['--resource-label-selector=a=b=c'], /--resource-label-selector /],
    ['HA without a name', ['--enable-ha'], /--enable-ha needs \$POD_NAME/],
  ];
  for (const [rule, argv, message] of refusals) {
    test(`refused with exit code 2: ${rule}`, async () => {
      const { code, output } = await runLockstep(argv, { KUBECONFIG: kubeconfig });
      assert.equal(code, 2, output);
      assert.match(output, message);
      assert.match(output, /\nconfig-invalid: /);
    });
  }
});

async function removeMetaInfo(server: FakeApiServer): Promise<void> {
  await fetch(`${server.url}/api/v1/namespaces/reloader/configmaps/reloader-meta-info`, { method: 'DELETE' });
}

function readOptions(server: FakeApiServer): Record<string, unknown> | undefined {
  const found = server.get('v1', 'ConfigMap', 'reloader', 'reloader-meta-info');
  const { reloaderOptions } = (found?.['data'] ?? {}) as { reloaderOptions?: string };
  return reloaderOptions === undefined ? undefined : (JSON.parse(reloaderOptions) as Record<string, unknown>);
}

function pick(options: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, options[name]]));
}
