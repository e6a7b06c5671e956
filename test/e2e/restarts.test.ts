// Which changes restart a workload, and how often: judged by the API server's audit log.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { readAudit } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { waitFor } from '../cluster/wait.ts';
import type { Lockstep, LogLine } from './lockstep.ts';
import { configMap, daemonSet, deployment, secret, statefulSet } from './objects.ts';
import { createRig, deadlineMs, type Place, type Rig } from './rig.ts';

suite('what restarts a workload', { skip: await whySkipped(), timeout: 240_000, concurrency: 3 }, () => {
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

  test('fifty Secrets of one Deployment changed within a second give one restart', async () => {
    const place = await rig.createPlace();
    const names = Array.from({ length: 50 }, (_, at) => `s${at}`);
    await Promise.all(names.map((name) => place.create(secret(name, { key: 'first' }))));
    await place.create(deployment('web', { secrets: names }));
    await place.untilRolledOut('deployments/web');
    await place.untilQuiet();
    await place.untilRestarted('deployments/web', async () => {
      await Promise.all(names.map((name) => place.change(name, 'second')));
    });
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
    const writes = (await readAudit(rig.cluster.auditLog)).filter(
      ({ verb, resource, namespace, name }) =>
        verb === 'patch' && resource === 'secrets' && namespace === place.namespace && names.includes(name),
    );
    const times = writes.map(({ receivedAt }) => receivedAt);
    assert.equal(times.length, 50);
    assert.ok(Math.max(...times) - Math.min(...times) < 1_000, 'the premise: within a second');
  });

  test('StatefulSets and DaemonSets, Secrets and ConfigMaps: one restart each, of those that use what changed', async () => {
    const place = await rig.createPlace();
    await place.create(
      secret('db', { key: 'first' }),
      configMap('settings', { key: 'first' }),
      statefulSet('store', { secrets: ['db'] }),
      daemonSet('agent', { secrets: ['db'] }),
      deployment('web', { configMaps: ['settings'] }),
      deployment('other', { secrets: ['sentinel-of-nobody'] }),
    );
    await place.untilQuiet();
    await place.change('db', 'second');
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'StatefulSet/store': 1, 'DaemonSet/agent': 1 });
    await place.untilRestarted('deployments/web', () =>
      place.patch('configmaps/settings', { data: { key: 'second' } }),
    );
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'StatefulSet/store': 1, 'DaemonSet/agent': 1, 'Deployment/web': 1 });
    await Promise.all(
      ['statefulsets/store', 'daemonsets/agent', 'deployments/web'].map((name) => place.untilRolledOut(name as never)),
    );
  });

  test('a workload that is not opted in is left alone', async () => {
    const place = await rig.createPlace();
    const plain = deployment('plain', { secrets: ['db'] });
    await place.create(secret('db', { key: 'first' }), { ...plain, metadata: { name: 'plain' } });
    await place.untilQuiet();
    await place.change('db', 'second');
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), {});
  });

  test('metadata and keys that the workload does not use give none, a used key gives one', async () => {
    const place = await rig.createPlace();
    await place.create(
      secret('db', { used: 'first', unused: 'first' }),
      deployment('web', { keys: [{ secret: 'db', key: 'used' }] }),
      deployment('all', { secrets: ['db'] }),
    );
    await place.untilQuiet();
    await place.patch('secrets/db', { metadata: { labels: { team: 'a' }, annotations: { note: 'b' } } });
    await place.patch('secrets/db', { metadata: { labels: { team: null } } });
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), {}, 'metadata only');
    await place.change('db', 'second', 'unused');
    await place.change('db', 'new', 'added');
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/all': 1 }, 'another key');
    await place.change('db', 'second', 'used');
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/all': 2, 'Deployment/web': 1 });
  });

  /** Pods whose content may have been another have to be a while older: Kubernetes' times are whole seconds. */
  const untilOld = (place: Place, app: string) =>
    waitFor(async () => (await podsOf(place, app)).every(({ createdAt }) => Date.now() > createdAt + 3_000), {
      what: 'older pods',
      deadlineMs,
    });
  /** Wide enough for a pod to be replaced in the meantime. */
  const slow = { 'lockstep.dev/settle': '5s' };
  const steady = async (annotations: Readonly<Record<string, string>>) => {
    const place = await rig.createPlace();
    await place.create(secret('db', { key: 'A' }), deployment('web', { secrets: ['db'], annotations }));
    await place.untilRolledOut('deployments/web');
    await place.untilQuiet();
    await untilOld(place, 'web');
    return place;
  };

  test('A-B-A while no pod is born gives none', async () => {
    const place = await steady({});
    await place.change('db', 'B');
    await place.change('db', 'A');
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), {});
  });

  test('A-B-A with a pod born in between gives one', async () => {
    const place = await steady(slow);
    await place.change('db', 'B');
    await replacePods(place, 'web');
    await place.untilRestarted('deployments/web', () => place.change('db', 'A'));
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
  });

  test('A-B-A with a restart for B in between gives two', async () => {
    const place = await steady({});
    await place.untilRestarted('deployments/web', () => place.change('db', 'B'));
    await place.untilRestarted('deployments/web', () => place.change('db', 'A'));
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 2 });
  });

  test('deleted and re-created with the same content gives none', async () => {
    const place = await steady({});
    await place.remove('secrets/db');
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), {}, 'gone');
    await place.create(secret('db', { key: 'A' }));
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), {}, 'back');
  });

  test('deleted and re-created with the same content, a pod born in between, gives one', async () => {
    const place = await steady(slow);
    await place.remove('secrets/db');
    await replacePods(place, 'web');
    await place.untilRestarted('deployments/web', () => place.create(secret('db', { key: 'A' })));
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
  });

  test('deleted and re-created with other content gives one', async () => {
    const place = await steady({});
    await place.remove('secrets/db');
    await place.untilQuiet();
    await place.untilRestarted('deployments/web', () => place.create(secret('db', { key: 'B' })));
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
  });

  test('a workload created between a change and its restart is not restarted', async () => {
    const place = await steady(slow);
    let createdAt = Infinity;
    await place.untilRestarted('deployments/web', async () => {
      await place.change('db', 'B');
      await place.create(deployment('late', { secrets: ['db'], annotations: slow }));
      createdAt = Date.now();
    });
    await place.untilRolledOut('deployments/late');
    await place.untilQuiet();
    const restartedAt = (await place.changes()).find(({ workload }) => workload.name === 'web')?.at ?? 0;
    assert.ok(restartedAt > createdAt, 'the premise: created before the restart');
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 1 });
    await place.untilRestarted('deployments/web', () =>
      place.untilRestarted('deployments/late', () => place.change('db', 'C')),
    );
    assert.deepEqual(await place.restarts(), { 'Deployment/web': 2, 'Deployment/late': 1 }, 'but for what comes later');
  });

  test('a rollout that began after the change makes up for the restart', async () => {
    const place = await steady(slow);
    await place.change('db', 'B');
    await place.patch('deployments/web', { spec: { template: { metadata: { annotations: { release: '2' } } } } });
    await place.untilRolledOut('deployments/web');
    await waitFor(async () => lockstep.lines().some((line) => isFresh(line) && line['namespace'] === place.namespace), {
      what: 'the decision',
      deadlineMs,
    });
    await place.untilQuiet();
    assert.deepEqual(await place.restarts(), {});
  });
});

/** The decision itself leaves no trace in the API server: how long to wait for it is all that is asked of the log. */
function isFresh({ name, acked }: LogLine): boolean {
  return name === 'web' && JSON.stringify(acked ?? '').includes('"fresh"');
}

interface Pod {
  readonly name: string;
  readonly createdAt: number;
}

async function podsOf(place: Place, app: string): Promise<Pod[]> {
  const pods = (await place.list('pods')).filter(({ metadata }) => metadata.name.startsWith(`${app}-`));
  return pods.map(({ metadata }) => ({ name: metadata.name, createdAt: Date.parse(metadata.creationTimestamp) }));
}

/** Deletes every pod and waits for others. */
async function replacePods(place: Place, app: string): Promise<void> {
  const before = (await podsOf(place, app)).map(({ name }) => name);
  await Promise.all(before.map((name) => place.remove(`pods/${name}`)));
  const replaced = async () => {
    const pods = await podsOf(place, app);
    return pods.length === before.length && pods.every(({ name }) => !before.includes(name));
  };
  await waitFor(replaced, { what: `new pods of ${app}`, deadlineMs });
}
