// Reloader's image replaced by Lockstep's, out of cluster, by its flags and environment alone: it restarts in Reloader's way, and the
// change-over restarts nothing in either direction. ../compat/command-line.test.ts shows what becomes of single flags.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, suite, test } from 'node:test';
import { readAudit } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { startLockstep, type Lockstep } from './lockstep.ts';
import { hashOf, leaveMark, readMark, type Marked, type Strategy } from './marks.ts';
import { configMap, deployment, secret } from './objects.ts';
import { createRig, settleMs, type Place, type Rig } from './rig.ts';

const strategies: readonly Strategy[] = ['env-vars', 'annotations'];
const db: Marked = { type: 'SECRET', name: 'db' };
const settings: Marked = { type: 'CONFIGMAP', name: 'settings' };

/** Where flags are not the question: shorter than the default, so that the tests are. */
const settle = `--settle=${settleMs}ms`;

/** The chart's arguments, with values that change nothing for these objects. */
const chartFlags = [
  '--log-format=json',
  '--log-level=info',
  '--is-Argo-Rollouts=true',
  '--auto-reload-all=false',
  '--reload-on-create=true',
  '--reload-on-delete=true',
  '--ignored-workload-types=jobs,cronjobs',
  '--namespaces-to-ignore=kube-system',
  '--enable-ha=true',
  '--auto-annotation=reloader.stakater.com/auto',
  '--secret-annotation=secret.reloader.stakater.com/reload',
];

