// --enable-csi-integration on the real API server: a rotation restarts once under every strategy, and a pod that starts never does.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { installDriver, mounting, openDriver } from './csi-driver.ts';
import { createRig, type Rig } from './rig.ts';

const enabled = '--enable-csi-integration';

/** Two pods of one Deployment, both with the first version. */
async function prepare(rig: Rig, ...classes: readonly string[]) {
  await installDriver(rig);
  const place = await rig.createPlace();
  const driver = openDriver(rig, place);
  for (const name of classes) {
    await driver.createClass(name);
    for (const pod of ['web-a', 'web-b']) await driver.mount(pod, name, 'v1');
  }
  await place.create(mounting('web', ...classes));
  await place.untilRolledOut('deployments/web');
  return { place, driver };
}

suite('what CSI mounts', { skip: await whySkipped(), timeout: 180_000 }, () => {
  for (const strategy of ['lockstep', 'env-vars', 'annotations'] as const) {
    test(`${strategy}: a rotation of all pods is one restart, new pods are none`, async () => {
      await using rig = await createRig();
      const { place, driver } = await prepare(rig, 'db');
      await using lockstep = await rig.start(enabled, `--reload-strategy=${strategy}`);
      await rig.untilRemembered(place, 'Deployment/web');
      await place.untilRestarted('deployments/web', () => driver.rotate('web-a', 'db', 'v2'));
      await driver.rotate('web-b', 'db', 'v2');
      await driver.mount('web-c', 'db', 'v3');
      await place.untilQuiet();
      for (const pod of ['web-a', 'web-b']) await driver.unmount(pod, 'db');
      await place.untilQuiet();
      assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
      const template = JSON.stringify((await place.get('deployments/web')).spec?.template);
      if (strategy !== 'lockstep')
        assert.ok(template.includes(sha1('SecretProviderClassName=db;secret/db=v2')), template);
      if (strategy === 'env-vars') assert.match(template, /STAKATER_DB_SECRETPROVIDERCLASS/);
      const metrics = await (await fetch(`${lockstep.metricsUrl}/metrics`)).text();
      assert.match(metrics, /reloader_events_received_total\{.*resource_type="secretproviderclasspodstatuses".*\} \d/);
    });
  }

  test('a rotation while Lockstep is down is one restart; new pods while it is down are none', async () => {
    await using rig = await createRig();
    const { place, driver } = await prepare(rig, 'db');
    {
      await using _first = await rig.start(enabled);
      await rig.untilRemembered(place, 'Deployment/web');
    }
    for (const pod of ['web-a', 'web-b']) await driver.rotate(pod, 'db', 'v2');
    {
      await using _second = await rig.start(enabled);
      await place.untilQuiet();
      assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
      await rig.untilRemembered(place, 'Deployment/web');
    }
    for (const pod of ['web-a', 'web-b']) await driver.unmount(pod, 'db');
    await driver.mount('web-c', 'db', 'v3');
    await using _third = await rig.start(enabled);
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
  });

  test('W18: two classes that rotate pod by pod, in turns, restart once each', async () => {
    await using rig = await createRig();
    const { place, driver } = await prepare(rig, 'api', 'db');
    await using _lockstep = await rig.start(enabled, '--reload-strategy=annotations');
    await rig.untilRemembered(place, 'Deployment/web');
    await place.untilRestarted('deployments/web', () => driver.rotate('web-a', 'api', 'v2'));
    await place.untilRestarted('deployments/web', () => driver.rotate('web-a', 'db', 'v2'));
    await driver.rotate('web-b', 'api', 'v2');
    await driver.rotate('web-b', 'db', 'v2');
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 2 });
  });

  test('without the flag nothing is watched, and nothing restarts', async () => {
    await using rig = await createRig();
    const { place, driver } = await prepare(rig, 'db');
    await using lockstep = await rig.start();
    await rig.untilRemembered(place, 'Deployment/web');
    await driver.rotate('web-a', 'db', 'v2');
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), {});
    const metrics = await (await fetch(`${lockstep.metricsUrl}/metrics`)).text();
    assert.doesNotMatch(metrics, /resource="secretproviderclass/);
  });
});

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
