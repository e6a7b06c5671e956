// Jobs as their re-creation needs them: tried without effect, deleted only as they were seen, created under the same name.
import { type Case, del, get, post, patch, scenario } from '../case.ts';
import { podTemplate } from './objects.ts';

type Json = Readonly<Record<string, unknown>>;

const template = podTemplate('j', { restartPolicy: 'Never' });
const job = (metadata: Json, spec: Json = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata,
  spec: { template, ...spec },
});
const owner = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  name: 'c',
  uid: '3c1b2a10-0000-4000-8000-000000000001',
  controller: true,
  blockOwnerDeletion: true,
};
const create = post('jobs', job({ name: 'j' }));
const remove = (preconditions: Json) =>
  del('jobs/j', { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions });
const asSeen = { uid: '{{0.metadata.uid}}', resourceVersion: '{{0.metadata.resourceVersion}}' };
const elsewhere = '3c1b2a10-0000-4000-8000-000000000002';

export const jobCases: readonly Case[] = [
  scenario(
    'a job is tried under a generated name',
    create,
    post('jobs?dryRun=All', job({ generateName: 'j-', labels: { a: 'b' } })),
  ),
  scenario('a job is tried under a name that is taken', create, post('jobs?dryRun=All', job({ name: 'j' }))),
  scenario('a tried job is not there', post('jobs?dryRun=All', job({ name: 'j' })), get('jobs/j')),
  scenario('a job is deleted as it was seen', create, remove(asSeen), get('jobs/j')),
  scenario('a job of another uid is not deleted', create, remove({ ...asSeen, uid: elsewhere }), get('jobs/j')),
  scenario('a job that changed is not deleted', create, remove({ ...asSeen, resourceVersion: '1' }), get('jobs/j')),
  scenario('a job that is gone cannot be deleted', create, remove(asSeen), remove(asSeen)),
  scenario('a job comes back under its name with a selector of its own', create, remove(asSeen), create, get('jobs/j')),
  scenario('a job’s name is taken while it is there', create, create),
  scenario(
    'a job’s name is taken while a finalizer keeps it',
    post('jobs', job({ name: 'j', finalizers: ['example.com/keep'] })),
    remove(asSeen),
    create,
    get('jobs/j'),
    patch('merge', 'jobs/j', { metadata: { finalizers: null } }),
    create,
  ),
  scenario(
    'a job that selects its pods itself keeps its labels',
    post('jobs', job({ name: 'j' }, { manualSelector: true, selector: { matchLabels: { app: 'j' } } })),
  ),
  scenario(
    'a job with an owner and the note of a manual run',
    post(
      'jobs',
      job({ name: 'j', ownerReferences: [owner], annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' } }),
    ),
  ),
  scenario(
    'a suspended job',
    post('jobs', job({ name: 'j' }, { suspend: true })),
    patch('merge', 'jobs/j', { spec: { suspend: false } }),
  ),
  scenario(
    'a cronjob’s status is written apart',
    post('cronjobs', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'c' },
      spec: {
        schedule: '* * * * *',
        jobTemplate: { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec: { template } },
      },
    }),
    patch('merge', 'cronjobs/c/status', { status: { lastScheduleTime: '2026-01-01T00:00:00Z' } }),
    patch('merge', 'cronjobs/c', { spec: { suspend: true } }),
  ),
];
