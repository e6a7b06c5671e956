// `lockstep hook postsync`, as an Argo CD PostSync Job runs it: it ends when what the sync changed was restarted and is available.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { runLockstep, type Lockstep } from './lockstep.ts';
import { deployment, secret } from './objects.ts';
import { createRig, type Rig } from './rig.ts';

suite('the PostSync hook', { skip: await whySkipped(), timeout: 120_000 }, () => {
  let rig: Rig;
  let lockstep: Lockstep;

  before(async () => {
    rig = await createRig();
    lockstep = await rig.start();
  });
  after(async () => {
    await lockstep?.[Symbol.asyncDispose]();
    await rig?.[Symbol.asyncDispose]();
  });

  const hook = (namespace: string, ...flags: string[]) =>
    runLockstep([
      'hook',
      'postsync',
      `--server=${lockstep.url}`,
      `--namespace=${namespace}`,
      '--interval=200ms',
      ...flags,
    ]);

  test('waits for the restart and the rollout, and says what it waited for', async () => {
    const place = await rig.createPlace();
    // Longer than the command takes to start.
    const annotations = { 'lockstep.dev/settle': '5s' };
    await place.create(secret('db', { key: 'first' }), deployment('web', { secrets: ['db'], annotations }));
    await place.untilRolledOut('deployments/web');
    await place.untilQuiet();
    await place.change('db', 'second');
    const { code, output } = await hook(place.namespace, '--timeout=60s');
    assert.equal(code, 0, output);
    assert.match(
      output,
      new RegExp(`restarted and available in namespace ${place.namespace} .*Deployment/${place.namespace}/web`),
    );
    assert.equal((await place.restarts())['Deployment/web'], 1);
    const { spec, status } = (await place.get('deployments/web')) as unknown as {
      spec: { replicas: number };
      status: { updatedReplicas?: number; availableReplicas?: number };
    };
    assert.deepEqual([status.updatedReplicas, status.availableReplicas], [spec.replicas, spec.replicas]);
  });

  test('with nothing owed it ends at once', async () => {
    const place = await rig.createPlace();
    await place.untilQuiet();
    const { code, output } = await hook(place.namespace, '--timeout=30s');
    assert.deepEqual([code, output.trim().split('\n').at(-1)], [0, `nothing was owed in namespace ${place.namespace}`]);
  });

  test('what a person must act on ends it at the deadline, by name', async () => {
    const place = await rig.createPlace();
    await place.create(secret('db', { key: 'first' }), deployment('web', { secrets: ['db'] }));
    await place.untilRolledOut('deployments/web');
    await place.untilQuiet();
    await place.patch('deployments/web', { spec: { paused: true } });
    await place.change('db', 'second');
    const { code, output } = await hook(place.namespace, '--timeout=3s');
    assert.equal(code, 1, output);
    assert.match(output, new RegExp(`Deployment/${place.namespace}/web`));
  });
});
