// The rights of manifests/lockstep.yaml are those that Lockstep uses, and a missing one is named and recovered from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAudit, type AuditEvent } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { kubectl } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait.ts';
import { configMap, daemonSet, deployment, secret, statefulSet } from './objects.ts';
import { readRights, type Manifest } from './rights.ts';
import { createRig, deadlineMs, type Rig } from './rig.ts';

const skip = await whySkipped();

test('verbs granted are verbs used', { skip, timeout: 120_000 }, async () => {
  await using rig = await createRig();
  const place = await rig.createPlace();
  await place.create(
    secret('db', { key: 'A' }),
    configMap('settings', { key: 'A' }),
    deployment('web', { secrets: ['db'], configMaps: ['settings'] }),
    statefulSet('store', { secrets: ['db'], configMaps: ['settings'] }),
    daemonSet('agent', { secrets: ['db'], configMaps: ['settings'] }),
  );
  const workloads = ['deployments/web', 'statefulsets/store', 'daemonsets/agent'] as const;
  await Promise.all(workloads.map((name) => place.untilRolledOut(name)));
  {
    await using _first = await rig.start();
    await rig.untilRemembered(place, 'Deployment/web', 'StatefulSet/store', 'DaemonSet/agent');
    await place.change('db', 'B'); // restarts
    await place.untilQuiet();
  }
  // Under Reloader's environment it writes Reloader's ConfigMap, too.
  await using lockstep = await rig.startIn({ RELOADER_NAMESPACE: rig.account.namespace });
  await Promise.all(workloads.map((name) => place.untilRolledOut(name)));
  await place.change('db', 'C'); // a return asks for reads and pods
  await place.change('db', 'B');
  await place.untilQuiet();
  assert.equal(await lockstep.stop(), 0);

  const requests = (await readAudit(rig.cluster.auditLog)).filter(({ user }) => user === rig.account.user);
  const refused = requests.filter(({ status }) => status === 403);
  assert.deepEqual(refused.map(describe), [], 'nothing that is not granted is asked');
  const manifests = await readRights(rig.account.namespace);
  // The rights on what a cluster may not have are compared where it is tested.
  const rights = listRights(manifests.filter(({ metadata }) => !/^lockstep-(kinds|engines)/.test(metadata.name)));
  const unused = rights.filter((right) => !requests.some((request) => right.covers(request))).map(({ text }) => text);
  assert.deepEqual(unused, [], 'and everything that is granted is used');
});

test(
  'a missing right is named, keeps Lockstep from being ready, and is recovered from',
  { skip, timeout: 120_000 },
  async () => {
    await using rig = await createRig();
    const place = await rig.createPlace();
    await place.create(secret('db', { key: 'first' }), deployment('web', { secrets: ['db'] }));
    await place.untilRolledOut('deployments/web');
    const rights = await readRights(rig.account.namespace);
    await grant(
      rig,
      rights.map((manifest) => without(manifest, 'list', 'secrets')),
    );
    await untilAnswered(rig, 'no');
    await using lockstep = await rig.spawn();
    const line = await lockstep.waitForLog('watch interrupted, trying again', { watch: 'secrets' });
    assert.equal(line.level, 'warn');
    assert.match(JSON.stringify(line['err']), /"code":"api-forbidden".*the verb list on secrets is not granted/);
    assert.match(String(line['advice']), /grant the named verb on the named resource/);
    const ready = await fetch(`${lockstep.metricsUrl}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /"secrets"/);
    await grant(rig, rights);
    await lockstep.untilReady();
    await rig.untilRemembered(place, 'Deployment/web');
    await place.untilRestarted('deployments/web', () => place.change('db', 'second'));
    assert.doesNotMatch(lockstep.output(), /^\s+at /m, 'no stack trace');
  },
);

interface Right {
  readonly text: string;
  readonly covers: (request: AuditEvent) => boolean;
}

/** One for each verb on each resource; a Role's only where its namespace is. */
function listRights(manifests: readonly Manifest[]): Right[] {
  return manifests.flatMap(({ metadata, rules = [] }) =>
    rules.flatMap(({ resources, verbs, resourceNames }) =>
      resources.flatMap((resource) =>
        verbs.map((verb): Right => {
          const names = resourceNames === undefined ? '' : ` ${resourceNames.join(',')}`;
          const { namespace } = metadata;
          return {
            text: `${namespace === undefined ? '' : 'in its own namespace: '}${verb} ${resource}${names}`,
            covers: (request) =>
              request.verb === verb &&
              request.resource === resource &&
              (namespace === undefined || request.namespace === namespace) &&
              (resourceNames === undefined || resourceNames.includes(request.name)),
          };
        }),
      ),
    ),
  );
}

function without(manifest: Manifest, verb: string, resource: string): Manifest {
  if (manifest.kind !== 'ClusterRole') return manifest;
  const rules = (manifest.rules ?? []).flatMap((rule) => {
    if (!rule.resources.includes(resource)) return [rule];
    const others = rule.resources.filter((name) => name !== resource);
    const verbs = rule.verbs.filter((name) => name !== verb);
    return [
      ...(others.length === 0 ? [] : [{ ...rule, resources: others }]),
      { ...rule, resources: [resource], verbs },
    ];
  });
  return { ...manifest, rules };
}

async function grant({ cluster }: Rig, manifests: readonly Manifest[]): Promise<void> {
  const items = manifests.filter(({ kind }) => kind === 'ClusterRole');
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

/** The authorizer hears of a change through a watch. */
async function untilAnswered({ cluster, account }: Rig, wanted: 'yes' | 'no'): Promise<void> {
  const ask = ['auth', 'can-i', 'list', 'secrets', '--all-namespaces', `--as=${account.user}`];
  const answer = () =>
    kubectl(cluster, ask).then(
      (text) => text.trim(),
      () => 'no',
    );
  await waitFor(async () => (await answer()) === wanted, { what: `the answer ${wanted}`, deadlineMs });
}

function describe({ verb, resource, namespace, name }: AuditEvent): string {
  return `${verb} ${resource} ${namespace}/${name}`;
}
