// What contract §4 (W16) says of Reloader’s Jobs and CronJobs, repaired: nothing finished or suspended runs again, nothing is lost
// between a deletion and a creation, and nothing runs twice for one change.
// Long because each row is a whole story with its faults, and they share one world.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { waitFor } from '../cluster/wait.ts';
import { cronJob, job } from '../e2e/kinds.ts';
import { optIn, secret, type KubeObject } from '../e2e/objects.ts';
import type { Fault } from '../fakes/faults.ts';
import {
  deadlineMs,
  failJobs,
  finished,
  getJob,
  jobWrites,
  runsOf,
  setStatus,
  untilReplaced,
  untilRuns,
} from './job-world.ts';
import { createWorld, type Running, type World } from './world.ts';

const key = 'lockstep.dev/restarted-for';
const change = (world: World, value: string): Promise<void> =>
  world.patch('secrets/db', { stringData: { key: value } });
const db = secret('db', { key: 'first' });

/** Lockstep has seen everything that is there before a row begins. */
async function open(t: TestContext, objects: readonly KubeObject[], ...flags: string[]) {
  const world = await createWorld(t);
  world.create(db, ...objects);
  const lockstep = world.start(...flags);
  await lockstep.untilReady();
  await world.untilQuiet();
  return { world, lockstep };
}

