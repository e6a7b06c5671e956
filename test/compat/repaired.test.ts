// What Reloader gets wrong and Lockstep does not (contract §4), one row a weakness; each row fails on Reloader's behaviour, which
// its third column names. A row needs only a world: an API server in memory, its faults, and the whole loop.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { configMap, deployment } from '../e2e/objects.ts';
import type { Fault, FaultRequest } from '../fakes/faults.ts';
import { createWorld, namespace, type World } from './world.ts';

type Row = readonly [weakness: string, repaired: string, reloader: string, run: (world: World) => Promise<void>];

const rows: readonly Row[] = [
  [
    'W1',
    'changes missed while down',
    'a change while it is away is lost for ever',
    async (world) => {
      createUsers(world, 'web');
      const first = world.start();
      await first.untilReady();
      await world.untilQuiet();
      await first.stop();
      await change(world, 'second');
      await world.start().untilReady();
      await world.untilRestarts({ web: 1 });
    },
  ],
  [
    'W5',
    'dropped after five retries',
    'gives up after the sixth try',
    async (world) => {
      createUsers(world, 'web');
      await world.start().untilReady();
      failPatches(world, { web: { times: 8, code: 500 } });
      await change(world, 'second');
      await world.untilRestarts({ web: 1 });
      assert.equal(world.tries('web'), 9);
    },
  ],
  ...[422, 403].map((code): Row => [
    'W5',
    `first failing workload blocks the rest (${code})`,
    'returns at the first error; later Deployments are never restarted',
    async (world) => {
      createUsers(world, 'a', 'b', 'c');
      const running = world.start();
      await running.untilReady();
      failPatches(world, { a: { times: Infinity, code } });
      await change(world, 'second');
      await world.untilRestarts({ b: 1, c: 1 });
      const owed = running.app.owed(namespace).map(({ workload, reason }) => [workload.name, reason]);
      assert.deepEqual(
        owed.filter(([name]) => name !== 'sentinel'),
        [['a', 'refused']],
      );
      assert.equal(world.tries('a'), 1, 'not tried at once again');
    },
  ]),
  [
    'W6',
    'retries restart finished workloads again',
    'each retry of `e` patches the four others again under the annotations strategy',
    async (world) => {
      createUsers(world, 'a', 'b', 'c', 'd', 'e');
      await world.start('--reload-strategy=annotations').untilReady();
      failPatches(world, { e: { times: 3, code: 500 } });
      await change(world, 'second');
      await world.untilRestarts({ a: 1, b: 1, c: 1, d: 1, e: 1 });
      assert.deepEqual(
        ['a', 'b', 'c', 'd', 'e'].map((name) => world.tries(name)),
        [1, 1, 1, 1, 4],
      );
    },
  ],
  ...(
    [
      ['500', { kind: 'status', code: 500 }],
      ['403', { kind: 'status', code: 403 }],
      ['connection reset', { kind: 'reset' }],
    ] as const satisfies readonly (readonly [string, Fault])[]
  ).map(([failure, fault]): Row => [
    'W7',
    `LIST errors swallowed (${failure})`,
    'takes a failed list for an empty one and counts the event as done',
    async (world) => {
      createUsers(world, 'web');
      const first = world.start();
      await first.untilReady();
      await world.untilQuiet();
      await first.stop();
      await change(world, 'second');
      const failed = failLists(world, 3, fault);
      const running = world.start();
      await running.untilReady();
      assert.ok(
        watched.every((resource) => (failed.get(resource) ?? 0) > 3),
        'not ready before every list got through',
      );
      await world.untilRestarts({ web: 1 });
    },
  ]),
  [
    'W8',
    'live LISTs per event',
    'five lists of the namespace for each change',
    async (world) => {
      createUsers(world, 'a', 'b');
      await world.start().untilReady();
      await world.untilQuiet();
      const before = world.server.requests.get('list');
      for (const [round, content] of ['second', 'third', 'fourth'].entries()) {
        await change(world, content);
        await world.untilRestarts({ a: round + 1, b: round + 1 });
      }
      assert.equal(world.server.requests.get('list'), before);
    },
  ],
  [
    'W10',
    'no coalescing',
    'one restart for each of 20 updates',
    async (world) => {
      createUsers(world, 'web');
      await world.start('--settle=1s').untilReady();
      for (let at = 1; at <= 20; at++) await change(world, `update ${at}`);
      await world.untilRestarts({ web: 1 });
    },
  ],
  [
    'W14',
    'lost tombstones',
    'a deletion that the watch missed never arrives, nor does what was created in its place',
    async (world) => {
      createUsers(world, 'web');
      await world.start().untilReady();
      await world.untilQuiet();
      const away = Promise.withResolvers<void>();
      world.setFaults(({ verb, resource }) =>
        ['list', 'watch'].includes(verb) && resource === 'configmaps'
          ? { kind: 'wait', until: away.promise }
          : undefined,
      );
      world.server.interruptWatches('reset');
      world.server.compact();
      await world.remove('configmaps/app');
      world.create(configMap('app', { key: 'of another' }));
      world.server.compact();
      away.resolve();
      await world.untilRestarts({ web: 1 });
    },
  ],
  [
    'W19',
    'panic on a bad regular expression',
    'v1.4.21 ends with a panic, whoever wrote the annotation',
    async (world) => {
      createUsers(world, 'web');
      const annotations = { 'configmap.reloader.stakater.com/reload': '[' };
      world.create(deployment('bad', { annotations: { ...annotations, 'reloader.stakater.com/auto': 'false' } }));
      const running = world.start();
      await running.untilReady();
      await change(world, 'second');
      await world.untilRestarts({ web: 1 });
      const told = running.lines.filter(({ message }) => message === 'annotation makes no sense');
      assert.deepEqual(
        told.map(({ fields }) => fields['name']),
        ['bad'],
      );
      assert.match(JSON.stringify(told), /configmap\.reloader\.stakater\.com\/reload/);
    },
  ],
  [
    'W21',
    'hash collisions',
    'one hash for {a: "1;b=2"} and {a: "1", b: "2"}: no change is seen',
    async (world) => {
      createUsers(world, 'web');
      await world.patch('configmaps/app', { data: { key: null, a: '1;b=2' } });
      await world.start().untilReady();
      await world.untilQuiet();
      await world.patch('configmaps/app', { data: { a: '1', b: '2' } });
      await world.untilRestarts({ web: 1 });
    },
  ],
];

