// Pauses for a period: the restart and the pause are one write, what changes meanwhile joins it, and the Deployment is resumed by
// whichever process is there when its period is over.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { waitFor } from '../cluster/wait.ts';
import { deployment, secret } from './objects.ts';
import { createRig, deadlineMs, type Place, type Rig } from './rig.ts';

const periodKey = 'deployment.reloader.stakater.com/pause-period';
const pausedAtKey = 'deployment.reloader.stakater.com/paused-at';
/** Long enough for a second change within it, on a machine that does other things too. */
const periodMs = 12_000;
const period = `${periodMs / 1000}s`;

suite('pauses for a period', { skip: await whySkipped(), timeout: 240_000 }, () => {
  for (const [strategy, fieldManager] of [
    ['lockstep', 'lockstep'],
    ['env-vars', 'Reloader'],
    ['annotations', 'Reloader'],
  ] as const) {
    test(`${strategy}: two changes within the period are one rollout at its end`, async () => {
      await using rig = await createRig();
      const place = await rig.createPlace();
      await using lockstep = await rig.start(`--reload-strategy=${strategy}`);
      await createWeb(place);
      await place.untilQuiet();
      await place.untilRestarted('deployments/web', () => place.change('db', 'second'));
      const paused = await read(place);
      assert.equal(paused.isPaused, true, 'paused in the very version that has the new template');
      assert.match(paused.pausedAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      await place.untilRestarted('deployments/web', () => place.change('db', 'third'));
      const again = await read(place);
      assert.deepEqual([again.isPaused, again.pausedAt], [true, paused.pausedAt]);
      assert.equal(await countReplicaSets(place), 1, 'nothing is rolled out yet');
      await untilResumed(place);
      assert.ok(Date.now() >= Date.parse(paused.pausedAt ?? '') + periodMs, 'not before its period is over');
      await place.untilRolledOut('deployments/web');
      await place.untilQuiet();
      assert.equal(await countReplicaSets(place), 2, 'one rollout');
      const managers = (await place.changes()).filter(({ workload }) => workload.name === 'web');
      assert.deepEqual(
        managers.map((change) => change.fieldManager),
        [fieldManager, fieldManager],
      );
      assert.equal(await countWrites(rig, place), 3, 'two restarts and a resume');
      await lockstep.waitForLog('resumed', { namespace: place.namespace, name: 'web', reason: 'period-over' });
    });
  }

  test('a process that is killed during the pause does not leave it paused', async () => {
    await using rig = await createRig();
    const place = await rig.createPlace();
    {
      await using lockstep = await rig.start();
      await createWeb(place);
      await place.untilQuiet();
      await rig.untilRemembered(place, 'Deployment/web');
      await place.untilRestarted('deployments/web', () => place.change('db', 'second'));
      await lockstep.kill('SIGKILL');
    }
    assert.equal((await read(place)).isPaused, true);
    await using again = await rig.start();
    await again.waitForLog('resumed', { namespace: place.namespace, name: 'web', reason: 'period-over' });
    await untilResumed(place);
    await place.untilRolledOut('deployments/web');
    await place.untilQuiet();
    assert.equal(await countReplicaSets(place), 2);
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
  });

  test('what Reloader left paused is resumed at the start, whatever its annotations say now', async () => {
    await using rig = await createRig();
    const place = await rig.createPlace();
    const { metadata, ...rest } = deployment('web', { secrets: ['db'] });
    await place.create(secret('db', { key: 'first' }), { ...rest, metadata: { name: metadata.name } });
    await place.untilRolledOut('deployments/web');
    const left = { [pausedAtKey]: new Date().toISOString().replace(/\.\d+Z$/, '+00:00') };
    await place.patch('deployments/web', {
      metadata: { annotations: left },
      spec: { paused: true, template: { metadata: { annotations: { reloaded: 'by Reloader' } } } },
    });
    await place.untilObserved('deployments/web');
    assert.equal(await countReplicaSets(place), 1, 'the premise: it is not rolled out');
    await using lockstep = await rig.start();
    await lockstep.waitForLog('resumed', { namespace: place.namespace, name: 'web', reason: 'no-period' });
    await untilResumed(place);
    await place.untilRolledOut('deployments/web');
    assert.equal(await countReplicaSets(place), 2);
    assert.deepEqual(await place.restarts(), {});
  });

  test('what a person paused stays paused, and a period that is no duration holds the restart', async () => {
    await using rig = await createRig();
    const place = await rig.createPlace();
    await createWeb(place);
    const annotations = { [periodKey]: 'a while' };
    await place.create(deployment('unclear', { secrets: ['db'], annotations }));
    await place.untilRolledOut('deployments/web');
    await place.patch('deployments/web', { spec: { paused: true } });
    await using lockstep = await rig.start();
    const { namespace } = place;
    const line = await lockstep.waitForLog('annotation makes no sense', { namespace, name: 'unclear' });
    assert.match(String(line['problems']), /pause-period is no duration.*such as 5m/);
    await place.untilQuiet();
    await place.change('db', 'second');
    const said = 'restart owed but held';
    await lockstep.waitForLog(said, { namespace, name: 'web', reason: 'paused' });
    await lockstep.waitForLog(said, { namespace, name: 'unclear', reason: 'pause-period-invalid' });
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), {});
    const { isPaused, pausedAt } = await read(place);
    assert.deepEqual([isPaused, pausedAt], [true, undefined]);
    const hasEvent = async () => (await place.list('events')).some((event) => event['reason'] === 'RestartHeld');
    await waitFor(hasEvent, { what: 'a Warning', deadlineMs });
    await place.patch('deployments/unclear', { metadata: { annotations: { [periodKey]: null } } });
    await waitFor(async () => (await place.restarts())['Deployment/unclear'] === 1, {
      what: 'its restart',
      deadlineMs,
    });
  });
});

async function createWeb(place: Place): Promise<void> {
  const web = deployment('web', { secrets: ['db'], annotations: { [periodKey]: period } });
  await place.create(secret('db', { key: 'first' }), web);
  await place.untilRolledOut('deployments/web');
}

async function read(place: Place): Promise<{ isPaused: boolean; pausedAt: string | undefined }> {
  const { metadata, spec } = (await place.get('deployments/web')) as unknown as {
    readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
    readonly spec: { readonly paused?: boolean };
  };
  return { isPaused: spec.paused === true, pausedAt: metadata.annotations?.[pausedAtKey] };
}

async function untilResumed(place: Place): Promise<void> {
  const isResumed = async () => {
    const { isPaused, pausedAt } = await read(place);
    return !isPaused && pausedAt === undefined;
  };
  await waitFor(isResumed, { what: `web in ${place.namespace} to be resumed`, deadlineMs });
}

async function countReplicaSets(place: Place): Promise<number> {
  const all = await place.list('replicasets');
  return all.filter(({ metadata }) => metadata.name.startsWith('web-')).length;
}

async function countWrites(rig: Rig, { namespace }: Place): Promise<number> {
  const writes = await rig.workloadWrites();
  return writes.filter((write) => write.namespace === namespace && write.name === 'web').length;
}
