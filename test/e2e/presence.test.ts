// Creations and deletions of config objects on the real API server, under each strategy: watched, and while Lockstep was down.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { waitFor } from '../cluster/wait.ts';
import { deployment, secret } from './objects.ts';
import { createRig, deadlineMs, type Live, type Place, type Rig } from './rig.ts';

const strategies = ['lockstep', 'env-vars', 'annotations'] as const;
type Strategy = (typeof strategies)[number];

const presence = ['--reload-on-create=true', '--reload-on-delete=true', '--sync-after-restart'];
const flagsFor = (strategy: Strategy): string[] => (strategy === 'lockstep' ? [] : [`--reload-strategy=${strategy}`]);
const deletedMark = createHash('sha1').update('__RELOADER_EMPTY_DELETE_MARKER__').digest('hex');
const named = { 'reloader.stakater.com/auto': 'false', 'secret.reloader.stakater.com/reload': 'ext.*' };
const web = 'deployments/web';

suite('creations and deletions', { skip: await whySkipped(), timeout: 300_000 }, () => {
  for (const strategy of strategies) {
    test(`${strategy}: each creation and each deletion is one restart, also of what happened while down`, async () => {
      await using rig = await createRig();
      const place = await rig.createPlace();
      const start = () => rig.start(...flagsFor(strategy), ...presence, `--namespaces=${place.namespace}`);
      {
        await using lockstep = await start();
        await create(place);
        await rig.untilRemembered(place, 'Deployment/web', 'Deployment/reader');
        await place.untilQuiet();
        assert.deepEqual(await place.restarts(), {}, 'what was there before restarts nothing');
        await place.untilRestarted(web, () => place.create(secret('addon', { key: 'first' })));
        await place.untilRestarted('deployments/reader', () => place.create(secret('external', { key: 'first' })));
        await place.untilRestarted(web, () => place.remove('secrets/addon'));
        await assertMark(place, strategy, 'addon');
        await place.untilQuiet();
        assert.deepEqual(await place.restarts(), { 'Deployment/web': 2, 'Deployment/reader': 1 });
        await place.untilRestarted(web, () => place.create(secret('addon', { key: 'second' })));
        await place.untilQuiet();
        await untilMarked(rig);
        await lockstep.kill('SIGKILL');
      }
      await place.remove('secrets/addon');
      await place.create(secret('late', { key: 'first' }));
      await place.untilRestarted(web, async () => {
        await using lockstep = await start();
        await place.untilQuiet();
        await rig.untilRemembered(place, 'Deployment/web');
        await lockstep.stop();
      });
      assert.deepEqual(await place.restarts(), { 'Deployment/web': 4, 'Deployment/reader': 1 }, 'both in one');
      await using again = await start();
      assert.ok(again.metricsUrl);
      await place.untilQuiet();
      assert.deepEqual(await place.restarts(), { 'Deployment/web': 4, 'Deployment/reader': 1 }, 'once');
    });
  }

  test('without the flags, neither restarts what needs the object', async () => {
    await using rig = await createRig();
    const place = await rig.createPlace();
    await using lockstep = await rig.start(`--namespaces=${place.namespace}`);
    assert.ok(lockstep.metricsUrl);
    await create(place);
    await rig.untilRemembered(place, 'Deployment/web', 'Deployment/reader');
    await place.create(secret('external', { key: 'first' }));
    await place.remove('secrets/db');
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), {});
  });

  test('taking away the label that a selector asks for deletes nothing (contract §4 W25)', async () => {
    await using rig = await createRig();
    const place = await rig.createPlace();
    const label = (name: string, value: string | null) =>
      place.patch(`secrets/${name}`, { metadata: { labels: { watched: value } } });
    await place.create(secret('db', { key: 'first' }), deployment('web', { secrets: ['db'] }));
    for (const name of ['sentinel', 'db']) await label(name, 'yes');
    await place.untilRolledOut(web);
    const flags = [...presence, `--namespaces=${place.namespace}`, '--resource-label-selector=watched=yes'];
    await using lockstep = await rig.start(...flags);
    assert.ok(lockstep.metricsUrl);
    await rig.untilRemembered(place, 'Deployment/web');
    await label('db', null);
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), {});
  });
});

async function create(place: Place): Promise<void> {
  await place.create(
    secret('db', { key: 'first' }),
    deployment('web', { secrets: ['db'], optionalSecrets: ['addon', 'late'] }),
    deployment('reader', { annotations: named }),
  );
  await place.untilRolledOut(web);
  await place.untilRolledOut('deployments/reader');
}

/** Until the Lease says until when everything is decided: what is created later, and not acked, came while Lockstep was down. */
async function untilMarked({ api, account }: Rig): Promise<void> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${account.namespace}/leases/lockstep`;
  const isMarked = async () => JSON.stringify((await api.call('GET', path)).body).includes('lockstep.dev/settled-at');
  await waitFor(isMarked, { what: 'the mark in the Lease', deadlineMs });
}

/** What the strategy leaves of a deletion. */
async function assertMark(place: Place, strategy: Strategy, config: string): Promise<void> {
  const live: Live = await place.get(web);
  assert.ok(live.spec?.template);
  const { metadata, spec } = live.spec.template as {
    metadata: { annotations?: Record<string, string> };
    spec: { containers: { env?: { name: string }[] }[] };
  };
  const annotations = metadata.annotations ?? {};
  switch (strategy) {
    case 'lockstep':
      return assert.match(
        annotations['lockstep.dev/restarted-for'] ?? '',
        new RegExp(`"Secret/${config}":\\["[^"]+:deleted"`),
      );
    case 'env-vars':
      return assert.deepEqual(
        (spec.containers[0]?.env ?? []).filter(({ name }) => name === `STAKATER_${config.toUpperCase()}_SECRET`),
        [],
      );
    case 'annotations':
      return assert.ok(annotations['reloader.stakater.com/last-reloaded-from']?.includes(deletedMark));
  }
}
