import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobAnew, jobOfCronJob, type CronJobObject, type JobObject } from '../../server/kube/job-body.ts';

const metadata = {
  name: 'x',
  namespace: 'shop',
  uid: 'u',
  resourceVersion: '7',
  creationTimestamp: '2026-01-01T00:00:00Z',
};
const generated = {
  'controller-uid': 'u',
  'batch.kubernetes.io/controller-uid': 'u',
  'job-name': 'x',
  'batch.kubernetes.io/job-name': 'x',
};
const template = { metadata: { labels: { app: 'x', ...generated } }, spec: { containers: [{ name: 'main' }] } };
const job: JobObject = {
  metadata: {
    ...metadata,
    labels: { team: 'a', ...generated },
    annotations: { note: 'kept' },
    finalizers: ['example.com/keep'],
    ownerReferences: [{ uid: 'o' }],
  },
  spec: { template, selector: { matchLabels: generated } },
};
const mark = <T extends object>(raw: T): T => ({ ...raw, marked: true });

test('a Job anew: without uid, version, times, status and what was generated for the old one', () => {
  assert.deepEqual(jobAnew(job, mark), {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'x',
      namespace: 'shop',
      labels: { team: 'a' },
      annotations: { note: 'kept' },
      ownerReferences: [{ uid: 'o' }],
      finalizers: ['example.com/keep'],
    },
    spec: { template: { metadata: { labels: { app: 'x' } }, spec: template.spec, marked: true } },
  });
});

test('a Job anew: what else its spec holds stays', () => {
  const spec = { ...job.spec, backoffLimit: 2, podFailurePolicy: { rules: [] } };
  const { template: _, ...rest } = jobAnew({ ...job, spec }, mark).spec;
  assert.deepEqual(rest, { backoffLimit: 2, podFailurePolicy: { rules: [] } });
});

test('a Job anew: one that selects its pods itself keeps selector and labels', () => {
  const { spec } = jobAnew({ ...job, spec: { ...job.spec, manualSelector: true } }, mark);
  assert.deepEqual(spec.selector, job.spec.selector);
  assert.deepEqual(spec.template.metadata?.labels, template.metadata.labels);
});

test('a run: labels and annotations of the Job template, the note of a manual run, controlled by the CronJob', () => {
  const jobTemplate = {
    metadata: { labels: { of: 'x' }, annotations: { a: 'b' } },
    spec: { template, backoffLimit: 1 },
  };
  const cronJob = { metadata, spec: { jobTemplate } } as CronJobObject;
  assert.deepEqual(jobOfCronJob(cronJob, 'x-1', mark), {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'x-1',
      namespace: 'shop',
      labels: { of: 'x' },
      annotations: { a: 'b', 'cronjob.kubernetes.io/instantiate': 'manual' },
      ownerReferences: [
        { apiVersion: 'batch/v1', kind: 'CronJob', name: 'x', uid: 'u', controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: { template: { ...template, marked: true }, backoffLimit: 1 },
  });
});
