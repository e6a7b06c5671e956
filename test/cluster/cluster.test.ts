import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { requestsByVerb, templateChanges } from './audit.ts';
import { whySkipped } from './binaries.ts';
import { kubectl, sharedCluster, type Cluster } from './cluster.ts';
import { waitFor } from './wait.ts';

const deadlineMs = 30_000;

suite('a real control plane', { skip: await whySkipped() }, () => {
  let cluster: Cluster;
  const namespaces: string[] = [];

  before(async () => {
    cluster = await sharedCluster();
  });
  after(async () => {
    if (namespaces.length > 0) await kubectl(cluster, ['delete', 'namespace', '--wait=false', ...namespaces]);
    await cluster.stop();
  });

  const createNamespace = async () => {
    const answer = await kubectl(cluster, ['create', '-o', 'name', '-f', '-'], namespaceManifest);
    const namespace = answer.trim().replace('namespace/', '');
    namespaces.push(namespace);
    return namespace;
  };
  const apply = (namespace: string, ...items: object[]) =>
    kubectl(cluster, ['-n', namespace, 'apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));

  test('Deployments, StatefulSets and DaemonSets roll out, and again after a change', async () => {
    const namespace = await createNamespace();
    await apply(namespace, deployment('web', 2), statefulSet('db', 2), daemonSet('agent'));
    const all = ['deployment/web', 'statefulset/db', 'daemonset/agent'];
    const rollOut = () =>
      Promise.all(all.map((name) => kubectl(cluster, ['-n', namespace, 'rollout', 'status', name, '--timeout=30s'])));
    await rollOut();
    await kubectl(cluster, ['-n', namespace, 'rollout', 'restart', ...all]);
    await rollOut();
    const pods = await kubectl(cluster, ['-n', namespace, 'get', 'pods', '-o', 'jsonpath={.items[*].status.podIP}']);
    assert.equal(new Set(pods.split(' ')).size, pods.split(' ').length, 'every pod has an address of its own');
  });

  test('a Job completes', async () => {
    const namespace = await createNamespace();
    await apply(namespace, job('migrate'));
    await kubectl(cluster, ['-n', namespace, 'wait', '--for=condition=complete', 'job/migrate', '--timeout=30s']);
    const phases = await kubectl(cluster, ['-n', namespace, 'get', 'pods', '-o', 'jsonpath={.items[*].status.phase}']);
    assert.equal(phases, 'Succeeded Succeeded');
  });

  test('a pod waits for its readiness gate', async () => {
    const namespace = await createNamespace();
    await apply(namespace, deployment('web', 1, { readinessGates: [{ conditionType: 'example.com/warm' }] }));
    const pod = await waitFor(
      async () => {
        const name = await kubectl(cluster, ['-n', namespace, 'get', 'pods', '-o', 'name', ...running]);
        return name !== '' && name.trim();
      },
      { what: 'a running pod', deadlineMs },
    );
    const condition = { type: 'example.com/warm', status: 'True' };
    const patch = JSON.stringify({ status: { conditions: [condition] } });
    const ready = ['-n', namespace, 'get', pod, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'];
    assert.equal(await kubectl(cluster, ready), 'False');
    await kubectl(cluster, ['-n', namespace, 'patch', pod, '--subresource=status', '-p', patch]);
    await kubectl(cluster, ['-n', namespace, 'rollout', 'status', 'deployment/web', '--timeout=30s']);
  });

  test('a ServiceAccount may do what its roles say, and nothing else', async () => {
    const namespace = await createNamespace();
    await kubectl(cluster, ['-n', namespace, 'create', 'serviceaccount', 'reader']);
    await assert.rejects(cluster.serviceAccountKubeconfig(namespace, 'nobody'), /no token for ServiceAccount .*nobody/);
    const kubeconfig = await cluster.serviceAccountKubeconfig(namespace, 'reader');
    const asReader = (...args: string[]) => kubectl({ ...cluster, kubeconfig }, ['-n', namespace, ...args]);
    await assert.rejects(asReader('get', 'configmaps'), /cannot list resource "configmaps"/);
    await kubectl(cluster, ['-n', namespace, 'create', 'role', 'reader', '--verb=list', '--resource=configmaps']);
    const subject = `--serviceaccount=${namespace}:reader`;
    await kubectl(cluster, ['-n', namespace, 'create', 'rolebinding', 'reader', '--role=reader', subject]);
    // The authorizer sees a new binding through its watch.
    const list = await waitFor(() => asReader('get', 'configmaps', '-o', 'name'), { what: 'access', deadlineMs });
    assert.match(list, /configmap\/kube-root-ca.crt/);
    await assert.rejects(asReader('get', 'secrets'), /cannot list resource "secrets"/);
    const user = `system:serviceaccount:${namespace}:reader`;
    const counts = await waitFor(
      async () => {
        const found = await requestsByVerb(cluster.auditLog, { user });
        return (found['list'] ?? 0) >= 3 && found;
      },
      { what: 'the audit log', deadlineMs },
    );
    const { list: lists, get: discoveries, ...others } = counts;
    assert.deepEqual(others, {}, `besides ${lists} lists and ${discoveries ?? 0} gets of kubectl’s discovery`);
  });

  test('the judge sees each change of a template once, and no other change', async () => {
    const namespace = await createNamespace();
    await apply(namespace, deployment('web', 1), statefulSet('db', 1), daemonSet('agent'));
    const run = (...args: string[]) => kubectl(cluster, ['-n', namespace, ...args]);
    const annotate = (value: string) =>
      JSON.stringify({ spec: { template: { metadata: { annotations: { 'example.com/seen': value } } } } });
    await run('rollout', 'status', 'deployment/web', '--timeout=30s');
    await run('annotate', 'deployment/web', 'example.com/note=metadata-only');
    await run('scale', 'deployment/web', '--replicas=2');
    await run('patch', 'deployment/web', '-p', annotate('dry'), '--dry-run=server');
    await run('patch', 'deployment/web', '-p', annotate('1'), '--field-manager=first');
    await run('patch', 'deployment/web', '-p', annotate('1'), '--field-manager=same-again');
    await run('rollout', 'status', 'deployment/web', '--timeout=30s');
    await run('patch', 'statefulset/db', '-p', annotate('2'), '--field-manager=second');
    await run('set', 'image', 'daemonset/agent', 'main=example.com/app:2');
    const changes = await waitFor(
      async () => {
        const found = await templateChanges(cluster.auditLog, { namespace });
        return found.length >= 3 && found;
      },
      { what: 'three changes in the audit log', deadlineMs },
    );
    const seen = changes.map(({ workload, fieldManager, annotationsBefore: before, annotationsAfter: after }) => ({
      workload: `${workload.kind}/${workload.namespace}/${workload.name}`,
      fieldManager,
      before: before['example.com/seen'],
      after: after['example.com/seen'],
    }));
    assert.deepEqual(seen, [
      { workload: `Deployment/${namespace}/web`, fieldManager: 'first', before: undefined, after: '1' },
      { workload: `StatefulSet/${namespace}/db`, fieldManager: 'second', before: undefined, after: '2' },
      { workload: `DaemonSet/${namespace}/agent`, fieldManager: 'kubectl-set', before: undefined, after: undefined },
    ]);
    assert.ok(changes.every(({ user, verb }) => user === 'cluster-admin' && verb === 'patch'));
  });
});

const running = ['--field-selector=status.phase=Running'];
const namespaceManifest = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { generateName: 'test-cluster-' },
});

function workload(
  kind: string,
  name: string,
  { podSpec = {}, ...spec }: { podSpec?: object } & Record<string, unknown>,
) {
  const labels = { app: name };
  const containers = [{ name: 'main', image: 'example.com/app:1' }];
  const template = { metadata: { labels }, spec: { containers, terminationGracePeriodSeconds: 30, ...podSpec } };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: { selector: { matchLabels: labels }, template, ...spec },
  };
}

function deployment(name: string, replicas: number, podSpec: object = {}) {
  return workload('Deployment', name, { replicas, podSpec });
}

function statefulSet(name: string, replicas: number) {
  return workload('StatefulSet', name, { replicas, serviceName: name });
}

function daemonSet(name: string) {
  return workload('DaemonSet', name, {});
}

function job(name: string) {
  const containers = [{ name: 'main', image: 'example.com/app:1' }];
  const template = { spec: { restartPolicy: 'Never', containers } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { completions: 2, template } };
}