test('W16 Job: in progress, it is tried, deleted and created anew, as it was', async (t) => {
  const { world } = await open(t, [job('import', { secrets: ['db'], annotations: { ...optIn, note: 'kept' } })]);
  await world.patch('jobs/import', { metadata: { labels: { team: 'a' } } });
  const before = await getJob(world, 'import');
  await change(world, 'second');
  const after = await untilReplaced(world, 'import', before?.metadata.uid);
  assert.equal(after.metadata.annotations?.['note'], 'kept');
  assert.equal(after.metadata.labels?.['team'], 'a');
  assert.equal(after.spec.template.metadata.labels?.['controller-uid'], after.metadata.uid, 'a selector of its own');
  assert.match(after.spec.template.metadata.annotations?.[key] ?? '', /^{"n":1,.*Secret\/db/);
  await world.untilQuiet();
  assert.deepEqual(jobWrites(world), ['try to create', 'delete', 'create']);
});

const never: [rule: string, objects: KubeObject[], flags: string[]][] = [
  ['finished', [job('done', { secrets: ['db'] })], []],
  ['finished, with --auto-reload-all', [job('done', { secrets: ['db'], annotations: {} })], ['--auto-reload-all']],
  ['finished, asked for by its template', [job('done', { secrets: ['db'], templateAnnotations: optIn })], []],
];
for (const [rule, objects, flags] of never) {
  test(`W16 Job: never when ${rule}`, async (t) => {
    const world = await createWorld(t);
    world.create(db, ...objects);
    await setStatus(world, 'jobs/done', finished);
    await world.start('--reload-strategy=env-vars', ...flags).untilReady();
    await change(world, 'second');
    await world.untilQuiet();
    assert.deepEqual(jobWrites(world), []);
  });
}

test('W16 Job: never while suspended, and resuming it starts nothing over', async (t) => {
  const { world } = await open(t, [job('later', { secrets: ['db'], spec: { suspend: true } })]);
  await change(world, 'second');
  await world.untilQuiet();
  await world.patch('jobs/later', { spec: { suspend: false } });
  await world.untilQuiet();
  assert.deepEqual(jobWrites(world), []);
  await change(world, 'third');
  await untilReplaced(world, 'later', (await getJob(world, 'later'))?.metadata.uid);
});

test('W16 Job: one created right after the change has read it', async (t) => {
  const { world } = await open(t, []);
  await change(world, 'second');
  world.create(job('import', { secrets: ['db'] }));
  await world.untilQuiet();
  assert.deepEqual(jobWrites(world), []);
});

const refusal: Fault = {
  kind: 'status',
  code: 403,
  reason: 'Forbidden',
  message: 'jobs "x" is forbidden: exceeded quota',
};
const busyQuota: Fault = { kind: 'status', code: 409, reason: 'Conflict', message: 'please apply your changes again' };
const broken: Fault = { kind: 'status', code: 500 };

test('W16 Job: what would be refused is not deleted', async (t) => {
  const { world, lockstep } = await open(t, [job('import', { secrets: ['db'] })]);
  const before = await getJob(world, 'import');
  failJobs(world, 'create', [refusal]);
  await change(world, 'second');
  const said = async (): Promise<boolean> => lockstep.lines.some(({ message }) => message === 'restart refused');
  await waitFor(said, { what: 'the refusal', deadlineMs });
  await world.untilQuiet();
  assert.deepEqual([jobWrites(world), (await getJob(world, 'import'))?.metadata.uid], [[], before?.metadata.uid]);
});

const faults: [rule: string, verb: 'create' | 'delete', faults: (Fault | undefined)[], writes: string[]][] = [
  [
    'a creation that fails is tried again',
    'create',
    [undefined, broken, broken],
    ['try to create', 'delete', 'create'],
  ],
  [
    'a creation that a busy quota refuses is tried again',
    'create',
    [undefined, busyQuota],
    ['try to create', 'delete', 'create'],
  ],
  [
    'a creation whose answer is lost is not made twice',
    'create',
    [undefined, { kind: 'reset-after' }],
    ['try to create', 'delete', 'create'],
  ],
  [
    'a deletion whose answer is lost is made up for',
    'delete',
    [{ kind: 'reset-after' }],
    ['try to create', 'delete', 'create'],
  ],
  [
    'a deletion that did not happen is decided again',
    'delete',
    [{ kind: 'reset' }],
    ['try to create', 'try to create', 'delete', 'create'],
  ],
  [
    'a Job that changed meanwhile is decided again',
    'delete',
    [{ kind: 'status', code: 409, reason: 'Conflict' }],
    ['try to create', 'try to create', 'delete', 'create'],
  ],
];
for (const [rule, verb, failing, writes] of faults) {
  test(`W16 Job: ${rule}`, async (t) => {
    const { world, lockstep } = await open(t, [job('import', { secrets: ['db'] })]);
    const before = await getJob(world, 'import');
    failJobs(world, verb, failing);
    await change(world, 'second');
    await untilReplaced(world, 'import', before?.metadata.uid);
    const isTold = async (): Promise<boolean> =>
      lockstep.lines.some(({ message, fields }) => message === 'restarted' && fields['kind'] === 'Job');
    await waitFor(isTold, { what: 'the restart to be told', deadlineMs });
    await world.untilQuiet();
    assert.deepEqual(jobWrites(world), writes);
  });
}

/** The end of a process that wrote nothing down since the change. */
async function crash(world: World, lockstep: Running, act: () => Promise<unknown>): Promise<void> {
  world.setFaults(({ resource, verb, userAgent }) =>
    resource === 'configmaps' && verb !== 'list' && verb !== 'watch' && userAgent === 'lockstep' ? broken : undefined,
  );
  await act();
  const stopping = lockstep.stop();
  await stopping;
  world.setFaults(undefined);
}

for (const strategy of ['lockstep', 'env-vars', 'annotations']) {
  const flags = strategy === 'lockstep' ? [] : [`--reload-strategy=${strategy}`];
  test(`W16 Job: ${strategy}: not again after a crash before it is remembered`, async (t) => {
    const { world, lockstep } = await open(t, [job('import', { secrets: ['db'] })], ...flags);
    const before = await getJob(world, 'import');
    await crash(world, lockstep, async () => {
      await change(world, 'second');
      await untilReplaced(world, 'import', before?.metadata.uid);
    });
    await world.start(...flags).untilReady();
    await world.untilQuiet();
    assert.deepEqual(jobWrites(world), ['try to create', 'delete', 'create']);
    await change(world, 'third');
    await untilReplaced(world, 'import', (await getJob(world, 'import'))?.metadata.uid);
  });

  test(`W16 CronJob: ${strategy}: not again after a crash before it is remembered`, async (t) => {
    const { world, lockstep } = await open(t, [cronJob('report', { secrets: ['db'] })], ...flags);
    await crash(world, lockstep, async () => {
      await change(world, 'second');
      await untilRuns(world, 'report', 1);
    });
    await world.start(...flags).untilReady();
    await world.untilQuiet();
    assert.equal((await runsOf(world, 'report')).length, 1);
    await change(world, 'third');
    await untilRuns(world, 'report', 2);
  });
}

test('W16 CronJob: a change is one run now, owned by it, and the CronJob stays as it is', async (t) => {
  const { world } = await open(t, [cronJob('report', { secrets: ['db'] })]);
  const before = world.server.get('batch/v1', 'CronJob', 'shop', 'report');
  await change(world, 'second');
  await untilRuns(world, 'report', 1);
  await world.untilQuiet();
  const [run, ...more] = await runsOf(world, 'report');
  assert.deepEqual(more, []);
  assert.match(run?.metadata.name ?? '', /^report-[\da-f]{10}$/);
  assert.deepEqual(run?.metadata.annotations, { note: 'kept', 'cronjob.kubernetes.io/instantiate': 'manual' });
  assert.equal(run?.metadata.labels?.['of'], 'report');
  assert.equal(run?.metadata.ownerReferences?.[0]?.controller, true);
  assert.deepEqual(world.server.get('batch/v1', 'CronJob', 'shop', 'report'), before);
});

test('W16 CronJob: there and back again is two runs', async (t) => {
  const { world } = await open(t, [cronJob('report', { secrets: ['db'] })]);
  await change(world, 'second');
  await untilRuns(world, 'report', 1);
  await world.untilQuiet();
  await change(world, 'first');
  await untilRuns(world, 'report', 2);
  await change(world, 'second');
  await untilRuns(world, 'report', 3);
});

test('W16 CronJob: the environment variable is in the run', async (t) => {
  const { world } = await open(t, [cronJob('report', { secrets: ['db'] })], '--reload-strategy=env-vars');
  await change(world, 'second');
  await untilRuns(world, 'report', 1);
  const [run] = await runsOf(world, 'report');
  const names = run?.spec.template.spec.containers[0]?.env?.map(({ name }) => name);
  assert.deepEqual(names, ['STAKATER_DB_SECRET']);
});

test('W16 CronJob: never while suspended, and resuming it starts nothing', async (t) => {
  const { world } = await open(t, [cronJob('report', { secrets: ['db'], spec: { suspend: true } })]);
  await change(world, 'second');
  await world.untilQuiet();
  await world.patch('cronjobs/report', { spec: { suspend: false } });
  await world.untilQuiet();
  assert.deepEqual(await runsOf(world, 'report'), []);
  await change(world, 'third');
  await untilRuns(world, 'report', 1);
});

const asked: [rule: string, annotations: object, flags: string[], runs: number][] = [
  ['only where asked for', {}, [], 0],
  ['not for a flag that says all', {}, ['--auto-reload-all'], 0],
  ['under Reloader’s strategies for that flag too', {}, ['--auto-reload-all', '--reload-strategy=env-vars'], 1],
  ['by its own annotation', optIn, [], 1],
];
for (const [rule, annotations, flags, runs] of asked) {
  test(`W16 CronJob: ${rule}`, async (t) => {
    const { world } = await open(
      t,
      [cronJob('report', { secrets: ['db'], annotations: { ...annotations } })],
      ...flags,
    );
    await change(world, 'second');
    await world.untilQuiet();
    assert.equal((await runsOf(world, 'report')).length, runs);
  });
}

test('W16 CronJob: asked for by its pod template it runs, and its runs are not started over', async (t) => {
  const report = cronJob('report', { secrets: ['db'], annotations: {}, templateAnnotations: optIn });
  const { world } = await open(t, [report]);
  await change(world, 'second');
  await untilRuns(world, 'report', 1);
  const [first] = await runsOf(world, 'report');
  await change(world, 'third');
  await untilRuns(world, 'report', 2);
  await world.untilQuiet();
  assert.deepEqual(jobWrites(world), ['create', 'create']);
  assert.ok((await runsOf(world, 'report')).some(({ metadata }) => metadata.uid === first?.metadata.uid));
});

const cronFaults: [rule: string, faults: Fault[]][] = [
  ['a run whose answer is lost is not made twice', [{ kind: 'reset-after' }]],
  ['a run that a busy quota refuses is made later', [busyQuota]],
];
for (const [rule, failing] of cronFaults) {
  test(`W16 CronJob: ${rule}`, async (t) => {
    const { world } = await open(t, [cronJob('report', { secrets: ['db'] })]);
    failJobs(world, 'create', failing);
    await change(world, 'second');
    await untilRuns(world, 'report', 1);
    await world.untilQuiet();
    assert.equal((await runsOf(world, 'report')).length, 1);
  });
}

test('W16 CronJob: with Forbid a run on time is waited for', async (t) => {
  const { world, lockstep } = await open(t, [
    cronJob('report', { secrets: ['db'], spec: { concurrencyPolicy: 'Forbid' } }),
  ]);
  await setStatus(world, 'cronjobs/report', { active: [{ kind: 'Job', name: 'report-1' }] });
  await change(world, 'second');
  const held = async (): Promise<boolean> => lockstep.lines.some(({ fields }) => fields['reason'] === 'job-running');
  await waitFor(held, { what: 'job-running', deadlineMs });
  await world.untilQuiet();
  assert.deepEqual(await runsOf(world, 'report'), []);
  await setStatus(world, 'cronjobs/report', { active: null });
  await untilRuns(world, 'report', 1);
});

test('W16 CronJob: with Forbid our own run is waited for, too', async (t) => {
  const { world } = await open(t, [cronJob('report', { secrets: ['db'], spec: { concurrencyPolicy: 'Forbid' } })]);
  await change(world, 'second');
  await untilRuns(world, 'report', 1);
  const [run] = await runsOf(world, 'report');
  await world.untilQuiet();
  await change(world, 'third');
  await world.untilQuiet();
  assert.equal((await runsOf(world, 'report')).length, 1);
  await setStatus(world, `jobs/${run?.metadata.name}`, finished);
  await untilRuns(world, 'report', 2);
});

test('W16 CronJob: a run on time that began after the change has read it', async (t) => {
  const { world } = await open(t, [cronJob('report', { secrets: ['db'] })]);
  await setStatus(world, 'cronjobs/report', {
    lastScheduleTime: new Date(Date.now() + 60_000).toISOString().replace(/\.\d+Z/, 'Z'),
  });
  await change(world, 'second');
  await world.untilQuiet();
  assert.deepEqual(await runsOf(world, 'report'), []);
});

test('1 --ignored-workload-types: what is ignored is not even asked for', async (t) => {
  const world = await createWorld(t);
  const asking: string[] = [];
  world.setFaults(({ resource, userAgent }) => {
    if (userAgent === 'lockstep') asking.push(resource);
    return undefined;
  });
  world.create(db, job('import', { secrets: ['db'] }), cronJob('report', { secrets: ['db'] }));
  await world.start('--ignored-workload-types=jobs,cronjobs').untilReady();
  await change(world, 'second');
  await world.untilQuiet();
  assert.deepEqual(
    [asking.includes('deployments.apps'), asking.filter((resource) => resource.endsWith('.batch'))],
    [true, []],
  );
  assert.deepEqual(jobWrites(world), []);
});
