// Two replicas over one Lease: the leader is killed, or told to end, while it restarts 60 Deployments for one change. The audit log
// tells that none is missed, none is restarted twice, and that the replica that stands by writes nothing.
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { waitFor } from '../cluster/wait.ts';
import type { Lockstep } from './lockstep.ts';
import { configMap, deployment } from './objects.ts';
import { createReplicas, type Replicas } from './replicas.ts';
import { createRig, type Place, type Rig } from './rig.ts';

const size = 60;
const names = Array.from({ length: size }, (_, at) => `web-${String(at).padStart(2, '0')}`);
/** No rollout ends while its pods are not available, so the cap holds the fan-out in its middle. */
const cap = 20;
const unavailable = { minReadySeconds: 500 };
const deadlineMs = 60_000;

suite('two replicas', { skip: await whySkipped(), timeout: 300_000 }, () => {
  test('the leader is killed in the middle: the other goes on when the Lease has run out', async (t) => {
    const stage = await setUp(t, unavailable, `--max-rollouts=${cap}`);
    const { place, leader } = stage;
    await changeTo(place, 'second');
    await untilPatched(stage, cap);
    await leader.kill('SIGKILL');
    const before = (await patched(stage)).length;
    assert.ok(before < size, `${before} of ${size}: killed in the middle`);
    await letRolloutsEnd(place);
    await untilRestarted(stage, () => 1);
    await assertOrder(stage);
  });

  test('the leader is killed at full speed', async (t) => {
    const stage = await setUp(t, { replicas: 0 }, '--max-rollouts=0');
    await changeTo(stage.place, 'second');
    await untilPatched(stage, 1);
    await stage.leader.kill('SIGKILL');
    t.diagnostic(`killed after ${(await patched(stage)).length} of ${size} restarts`);
    await untilRestarted(stage, () => 1);
    await assertOrder(stage);
  });

  test('SIGTERM hands over at once, and a change made meanwhile is not missed', async (t) => {
    const stage = await setUp(t, unavailable, `--max-rollouts=${cap}`);
    const { place, replicas, leader } = stage;
    await changeTo(place, 'second');
    await untilPatched(stage, cap);
    const early = await patched(stage);
    for (const name of early) await place.untilObserved(`deployments/${name}`);
    const [status] = await Promise.all([leader.stop(), changeTo(place, 'third')]);
    assert.equal(status, 0);
    assert.notEqual(await replicas.holder(), 'first', 'it let go, so that nobody waits for the Lease to run out');
    await letRolloutsEnd(place);
    await untilRestarted(stage, (name) => (early.includes(name) ? 2 : 1));
    await assertOrder(stage);
  });
});

interface Stage {
  readonly rig: Rig;
  readonly place: Place;
  readonly replicas: Replicas;
  readonly leader: Lockstep;
  readonly standby: Lockstep;
}

/** 60 Deployments that everybody remembers, `first` leading and `second` standing by. */
async function setUp(t: TestContext, spec: object, ...flags: string[]): Promise<Stage> {
  const rig = await createRig();
  t.after(() => rig[Symbol.asyncDispose]());
  const place = await rig.createPlace();
  await place.create(configMap('shared', { key: 'first' }));
  await Promise.all(names.map((name) => place.create(deployment(name, { configMaps: ['shared'], spec: { ...spec } }))));
  await Promise.all(names.map((name) => place.untilObserved(`deployments/${name}`)));
  const replicas = await createReplicas(rig, ['first', 'second']);
  const start = async (name: string): Promise<Lockstep> => {
    const lockstep = await replicas.start(name, `--namespaces=${place.namespace}`, ...flags);
    t.after(() => lockstep[Symbol.asyncDispose]());
    await lockstep.untilReady();
    return lockstep;
  };
  const leader = await start('first');
  await rig.untilRemembered(place, ...names.map((name) => `Deployment/${name}` as const));
  assert.equal(await replicas.holder(), 'first');
  return { rig, place, replicas, leader, standby: await start('second') };
}

function changeTo(place: Place, content: string): Promise<void> {
  return place.patch('configmaps/shared', { data: { key: content } });
}

async function letRolloutsEnd(place: Place): Promise<void> {
  for (const name of names) await place.patch(`deployments/${name}`, { spec: { minReadySeconds: 0 } });
}

/** Deployments that the audit log shows to be restarted. */
async function patched({ replicas, place }: Stage): Promise<string[]> {
  return [...new Set((await replicas.restarts(place)).map(({ workload }) => workload.name))];
}

async function untilPatched(stage: Stage, count: number): Promise<void> {
  const arePatched = async (): Promise<boolean> => (await patched(stage)).length >= count;
  await waitFor(arePatched, { what: `${count} Deployments to be patched`, deadlineMs, everyMs: 5 });
}

/**
 * Until each has its number of restarts, and none has one more when Lockstep has decided everything. Counted by ReplicaSets, one
 * for each template: of a patch that was under way when its sender was killed, the audit log says 504 although it may be stored.
 */
async function untilRestarted({ place }: Stage, expected: (name: string) => number): Promise<void> {
  const restartsOf = async (): Promise<Record<string, number>> => {
    const counts = Object.fromEntries(names.map((name) => [name, -1]));
    for (const { metadata } of await place.list('replicasets')) {
      const name = metadata.name.replace(/-[^-]+$/, '');
      if (name in counts) counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  };
  const wanted = Object.fromEntries(names.map((name) => [name, expected(name)]));
  const areRestarted = async (): Promise<boolean> => {
    const counts = await restartsOf();
    return names.every((name) => (counts[name] ?? 0) >= expected(name));
  };
  await waitFor(areRestarted, { what: 'every Deployment to be restarted', deadlineMs });
  await place.untilQuiet();
  for (const name of names) await place.untilObserved(`deployments/${name}`);
  assert.deepEqual(await restartsOf(), wanted);
}

/** Whoever stands by writes nothing before it takes the Lease, and takes it after the leader's last write. */
async function assertOrder({ replicas }: Stage): Promise<void> {
  const [first, second] = [await replicas.writes('first'), await replicas.writes('second')];
  assert.equal(second[0]?.resource, 'leases', 'its first write is the Lease');
  const lastAt = Math.max(...first.map(({ answeredAt }) => answeredAt));
  assert.ok(second[0].receivedAt > lastAt, 'the leader wrote nothing after the other took over');
  assert.equal(await replicas.holder(), 'second');
}
