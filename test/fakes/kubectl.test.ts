// kubectl works against the fake, and its controllers roll workloads out.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { provideBinaries, whySkipped } from '../cluster/binaries.ts';
import { type FakeApiServer, startFakeApiServer, writeKubeconfig } from './server.ts';

const workload = (kind: string, name: string) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: {
    ...(kind === 'DaemonSet' ? {} : { replicas: 2 }),
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'nginx:1' }] } },
  },
});
const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db' }, stringData: { password: 'x' } };
const all = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [secret, workload('Deployment', 'web'), workload('StatefulSet', 'st'), workload('DaemonSet', 'ds')],
});
const workloads = ['deployment/web', 'statefulset/st', 'daemonset/ds'];

suite('kubectl', { skip: await whySkipped() }, () => {
  const home = mkdtempSync(join(tmpdir(), 'lockstep-kubectl-'));
  let server: FakeApiServer;
  let binary = '';
  before(async () => {
    binary = join((await provideBinaries()).directory, 'kubectl');
    server = await startFakeApiServer({ controllers: true });
    writeKubeconfig(server, home);
  });
  after(async () => {
    await server.stop();
    rmSync(home, { recursive: true });
  });

  function kubectl(args: readonly string[], input = ''): Promise<string> {
    const env = { ...process.env, HOME: home, KUBECONFIG: join(home, 'kubeconfig') };
    return new Promise((resolve, reject) => {
      const child = execFile(binary, args, { env, timeout: 30_000 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`kubectl ${args.join(' ')}: ${stderr}`, { cause: error }));
      });
      child.stdin?.end(input);
    });
  }

  test('apply, rollout status, get', async () => {
    const applied = await kubectl(['apply', '--validate=false', '-f', '-'], all);
    assert.equal(applied.match(/ created$/gm)?.length, 4);
    for (const one of workloads)
      assert.match(await kubectl(['rollout', 'status', one, '--timeout=20s']), /roll(ed )? ?out/);
    assert.match(await kubectl(['get', 'deployment,statefulset,daemonset']), /web +2\/2 +2 +2 /);
    assert.equal((await kubectl(['get', 'pods', '-o', 'name'])).trim().split('\n').length, 5);
    assert.equal(await kubectl(['get', 'secret', 'db', '-o', 'jsonpath={.data.password}']), 'eA==');
  });

  test('a second apply changes nothing, in both ways', async () => {
    const version = await kubectl(['get', 'deployment', 'web', '-o', 'jsonpath={.metadata.resourceVersion}']);
    assert.match(await kubectl(['apply', '--validate=false', '-f', '-'], all), /deployment.apps\/web unchanged/);
    assert.equal(await kubectl(['get', 'deployment', 'web', '-o', 'jsonpath={.metadata.resourceVersion}']), version);
    assert.match(
      await kubectl(['apply', '--server-side', '--validate=false', '-f', '-'], all),
      /web serverside-applied/,
    );
    assert.equal((await kubectl(['get', 'replicasets', '-o', 'name'])).trim(), await onlyReplicaSet());
  });

  async function onlyReplicaSet(): Promise<string> {
    const names = (await kubectl(['get', 'replicasets', '-o', 'name'])).trim().split('\n');
    assert.equal(names.length, 1);
    return names[0] ?? '';
  }

  test('a patch of the template rolls out; going back re-uses the old ReplicaSet with its age', async () => {
    const first = await onlyReplicaSet();
    const born = await kubectl(['get', first, '-o', 'jsonpath={.metadata.uid} {.metadata.creationTimestamp}']);
    const patch = { spec: { template: { metadata: { annotations: { n: '1' } } } } };
    await kubectl(['patch', 'deployment', 'web', '-p', JSON.stringify(patch)]);
    await kubectl(['rollout', 'status', 'deployment/web', '--timeout=20s']);
    assert.equal(await kubectl(['get', first, '-o', 'jsonpath={.spec.replicas}']), '0');
    await kubectl(['rollout', 'undo', 'deployment/web']);
    await kubectl(['rollout', 'status', 'deployment/web', '--timeout=20s']);
    assert.equal(await kubectl(['get', first, '-o', 'jsonpath={.metadata.uid} {.metadata.creationTimestamp}']), born);
    assert.equal(await kubectl(['get', first, '-o', 'jsonpath={.spec.replicas}']), '2');
    assert.equal((await kubectl(['get', 'replicasets', '-o', 'name'])).trim().split('\n').length, 2);
  });

  test('rollout restart of StatefulSets and DaemonSets makes a revision and new pods', async () => {
    const pod = () => kubectl(['get', 'pod', 'st-0', '-o', 'jsonpath={.metadata.uid}']);
    const before_ = await pod();
    await kubectl(['rollout', 'restart', 'statefulset/st', 'daemonset/ds']);
    for (const one of workloads.slice(1)) await kubectl(['rollout', 'status', one, '--timeout=20s']);
    assert.notEqual(await pod(), before_);
    assert.equal((await kubectl(['get', 'controllerrevisions', '-o', 'name'])).trim().split('\n').length, 4);
  });

  test('delete takes what is owned with it', async () => {
    await kubectl(['delete', ...workloads, '--wait=true']);
    await kubectl(['wait', '--for=delete', 'pods', '--all', '--timeout=20s']);
    assert.equal(await kubectl(['get', 'replicasets,pods,controllerrevisions', '-o', 'name']), '');
  });
});
