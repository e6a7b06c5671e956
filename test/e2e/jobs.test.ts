// Jobs and CronJobs on the real API server under their real controllers. Pods that no node takes stand for work in progress.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { readAudit, type AuditEvent } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { waitFor } from '../cluster/wait.ts';
import { cronJob, job } from './kinds.ts';
import type { Lockstep } from './lockstep.ts';
import { optIn, secret } from './objects.ts';
import { createRig, deadlineMs, type Live, type Place, type Rig } from './rig.ts';

suite('Jobs and CronJobs', { skip: await whySkipped(), timeout: 240_000 }, () => {
  let rig: Rig;
  let lockstep: Lockstep;
  before(async () => {
    rig = await createRig();
    lockstep = await rig.start();
  });
  after(async () => {
    await lockstep[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  test('a Job in progress is replaced once, and its new pod belongs to the new Job', async () => {
    const place = await openPlace(rig);
    await place.create(job('import', { secrets: ['db'] }));
    const before = await podOf(place, 'import');
    await place.untilQuiet();
    await place.change('db', 'second');
    const after = await untilReplaced(place, 'import', before.job);
    await place.untilQuiet();
    const pod = await podOf(place, 'import');
    assert.equal(pod.job, after);
    await waitFor(async () => (await place.list('pods')).every(({ metadata }) => metadata.uid !== before.pod), {
      what: 'the old pod to go',
      deadlineMs,
    });
    assert.deepEqual(await writes(rig, place), ['try to create', 'delete import', 'create import']);
  });

  test('a Job that has finished is never run again', async () => {
    const place = await openPlace(rig);
    await place.create(job('done', { secrets: ['db'], pods: 'end' }));
    await untilFinished(place, 'done');
    await place.untilQuiet();
    await place.change('db', 'second');
    await place.untilQuiet();
    assert.deepEqual(await writes(rig, place), []);
  });

  test('a CronJob runs once for each change, its finished runs stay as they are, and it owns what Lockstep made', async () => {
    const place = await openPlace(rig);
    await place.create(
      cronJob('report', { secrets: ['db'], pods: 'end', annotations: {}, templateAnnotations: optIn }),
    );
    await place.untilQuiet();
    const before = await place.get('cronjobs/report');
    await place.change('db', 'second');
    const [run] = await untilRuns(place, 1);
    assert.ok(run);
    await untilFinished(place, run.metadata.name);
    await place.untilQuiet();
    await place.change('db', 'third');
    await untilRuns(place, 2);
    await place.untilQuiet();
    const runs = await place.list('jobs');
    assert.equal(runs.length, 2);
    assert.ok(runs.some(({ metadata }) => metadata.uid === run.metadata.uid));
    assert.deepEqual((await place.get('cronjobs/report')).spec, before.spec);
    await place.remove('cronjobs/report');
    await waitFor(async () => (await place.list('jobs')).length === 0, { what: 'the runs to go with it', deadlineMs });
  });

  test('a suspended CronJob starts nothing, nor does resuming it', async () => {
    const place = await openPlace(rig);
    await place.create(cronJob('report', { secrets: ['db'], spec: { suspend: true } }));
    await place.untilQuiet();
    await place.change('db', 'second');
    await place.untilQuiet();
    await place.patch('cronjobs/report', { spec: { suspend: false } });
    await place.untilQuiet();
    assert.deepEqual(await place.list('jobs'), []);
  });

  test('with concurrencyPolicy Forbid the next run waits until the last one has ended', async () => {
    const place = await openPlace(rig);
    await place.create(cronJob('report', { secrets: ['db'], spec: { concurrencyPolicy: 'Forbid' } }));
    await place.untilQuiet();
    await place.change('db', 'second');
    const [run] = await untilRuns(place, 1);
    await place.untilQuiet();
    await place.change('db', 'third');
    await lockstep.waitForLog('restart owed but held', {
      namespace: place.namespace,
      name: 'report',
      reason: 'job-running',
    });
    await place.untilQuiet();
    assert.equal((await place.list('jobs')).length, 1);
    await place.patch(`jobs/${run?.metadata.name}`, { spec: { activeDeadlineSeconds: 1 } });
    await untilRuns(place, 2);
  });

  test('after SIGKILL nothing is repeated, and a change meanwhile is one replacement and one run', async () => {
    const place = await openPlace(rig);
    await place.create(job('import', { secrets: ['db'] }), cronJob('report', { secrets: ['db'] }));
    await place.untilQuiet();
    const before = await podOf(place, 'import');
    await place.change('db', 'second');
    const second = await untilReplaced(place, 'import', before.job);
    await untilRuns(place, 1);
    await lockstep.kill('SIGKILL');
    lockstep = await rig.start();
    await place.untilQuiet();
    assert.equal((await place.get('jobs/import')).metadata.uid, second);
    await rig.untilRemembered(place, 'Job/import', 'CronJob/report');
    await lockstep.kill('SIGKILL');
    await place.change('db', 'third');
    lockstep = await rig.start();
    await untilReplaced(place, 'import', second);
    await untilRuns(place, 2);
    await place.untilQuiet();
    const made = (await writes(rig, place)).filter((write) => write.startsWith('create'));
    assert.deepEqual(made.map((write) => write.replace(/-.*/, '')).sort(), [
      'create import',
      'create import',
      'create report',
      'create report',
    ]);
  });

  test('nothing that is not granted is asked', async () => {
    const requests = (await readAudit(rig.cluster.auditLog)).filter(({ user }) => user === rig.account.user);
    assert.deepEqual(requests.filter(({ status }) => status === 403).map(describe), []);
    const asked = new Set(requests.filter(isOfBatch).map(({ verb, resource }) => `${verb} ${resource}`));
    const granted = ['get', 'list', 'watch'].flatMap((verb) => [`${verb} jobs`, `${verb} cronjobs`]);
    assert.deepEqual([...asked].sort(), [...granted, 'create jobs', 'delete jobs'].sort());
  });
});

async function openPlace(rig: Rig): Promise<Place> {
  const place = await rig.createPlace();
  await place.create(secret('db', { key: 'first' }));
  return place;
}

type Owned = Live['metadata'] & { readonly ownerReferences?: readonly { readonly uid: string }[] };

/** The uids of a Job and of the pod that its controller made for it. */
async function podOf(place: Place, name: string): Promise<{ job: string; pod: string }> {
  return waitFor(
    async () => {
      const { uid } = (await place.get(`jobs/${name}`)).metadata;
      const pods = (await place.list('pods')).map(({ metadata }) => metadata as Owned);
      const pod = pods.find(({ ownerReferences }) => ownerReferences?.some((owner) => owner.uid === uid));
      return pod && { job: uid, pod: pod.uid };
    },
    { what: `the pod of ${name}`, deadlineMs },
  );
}

/** The uid of the Job that came in its place. */
function untilReplaced(place: Place, name: string, uid: string): Promise<string> {
  const find = async (): Promise<string | undefined> =>
    (await place.list('jobs')).find(({ metadata }) => metadata.name === name && metadata.uid !== uid)?.metadata.uid;
  return waitFor(find, { what: `another Job ${name}`, deadlineMs });
}

function untilRuns(place: Place, count: number): Promise<readonly Live[]> {
  const find = async (): Promise<readonly Live[] | undefined> => {
    const runs = (await place.list('jobs')).filter(({ metadata }) => metadata.name.startsWith('report-'));
    return runs.length >= count ? runs : undefined;
  };
  return waitFor(find, { what: `${count} runs`, deadlineMs });
}

async function untilFinished(place: Place, name: string): Promise<void> {
  const isFinished = async (): Promise<boolean> =>
    JSON.stringify((await place.get(`jobs/${name}`)).status ?? {}).includes('"Complete"');
  await waitFor(isFinished, { what: `the end of ${name}`, deadlineMs });
}

const isOfBatch = ({ resource }: AuditEvent): boolean => resource === 'jobs' || resource === 'cronjobs';
const describe = ({ verb, resource, namespace, name }: AuditEvent): string =>
  `${verb} ${resource} ${namespace}/${name}`;

/** What Lockstep did to Jobs of this namespace; refused tries are left out. */
async function writes({ cluster, account }: Rig, { namespace }: Place): Promise<string[]> {
  const events = (await readAudit(cluster.auditLog)).filter(
    (event) => event.user === account.user && event.namespace === namespace && event.resource === 'jobs',
  );
  return events
    .filter(({ verb, status }) => (verb === 'create' || verb === 'delete') && status < 300)
    .map(({ verb, name, isDryRun }) => (isDryRun ? `try to ${verb}` : `${verb} ${name}`));
}
