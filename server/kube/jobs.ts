// Restarts that are no patch: a CronJob runs once now, a Job is deleted and created anew.
import type { Restarted, RestartOrder } from '../core/cluster.ts';
import { hasCode, LockstepError } from '../core/errors.ts';
import { runName } from '../core/restart.ts';
import type { Client } from './client.ts';
import { workloadPath } from './ingest-workload.ts';
import { jobAnew, jobOfCronJob, type CronJobObject, type JobObject, type NewJob, type Transform } from './job-body.ts';
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

/** The name says what for, so that a run that was made before a crash is not made again. */
export async function runCronJob(options: JobWriterOptions, job: JobOrder): Promise<Restarted> {
  const { uid, resourceVersion } = job.order;
  const cronJob = (await readAsDecided(options, job)) as CronJobObject;
  const body = jobOfCronJob(cronJob, runName(job.order.ref.name, job.order), job.transform);
  try {
    await create(options, body, job.signal);
  } catch (error) {
    if (!hasCode(error, 'api-conflict')) throw error;
  }
  return { uid, version: resourceVersion };
}

/** Tried without effect first: what would be refused must not be deleted. */
export async function recreateJob(options: JobWriterOptions, job: JobOrder): Promise<Restarted> {
  const { ref, uid, resourceVersion } = job.order;
  const { namespace, name } = ref;
  const body = jobAnew((await readAsDecided(options, job)) as JobObject, job.transform);
  await create(options, body, job.signal, 'try');
  await options.client.send({
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
    signal: job.signal,
  });
  const { metadata } = await createSurely(options, body, job.signal);
  return { uid: metadata.uid, version: metadata.resourceVersion };
}

async function readAsDecided({ client }: JobWriterOptions, { order, signal }: JobOrder): Promise<ApiObject> {
  const { kind, namespace, name } = order.ref;
  const resource = kind === 'Job' ? 'jobs' : 'cronjobs';
  const subject = `${namespace}/${name}`;
  const answer = await client.send({
    verb: 'get',
    resource,
    subject,
    path: workloadPath(kind, namespace, name),
    signal,
  });
  const object = answer as ApiObject;
  if (object.metadata.resourceVersion === order.resourceVersion) return object;
  throw new LockstepError('api-conflict', { message: `cannot restart ${resource} ${subject}: it changed meanwhile` });
}

async function create(
  { client, fieldManager }: JobWriterOptions,
  body: NewJob,
  signal: AbortSignal,
  mode: 'try' | 'create' = 'create',
): Promise<ApiObject> {
  const { name, namespace = '', ...metadata } = body.metadata;
  const answer = await client.send({
    verb: 'create',
    resource: 'jobs',
    subject: `${namespace}/${name}`,
    path: workloadPath('Job', namespace),
    query: { fieldManager, ...(mode === 'try' ? { dryRun: 'All' } : {}) },
    // The old one still has the name.
    body:
      mode === 'try' ? { ...body, metadata: { ...metadata, namespace, generateName: `${name.slice(0, 50)}-` } } : body,
    signal,
  });
  return answer as ApiObject;
}

/** Nothing but the end of the process stops it: the Job is gone until it is created. */
async function createSurely(options: JobWriterOptions, body: NewJob, signal: AbortSignal): Promise<ApiObject> {
  let cause: unknown;
  for (let tries = 0; tries < createTries && !signal.aborted; tries++) {
    try {
      return await create(options, body, signal);
    } catch (error) {
      cause = error;
      await options.sleep(createPauseMs, signal);
    }
  }
  const { namespace, name } = body.metadata;
  throw new LockstepError('job-lost', {
    message: `the Job ${namespace}/${name} was deleted to be replaced, and could not be created again`,
    cause,
  });
}
