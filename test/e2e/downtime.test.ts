// A change that nobody watched is found at the next start; a start alone writes to no workload.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import type { Lockstep } from './lockstep.ts';
import { configMap, deployment, secret } from './objects.ts';
import { createRig, type Place, type Rig } from './rig.ts';

suite('Lockstep that was away', { skip: await whySkipped(), timeout: 180_000 }, () => {
  let rig: Rig;
  let place: Place;
  let lockstep: Lockstep | undefined;

  before(async () => {
    rig = await createRig();
    place = await rig.createPlace();
    await place.create(
      secret('db', { key: 'first' }),
      configMap('settings', { key: 'first' }),
      deployment('web', { secrets: ['db'] }),
      deployment('api', { configMaps: ['settings'] }),
    );
    lockstep = await start();
    await rig.untilRemembered(place, 'Deployment/web', 'Deployment/api');
  });
  after(async () => {
    await lockstep?.[Symbol.asyncDispose]();
    await rig?.[Symbol.asyncDispose]();
  });

  const start = () => rig.start(`--namespaces=${place.namespace}`);

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`a change made while it is down (${signal}) causes exactly one restart`, async () => {
      const before = await place.restarts();
      await lockstep?.kill(signal);
      await place.change('db', `changed after ${signal}`);
      await place.patch('configmaps/settings', { data: { key: `changed after ${signal}` } });
      await place.untilRestarted('deployments/web', async () => {
        lockstep = await start();
      });
      await place.untilQuiet();
      const added = { 'Deployment/web': 1, 'Deployment/api': 1 };
      assert.deepEqual(await place.restarts(), sum(before, added));
    });

    test(`a start after ${signal} without a change writes to no workload`, async () => {
      await place.untilRolledOut('deployments/web');
      await place.untilQuiet();
      await lockstep?.kill(signal);
      const before = (await rig.workloadWrites()).length;
      lockstep = await start();
      assert.equal((await rig.workloadWrites()).length, before, 'ready, and nothing written');
      await place.untilQuiet();
      const writes = (await rig.workloadWrites()).slice(before);
      assert.deepEqual(
        writes.map(({ verb, resource, name }) => `${verb} ${resource}/${name}`),
        ['patch deployments/sentinel', 'patch deployments/sentinel'],
      );
    });
  }

  test('killed between the patch and the ledger, it does not restart again', async () => {
    const before = await place.restarts();
    await place.untilRestarted('deployments/web', () => place.change('db', 'patched, then killed'));
    await lockstep?.kill('SIGKILL');
    lockstep = await start();
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), sum(before, { 'Deployment/web': 1 }));
  });

  test('changes before and after such a kill are one restart each', async () => {
    const before = await place.restarts();
    await place.untilRestarted('deployments/web', () => place.change('db', 'before the kill'));
    await lockstep?.kill('SIGKILL');
    await place.untilObserved('deployments/web');
    await place.change('db', 'after the kill');
    await place.untilRestarted('deployments/web', async () => {
      lockstep = await start();
    });
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), sum(before, { 'Deployment/web': 2 }));
  });
});

function sum(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(names.map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
}