suite('repaired', { concurrency: 2, timeout: 120_000 }, () => {
  for (const [weakness, repaired, reloader, run] of rows) {
    test(`${weakness} ${repaired} (Reloader: ${reloader})`, async (t) => run(await createWorld(t)));
  }
});

/** Deployments that use the ConfigMap `app`. */
function createUsers(world: World, ...names: readonly string[]): void {
  world.create(configMap('app', { key: 'first' }), ...names.map((name) => deployment(name, { configMaps: ['app'] })));
}

function change(world: World, content: string): Promise<void> {
  return world.patch('configmaps/app', { data: { key: content } });
}

/** The first patches of these workloads fail. */
function failPatches(world: World, failing: Readonly<Record<string, { times: number; code: number }>>): void {
  const left = new Map(Object.entries(failing).map(([name, { times }]) => [name, times]));
  world.setFaults(({ verb, resource, name }) => {
    const times = left.get(name) ?? 0;
    if (verb !== 'patch' || resource !== 'deployments.apps' || times === 0) return undefined;
    left.set(name, times - 1);
    return { kind: 'status', code: failing[name]?.code ?? 500 };
  });
}

const watched = ['deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'secrets', 'configmaps'];

/** The first lists of everything watched fail; answers how many were asked for, by resource. */
function failLists(world: World, times: number, fault: Fault): ReadonlyMap<string, number> {
  const asked = new Map<string, number>();
  world.setFaults(({ verb, resource, namespace: within }: FaultRequest) => {
    if (verb !== 'list' || within !== '' || !watched.includes(resource)) return undefined;
    const count = (asked.get(resource) ?? 0) + 1;
    asked.set(resource, count);
    return count <= times ? fault : undefined;
  });
  return asked;
}
