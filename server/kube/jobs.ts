// Restarts that are no patch: a CronJob runs once now, a Job is deleted and created anew.
import type { Restarted, RestartOrder } from '../core/cluster.ts';
import { hasCode, LockstepError } from '../core/errors.ts';
import { runName } from '../core/restart.ts';
import type { Client } from './client.ts';
import { workloadPath } from './ingest-workload.ts';
import {
  jobAnew,
  jobOfCronJob,
  type CronJobObject,
  type JobObject,
  type NewJob,
  type TrialJob,
  type Transform,
} from './job-body.ts';
import type { ApiObject } from './reflector.ts';

export interface JobWriterOptions {
  readonly client: Client;
  readonly fieldManager: string;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface JobOrder {
  readonly order: RestartOrder;
  /** What the strategy changes in the pod template. */
  readonly transform: Transform;
  readonly signal: AbortSignal;
}

/** A deleted Job may stay for a moment, while finalizers run; and what was deleted must come back. */
const createTries = 20;
const createPauseMs = 500;
/** Once a Job is being deleted nothing but the end of the process stops what creates it anew. */
const unstoppable = AbortSignal.any([]);

/** The name says what for, so that a run that was made before a crash is not made again. */
export async function runCronJob(options: JobWriterOptions, job: JobOrder): Promise<Restarted> {
  const { ref, uid, resourceVersion } = job.order;
  const cronJob = (await readAsDecided(options, job)) as CronJobObject;
  const body = jobOfCronJob(cronJob, runName(ref.name, job.order), job.transform);
  try {
    await create(options, { body, signal: job.signal });
  } catch (error) {
    // Also a busy quota answers 409.
    const made = hasCode(error, 'api-conflict') ? await readJob(options, body.metadata, job.signal) : undefined;
    if (made?.metadata.ownerReferences?.some((owner) => owner.uid === uid) !== true) throw error;
  }
  return { uid, version: resourceVersion };
}

/** Tried without effect first: what would be refused must not be deleted. */
export async function recreateJob(options: JobWriterOptions, job: JobOrder): Promise<Restarted> {
  const body = jobAnew((await readAsDecided(options, job)) as JobObject, job.transform);
  await create(options, { body: forTrial(body), dryRun: 'All', signal: job.signal });
  let doubt: unknown;
  try {
    await remove(options, job.order);
  } catch (error) {
    if (hasCode(error, 'api-not-found')) throw movedOn(job.order);
    // Without an answer it may be deleted all the same: creating it tells.
    if (!hasCode(error, 'api-unreachable', 'api-failed')) throw error;
    doubt = error;
  }
  const { metadata } = await createSurely(options, body, { replaced: job.order.uid, doubt });
  return { uid: metadata.uid, version: metadata.resourceVersion };
}

async function readAsDecided({ client }: JobWriterOptions, { order, signal }: JobOrder): Promise<ApiObject> {
  const { kind, namespace, name } = order.ref;
  const resource = kind === 'Job' ? 'jobs' : 'cronjobs';
  const path = workloadPath(kind, namespace, name);
  const subject = `${namespace}/${name}`;
  const object = await unlessAbsent(client.send({ verb: 'get', resource, subject, path, signal }));
  if (object?.metadata.resourceVersion !== order.resourceVersion) throw movedOn(order);
  return object;
}

/** Jobs come and go: one that is gone needs no restart. */
function movedOn({ ref: { kind, namespace, name } }: RestartOrder): LockstepError {
  const message = `cannot restart the ${kind} ${namespace}/${name}: it changed meanwhile`;
  return new LockstepError('api-conflict', { message });
}

async function readJob(
  { client }: JobWriterOptions,
  { namespace = '', name }: NewJob['metadata'],
  signal: AbortSignal,
): Promise<JobObject | undefined> {
  const path = workloadPath('Job', namespace, name);
  const subject = `${namespace}/${name}`;
  return (await unlessAbsent(client.send({ verb: 'get', resource: 'jobs', subject, path, signal }))) as
    JobObject | undefined;
}

async function unlessAbsent(answer: Promise<unknown>): Promise<ApiObject | undefined> {
  try {
    return (await answer) as ApiObject;
  } catch (error) {
    if (hasCode(error, 'api-not-found')) return undefined;
    throw error;
  }
}

interface Creation {
  readonly body: NewJob | TrialJob;
  readonly dryRun?: 'All';
  readonly signal: AbortSignal;
}

async function create(
  { client, fieldManager }: JobWriterOptions,
  { body, dryRun, signal }: Creation,
): Promise<ApiObject> {
  const { namespace = '' } = body.metadata;
  const name = 'name' in body.metadata ? body.metadata.name : body.metadata.generateName;
  const answer = await client.send({
    verb: 'create',
    resource: 'jobs',
    subject: `${namespace}/${name}`,
    path: workloadPath('Job', namespace),
    query: { fieldManager, ...(dryRun === undefined ? {} : { dryRun }) },
    body,
    signal,
  });
  return answer as ApiObject;
}

/** The old one still has the name. Another that is as valid: no longer than 63 characters with its suffix, and no dash behind a dot. */
function forTrial(body: NewJob): TrialJob {
  const { name, ...metadata } = body.metadata;
  return { ...body, metadata: { ...metadata, generateName: `${name.slice(0, 50).replace(/[^a-z\d]+$/, '')}-` } };
}

/** Its pods go with it. */
async function remove({ client }: JobWriterOptions, { ref, uid, resourceVersion }: RestartOrder): Promise<void> {
  const { namespace, name } = ref;
  await client.send({
    verb: 'delete',
    resource: 'jobs',
    subject: `${namespace}/${name}`,
    path: workloadPath('Job', namespace, name),
    body: {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      preconditions: { uid, resourceVersion },
    },
    signal: unstoppable,
  });
}

interface Replacing {
  /** The uid of the Job that was deleted. */
  readonly replaced: string;
  /** Why it may not have been deleted. */
  readonly doubt: unknown;
}

/** Throws the doubt where the old Job turns out to live on. */
async function createSurely(options: JobWriterOptions, body: NewJob, replacing: Replacing): Promise<ApiObject> {
  let cause: unknown;
  for (let tries = 0; tries < createTries; tries++) {
    try {
      return await create(options, { body, signal: unstoppable });
    } catch (error) {
      cause = error;
      const other = hasCode(error, 'api-conflict') ? await findSuccessor(options, body, replacing) : undefined;
      if (other !== undefined) return other;
      const afterMs = error instanceof LockstepError ? (error.afterMs ?? 0) : 0;
      await options.sleep(Math.max(createPauseMs, afterMs), unstoppable);
    }
  }
  const { namespace, name } = body.metadata;
  throw new LockstepError('job-lost', {
    message: `the Job ${namespace}/${name} was deleted to be replaced, and could not be created again`,
    cause,
  });
}

/** What has the name now: made by a try whose answer was lost, or by whoever declares the Job. Undefined while the old one goes. */
async function findSuccessor(
  options: JobWriterOptions,
  { metadata }: NewJob,
  { replaced, doubt }: Replacing,
): Promise<ApiObject | undefined> {
  const found = await readJob(options, metadata, unstoppable).catch(() => undefined);
  if (found === undefined || found.metadata.uid !== replaced) return found;
  if (doubt !== undefined && found.metadata.deletionTimestamp === undefined) throw doubt;
  return undefined;
}
