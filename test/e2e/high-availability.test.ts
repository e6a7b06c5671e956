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
    const { place, replicas, leader } = stage;
    await changeTo(place, 'second');
    await untilRestarted(stage, cap);
    await leader.kill('SIGKILL');
    const before = (await replicas.restarts(place)).length;
    assert.ok(before < size, `${before} of ${size}: killed in the middle`);
    await letRolloutsEnd(place);
    await untilRestarted(stage, size);
    await place.untilQuiet();
    const restarts = await replicas.restarts(place);
    assert.deepEqual(countByName(restarts), new Map(names.map((name) => [name, 1])));
    assert.deepEqual(countBy(restarts), { first: before, second: size - before });
    await assertOrder(stage);
  });

  test('the leader is killed at full speed', async (t) => {
    const stage = await setUp(t, { replicas: 0 }, '--max-rollouts=0');
    const { place, replicas, leader } = stage;
    await changeTo(place, 'second');
    await untilRestarted(stage, 1);
    await leader.kill('SIGKILL');
    t.diagnostic(`killed after ${(await replicas.restarts(place)).length} of ${size} restarts`);
    await untilRestarted(stage, size);
    await place.untilQuiet();
    assert.deepEqual(countByName(await replicas.restarts(place)), new Map(names.map((name) => [name, 1])));
    await assertOrder(stage);
  });

  test('SIGTERM hands over at once, and a change made meanwhile is not missed', async (t) => {
    const stage = await setUp(t, unavailable, `--max-rollouts=${cap}`);
    const { place, replicas, leader } = stage;
    await changeTo(place, 'second');
    await untilRestarted(stage, cap);
    const early = new Set((await replicas.restarts(place)).map(({ workload }) => workload.name));
    for (const name of early) await place.untilObserved(`deployments/${name}`);
    const [status] = await Promise.all([leader.stop(), changeTo(place, 'third')]);
    assert.equal(status, 0);
    assert.notEqual(await replicas.holder(), 'first', 'it let go, so that nobody waits for the Lease to run out');
    await letRolloutsEnd(place);
    await untilRestarted(stage, size);
    await place.untilQuiet();
    const expected = names.map((name) => [name, early.has(name) ? 2 : 1] as const);
    assert.deepEqual(countByName(await replicas.restarts(place)), new Map(expected));
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
  t.after(() => replicas[Symbol.asyncDispose]());
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

/** Until that many Deployments have been restarted. */
async function untilRestarted({ replicas, place }: Stage, count: number): Promise<void> {
  const areRestarted = async (): Promise<boolean> => countByName(await replicas.restarts(place)).size >= count;
  await waitFor(areRestarted, { what: `${count} Deployments to be restarted`, deadlineMs, everyMs: 20 });
}

type Restarts = Awaited<ReturnType<Replicas['restarts']>>;

function countByName(restarts: Restarts): Map<string, number> {
  const counts = new Map(names.map((name) => [name, 0]));
  for (const { workload } of restarts) counts.set(workload.name, (counts.get(workload.name) ?? 0) + 1);
  return new Map([...counts].filter(([, count]) => count > 0));
}

function countBy(restarts: Restarts): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { by } of restarts) counts[by] = (counts[by] ?? 0) + 1;
  return counts;
}

/** Whoever stands by writes nothing before it takes the Lease, and takes it after the leader's last write. */
async function assertOrder({ replicas }: Stage): Promise<void> {
  const [first, second] = [await replicas.writes('first'), await replicas.writes('second')];
  assert.equal(second[0]?.resource, 'leases', 'its first write is the Lease');
  const lastAt = Math.max(...first.map(({ answeredAt }) => answeredAt));
  assert.ok(second[0].receivedAt > lastAt, 'the leader wrote nothing after the other took over');
  assert.equal(await replicas.holder(), 'second');
}
