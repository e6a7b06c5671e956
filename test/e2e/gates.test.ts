// Restarts that are owed and wait for others, or for their own config objects to be quiet: caps, the halt, and the circuit breaker.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { waitFor } from '../cluster/wait.ts';
import type { Lockstep } from './lockstep.ts';
import { deployment, secret } from './objects.ts';
import { createRig, deadlineMs, type Place, type Rig } from './rig.ts';

suite('restarts that are gated', { skip: await whySkipped(), timeout: 180_000 }, () => {
  test('flapping: thirty changes by another writer give as many restarts as there are tokens, and its name', async () => {
    await using rig = await createRig();
    const place = await rig.createPlace();
    await place.create(secret('db', { key: 'first' }), deployment('web', { secrets: ['db'] }));
    await place.untilRolledOut('deployments/web');
    await using lockstep = await rig.start('--settle=0', '--restart-burst=3', `--namespaces=${place.namespace}`);
    await rig.untilRemembered(place, 'Deployment/web');
    for (let change = 0; change < 3; change++)
      await place.untilRestarted('deployments/web', () => changeAs(rig, place, 'flapper', `change ${change}`));
    for (let change = 3; change < 30; change++) await changeAs(rig, place, 'flapper', `change ${change}`);
    await lockstep.waitForLog('restart owed but held', { name: 'web', reason: 'flapping' });
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 3 });

    const told = lockstep.lines().filter(({ msg }) => msg === 'restarts throttled');
    assert.equal(told.length, 1, 'once a trip');
    assert.match(JSON.stringify(told[0]?.['flaps']), /"Secret\/db","changes":\d+,"writers":\["flapper"/);
    const event = await untilEvent(place, 'RestartsThrottled');
    assert.match(event, /"name":"web".*Secret\/db \(\d+ changes, written by flapper/);
    assert.deepEqual(await owedOf(lockstep, place, 'web'), { state: 'owed', reason: 'flapping' });
    const metrics = await (await fetch(`${lockstep.metricsUrl}/metrics`)).text();
    assert.ok(metrics.includes(`lockstep_owed{namespace="${place.namespace}",reason="flapping"} 1`), metrics);
  });

  test('rule 17: a full namespace holds up its own restarts and no others', async () => {
    await using rig = await createRig();
    const [full, other] = [await rig.createPlace(), await rig.createPlace()];
    const web = [secret('db', { key: 'first' }), deployment('web', { secrets: ['db'] })];
    const slow = deployment('slow', { secrets: ['own'], spec: { minReadySeconds: 500 } });
    await full.create(...web, secret('own', { key: 'first' }), slow);
    await other.create(...web);
    await Promise.all([full, other].map((place) => place.untilRolledOut('deployments/web')));
    await using lockstep = await rig.start(
      '--max-rollouts-per-namespace=1',
      `--namespaces=${full.namespace},${other.namespace}`,
    );
    await rig.untilRemembered(full, 'Deployment/web', 'Deployment/slow');
    await rig.untilRemembered(other, 'Deployment/web');
    await full.untilRestarted('deployments/slow', () => full.change('own', 'second'));
    await full.change('db', 'second');
    const held = { namespace: full.namespace, name: 'web', reason: 'namespace-rollout-cap' };
    await lockstep.waitForLog('restart owed but held', held);
    await other.untilRestarted('deployments/web', () => other.change('db', 'second'));
    assert.deepEqual(await full.restarts(), { 'Deployment/slow': 1 });
    await full.untilRestarted('deployments/web', () =>
      full.patch('deployments/slow', { spec: { minReadySeconds: 0 } }),
    );
    assert.deepEqual(await full.restarts(), { 'Deployment/slow': 1, 'Deployment/web': 1 });
  });

  test('halted: a failed rollout stops further restarts until it is gone', async () => {
    await using rig = await createRig();
    const place = await rig.createPlace();
    await place.create(
      secret('db', { key: 'first' }),
      secret('own', { key: 'first' }),
      deployment('web', { secrets: ['db'] }),
      unschedulable('stuck', 'own'),
    );
    await place.untilRolledOut('deployments/web');
    await using lockstep = await rig.start('--halt-after-failures=1', `--namespaces=${place.namespace}`);
    await rig.untilRemembered(place, 'Deployment/web', 'Deployment/stuck');
    await place.untilRestarted('deployments/stuck', () => place.change('own', 'second'));
    const halted = await lockstep.waitForLog('restarts halted');
    assert.deepEqual(halted['failed'], [`Deployment/${place.namespace}/stuck`]);
    assert.match(await untilEvent(place, 'RestartsHalted'), /"name":"stuck".*1 failed: .*\/stuck/);
    await place.change('db', 'second');
    await lockstep.waitForLog('restart owed but held', { name: 'web', reason: 'halted' });
    assert.deepEqual(await owedOf(lockstep, place, 'web'), { state: 'blocked', reason: 'halted' });
    await place.untilRestarted('deployments/web', () => place.remove('deployments/stuck'));
    await lockstep.waitForLog('restarts go on');
    assert.deepEqual(await place.restarts(), { 'Deployment/stuck': 1, 'Deployment/web': 1 });
  });
});

/** No scheduler of this name runs, so its pods stay pending and its deadline passes at once. */
function unschedulable(name: string, secretName: string) {
  const plain = deployment(name, { secrets: [secretName], spec: { progressDeadlineSeconds: 1 } });
  const { template, ...spec } = plain['spec'] as { template: { spec: object } };
  return {
    ...plain,
    spec: { ...spec, template: { ...template, spec: { ...template.spec, schedulerName: 'nobody' } } },
  };
}

/** Another client writes the Secret. */
async function changeAs({ api }: Rig, { namespace }: Place, manager: string, value: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/secrets/db?fieldManager=${manager}`;
  const reply = await api.call('PATCH', path, {
    body: { stringData: { key: value } },
    contentType: 'application/merge-patch+json',
  });
  assert.equal(reply.status, 200);
}

async function untilEvent(place: Place, reason: string): Promise<string> {
  const found = async () => (await place.list('events')).find((event) => event['reason'] === reason);
  const event = await waitFor(found, { what: `an Event ${reason}`, deadlineMs });
  return JSON.stringify({ name: (event['involvedObject'] as { name: string }).name, message: event['message'] });
}

async function owedOf({ url }: Lockstep, { namespace }: Place, name: string): Promise<object | undefined> {
  const response = await fetch(`${url}/v1/namespaces/${namespace}/owed`);
  const { owed } = (await response.json()) as {
    readonly owed: readonly { readonly workload: { name: string }; readonly state: string; readonly reason: string }[];
  };
  const found = owed.find(({ workload }) => workload.name === name);
  return found === undefined ? undefined : { state: found.state, reason: found.reason };
}