suite('in Reloader’s place', { skip: await whySkipped(), timeout: 300_000 }, () => {
  let rig: Rig;
  before(async () => {
    rig = await createRig();
  });
  after(() => rig?.[Symbol.asyncDispose]());

  const start = async (...flags: string[]): Promise<Lockstep> => {
    const { kubeconfig, namespace } = rig.account;
    const lockstep = await startLockstep(flags, {
      KUBECONFIG: kubeconfig,
      POD_NAME: 'reloader-reloader-0',
      POD_NAMESPACE: namespace,
      RELOADER_NAMESPACE: namespace,
      RELOADER_DEPLOYMENT_NAME: 'reloader-reloader',
    });
    await lockstep.untilReady();
    return lockstep;
  };
  const createPlace = async (): Promise<Place> => {
    const place = await rig.createPlace();
    await place.create(
      secret('db', { key: 'first' }),
      configMap('settings', { key: 'first' }),
      deployment('web', { secrets: ['db'] }),
      deployment('api', { configMaps: ['settings'] }),
    );
    await place.untilRolledOut('deployments/web');
    await place.untilRolledOut('deployments/api');
    return place;
  };
  const changeBoth = async (place: Place, value: string): Promise<void> => {
    await place.untilObserved('deployments/api');
    await place.untilRestarted('deployments/web', () => place.change('db', value));
    const patch = { data: { key: value } };
    await place.untilRestarted('deployments/api', () => place.patch('configmaps/settings', patch));
  };
  const readMarks = async (place: Place, strategy: Strategy): Promise<(string | undefined)[]> => [
    await readMark(place, strategy, { workload: 'web', marked: db }),
    await readMark(place, strategy, { workload: 'api', marked: settings }),
  ];

  for (const strategy of strategies) {
    test(`${strategy}: by its flags and environment, it restarts in Reloader’s way`, async () => {
      const place = await createPlace();
      await using lockstep = await start(`--reload-strategy=${strategy}`, ...chartFlags);
      for (const line of lockstep.output().trim().split('\n')) assert.equal(typeof JSON.parse(line), 'object', line);
      await changeBoth(place, 'second');
      const hash = hashOf({ key: 'second' });
      assert.deepEqual(await readMarks(place, strategy), [hash, hash]);
      await place.untilQuiet();
      const changes = (await place.changes()).filter(({ workload }) => workload.name !== 'sentinel');
      assert.deepEqual(
        changes.map(({ workload, verb, fieldManager }) => [workload.name, verb, fieldManager]),
        [
          ['web', 'patch', 'Reloader'],
          ['api', 'patch', 'Reloader'],
        ],
      );
    });

    for (const own of ['env-vars', 'annotations', 'lockstep'] as const) {
      test(`from Reloader’s ${strategy} to ${own} and back: no write to any workload`, async () => {
        const place = await createPlace();
        const hash = hashOf({ key: 'first' });
        await leaveMark(place, strategy, { workload: 'web', marked: db, hash });
        await leaveMark(place, strategy, { workload: 'api', marked: settings, hash });
        await place.untilRolledOut('deployments/web');
        await place.untilRolledOut('deployments/api');
        {
          await using lockstep = await start(settle, `--reload-strategy=${own}`);
          assert.ok(lockstep.metricsUrl);
          await place.untilQuiet();
          assert.deepEqual(await writesIn(rig, place), [], 'the change-over');
          await changeBoth(place, 'second');
          await place.untilQuiet();
          assert.deepEqual(await place.restarts(), { 'Deployment/web': 1, 'Deployment/api': 1 });
        }
        const live = hashOf({ key: 'second' });
        if (own !== 'lockstep') assert.deepEqual(await readMarks(place, own), [live, live], 'what Reloader finds');
        const written = await writesIn(rig, place);
        await using back = await start(settle, `--reload-strategy=${strategy}`);
        assert.ok(back.metricsUrl);
        await place.untilQuiet();
        assert.deepEqual(await writesIn(rig, place), written, 'the way back');
      });
    }
  }

  test('--settle=100ms: two changes within it are one restart, no sooner than it ends', async () => {
    const place = await createPlace();
    await using lockstep = await start('--settle=100ms');
    assert.ok(lockstep.metricsUrl);
    await place.untilQuiet();
    // A machine that is busy elsewhere may not get both changes in; then two restarts are right.
    for (let round = 1, gapMs = Infinity; gapMs >= 80; round++) {
      assert.ok(round <= 10, 'two changes within 80 ms');
      const before = (await place.restarts())['Deployment/web'] ?? 0;
      await place.untilRestarted('deployments/web', async () => {
        await place.change('db', `${round} a`);
        await delay(20); // the load itself
        await place.change('db', `${round} b`);
      });
      await place.untilQuiet();
      const [first, second] = (await changesOf(rig, place, 'db')).slice(-2);
      gapMs = (second?.answeredAt ?? 0) - (first?.receivedAt ?? 0);
      if (gapMs >= 80) continue;
      assert.equal((await place.restarts())['Deployment/web'], before + 1);
      const restart = (await place.changes()).findLast(({ workload }) => workload.name === 'web');
      assert.ok((restart?.at ?? 0) - (second?.receivedAt ?? 0) >= 100);
    }
  });

  // A change that comes before the controller has made the ReplicaSet of the patch before is in that one's pods, and no restart.
  test('--settle=0: a change after each patch that is acknowledged and taken up is a restart each', async () => {
    const place = await createPlace();
    await using lockstep = await start('--settle=0');
    assert.ok(lockstep.metricsUrl);
    await place.untilQuiet();
    for (let at = 1; at <= 10; at++) {
      await place.untilRestarted('deployments/web', () => place.change('db', `change ${at}`));
    }
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 10 });
  });
});

/** Lockstep's writes to the workloads of a test, the sentinel left out. */
async function writesIn(rig: Rig, { namespace }: Place): Promise<string[]> {
  const writes = await rig.workloadWrites();
  return writes
    .filter((write) => write.namespace === namespace && write.name !== 'sentinel')
    .map(({ auditId, verb, name }) => `${verb} ${name} ${auditId}`);
}

async function changesOf({ cluster }: Rig, { namespace }: Place, name: string) {
  const events = await readAudit(cluster.auditLog);
  return events.filter(
    (event) =>
      event.namespace === namespace && event.resource === 'secrets' && event.name === name && event.verb === 'patch',
  );
}
