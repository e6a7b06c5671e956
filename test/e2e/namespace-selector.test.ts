// --namespace-selector on the real API server: whose workloads are restarted as the labels of namespaces come and go.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { kubectl } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait.ts';
import { deployment, secret } from './objects.ts';
import { createRig, deadlineMs, type Place, type Rig } from './rig.ts';
import type { Lockstep } from './lockstep.ts';

suite('--namespace-selector', { skip: await whySkipped(), timeout: 180_000 }, () => {
  test('selected: restarted. Others: not, until they are selected; then what was stale is reported', async () => {
    await using rig = await createRig();
    const [ours, other] = [await rig.createPlace(), await rig.createPlace()];
    const team = ours.namespace;
    await label(rig, ours, `team=${team}`);
    for (const place of [ours, other]) {
      await place.create(secret('db', { key: 'first' }), deployment('web', { secrets: ['db'] }));
      await place.untilRolledOut('deployments/web');
    }
    await using lockstep = await rig.start(`--namespace-selector=team:${team}`);
    await Promise.all([ours, other].map((place) => place.change('db', 'second')));
    await ours.untilQuiet();
    assert.deepEqual([await ours.restarts(), await other.restarts()], [{ 'Deployment/web': 1 }, {}]);
    assert.equal(await askOwed(lockstep, other), 404);

    await label(rig, other, `team=${team}`);
    await rig.untilRemembered(other, 'Deployment/web');
    await other.untilQuiet();
    assert.deepEqual(await other.restarts(), {}, 'stale when it was selected: reported');
    await lockstep.waitForLog('recorded', { namespace: other.namespace, name: 'web' });
    assert.equal(await askOwed(lockstep, other), 200);
    await other.untilRestarted('deployments/web', () => other.change('db', 'third'));
    await other.untilQuiet();
    assert.deepEqual(await other.restarts(), { 'Deployment/web': 1 });

    await label(rig, ours, 'team-');
    const path = `/api/v1/namespaces/${rig.account.namespace}/configmaps`;
    const remembers = async () =>
      JSON.stringify((await rig.api.call('GET', path)).body).includes(`Deployment/${team}/`);
    assert.ok(await remembers(), 'the premise');
    await waitFor(async () => !(await remembers()), { what: 'its workloads to leave the ledger', deadlineMs });
    await ours.change('db', 'third');
    await other.untilQuiet();
    assert.deepEqual(await ours.restarts(), { 'Deployment/web': 1 }, 'no more than before');
  });
});

async function label({ cluster }: Rig, { namespace }: Place, text: string): Promise<void> {
  await kubectl(cluster, ['label', '--overwrite', 'namespace', namespace, text]);
}

async function askOwed({ url }: Lockstep, { namespace }: Place): Promise<number> {
  return (await fetch(`${url}/v1/namespaces/${namespace}/owed`)).status;
}
