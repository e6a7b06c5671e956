// Reloader's Helm chart with another image: the rights of the chart alone are named as too few, and with
// manifests/reloader-chart-rights.yaml they suffice. The chart's rights: https://github.com/stakater/Reloader, chart 2.2.16.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { readAudit } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { kubectl } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait.ts';
import { startLockstep, type Lockstep } from './lockstep.ts';
import { deployment, secret } from './objects.ts';
import { createRig, deadlineMs, settleMs, type Rig } from './rig.ts';

const account = 'reloader-reloader';
const read = ['list', 'get', 'watch'];
const restart = ['list', 'get', 'update', 'patch'];

suite('Reloader’s chart', { skip: await whySkipped(), timeout: 240_000 }, () => {
  test('its rights alone: every missing one is named at once, with the file that grants it', async () => {
    await using rig = await createRig();
    await using release = await install(rig, []);
    await using lockstep = await release.start();
    const line = await lockstep.waitForLog('rights are missing');
    const text = JSON.stringify(line);
    for (const right of [
      'watch deployments.apps in all namespaces',
      'list, watch replicasets.apps in all namespaces',
      'list pods in all namespaces',
      `create secrets in ${release.namespace}`,
      `get, update leases.coordination.k8s.io lockstep in ${release.namespace}`,
    ])
      assert.ok(text.includes(right), `${right}: ${text}`);
    assert.doesNotMatch(text, /patch deployments|secrets in all/, 'what the chart grants is not missing');
    assert.match(String(line['advice']), /reloader-chart-rights\.yaml/);
    assert.equal((await fetch(`${lockstep.metricsUrl}/live`)).status, 200, 'it goes on trying');
    assert.equal((await fetch(`${lockstep.metricsUrl}/readyz`)).status, 503);
  });

  test('with manifests/reloader-chart-rights.yaml it restarts a workload, under the chart’s environment and flags', async () => {
    await using rig = await createRig();
    const place = await rig.createPlace();
    await place.create(secret('db', { key: 'first' }), deployment('web', { secrets: ['db'] }));
    await place.untilRolledOut('deployments/web');
    await using release = await install(rig, await readBeside());
    await using lockstep = await release.start('--enable-ha=true', '--reload-strategy=annotations');
    await lockstep.untilReady();
    await lockstep.waitForLog('synced');
    await place.untilObserved('deployments/web');
    await place.untilRestarted('deployments/web', () => place.change('db', 'second'));
    for (const path of ['/live', '/metrics']) assert.equal((await fetch(`${lockstep.metricsUrl}${path}`)).status, 200);
    const lease = [
      '-n',
      release.namespace,
      'get',
      'lease',
      'stakater-reloader-lock',
      '-o',
      'jsonpath={.spec.holderIdentity}',
    ];
    assert.equal(await kubectl(rig.cluster, lease), 'reloader-pod');
    await kubectl(rig.cluster, ['-n', release.namespace, 'get', 'configmap', 'reloader-meta-info']);
    await kubectl(rig.cluster, ['-n', release.namespace, 'delete', 'lease', 'stakater-reloader-lock']);
    const holder = () => kubectl(rig.cluster, lease).catch(() => '');
    await waitFor(async () => (await holder()) === 'reloader-pod', { what: 'the Lease to be made again', deadlineMs });
    assert.equal(await lockstep.stop(), 0, 'a deleted Lease is not a lost one');
    assert.equal(await kubectl(rig.cluster, lease), '', 'let go');
    const user = `system:serviceaccount:${release.namespace}:${account}`;
    const refused = (await readAudit(rig.cluster.auditLog)).filter(
      (event) => event.user === user && event.status === 403,
    );
    assert.deepEqual(
      refused.map(({ verb, resource }) => `${verb} ${resource}`),
      [],
    );
    assert.doesNotMatch(lockstep.output(), /rights are missing/);
  });
});

interface Release extends AsyncDisposable {
  readonly namespace: string;
  start(...flags: string[]): Promise<Lockstep>;
}

/** The chart's rights with default values and enableHA=true but for the Leases, which only `beside` grants. */
async function install({ cluster, account: { namespace: home } }: Rig, beside: readonly object[]): Promise<Release> {
  const namespace = `${home}-release`;
  const names = (text: string) =>
    text
      .replaceAll(/"namespace":"reloader"/g, `"namespace":"${namespace}"`)
      .replaceAll('lockstep-beside-reloader-chart', `${namespace}-beside`);
  const manifests = JSON.parse(names(JSON.stringify([...chart(namespace), ...beside]))) as object[];
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
  const kubeconfig = await cluster.serviceAccountKubeconfig(namespace, account);
  const environment = {
    POD_NAME: 'reloader-pod',
    POD_NAMESPACE: namespace,
    RELOADER_NAMESPACE: namespace,
    RELOADER_DEPLOYMENT_NAME: account,
    KUBECONFIG: kubeconfig,
  };
  return {
    namespace,
    start: (...flags) => startLockstep([`--settle=${settleMs}ms`, ...flags], environment),
    async [Symbol.asyncDispose]() {
      const roles = [`${namespace}-role`, `${namespace}-beside`].flatMap((role) => [
        `clusterrole/${role}`,
        `clusterrolebinding/${role}`,
      ]);
      await kubectl(cluster, ['delete', '--wait=false', '--ignore-not-found', ...roles, `namespace/${namespace}`]);
    },
  };
}

async function readBeside(): Promise<object[]> {
  const file = join(import.meta.dirname, '..', '..', 'manifests', 'reloader-chart-rights.yaml');
  return parseAllDocuments(await readFile(file, 'utf8')).map((document) => document.toJS() as object);
}

function chart(namespace: string): object[] {
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
  const group = 'rbac.authorization.k8s.io';
  const bind = (kind: string, name: string) => ({ roleRef: { apiGroup: group, kind, name }, subjects });
  const rbac = { apiVersion: `${group}/v1` };
  const role = `${namespace}-role`;
  const clusterRules = [
    { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: read },
    { apiGroups: ['apps'], resources: ['deployments', 'daemonsets', 'statefulsets'], verbs: restart },
    { apiGroups: ['batch'], resources: ['cronjobs'], verbs: ['list', 'get'] },
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'delete', 'list', 'get'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  ];
  const metadataRules = [{ apiGroups: [''], resources: ['configmaps'], verbs: [...read, 'create', 'update'] }];
  const metadataRole = 'reloader-reloader-metadata-role';
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace } },
    { ...rbac, kind: 'ClusterRole', metadata: { name: role }, rules: clusterRules },
    { ...rbac, kind: 'ClusterRoleBinding', metadata: { name: role }, ...bind('ClusterRole', role) },
    { ...rbac, kind: 'Role', metadata: { name: metadataRole, namespace }, rules: metadataRules },
    { ...rbac, kind: 'RoleBinding', metadata: { name: metadataRole, namespace }, ...bind('Role', metadataRole) },
  ];
}
