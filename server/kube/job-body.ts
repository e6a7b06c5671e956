// A Job made from a CronJob, or made anew from a Job that is to be replaced: the bodies to create (batch/v1).
import type { RawTemplate } from '../core/reloader-patch.ts';
import type { ApiObject } from './reflector.ts';

export interface JobSpec {
  readonly template: RawTemplate;
  readonly selector?: unknown;
  readonly manualSelector?: boolean;
}

interface JobMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly uid: string }[];
  readonly finalizers?: readonly string[];
}

export interface JobObject extends ApiObject {
  readonly metadata: ApiObject['metadata'] &
    Omit<JobMetadata, 'name' | 'namespace'> & { readonly deletionTimestamp?: string };
  readonly spec: JobSpec;
}

export interface CronJobObject extends ApiObject {
  readonly spec: {
    readonly jobTemplate: { readonly metadata?: Partial<JobMetadata>; readonly spec: JobSpec };
  };
}

export interface NewJob {
  readonly apiVersion: 'batch/v1';
  readonly kind: 'Job';
  readonly metadata: JobMetadata;
  readonly spec: JobSpec;
}

/** The same, named by the API server. */
export type TrialJob = Omit<NewJob, 'metadata'> & {
  readonly metadata: Omit<JobMetadata, 'name'> & { readonly generateName: string };
};

export type Transform = (template: RawTemplate) => RawTemplate;

/** As `kubectl create job --from=cronjob/...` makes it, owned by the CronJob so that its history limits count it. */
export function jobOfCronJob({ metadata, spec }: CronJobObject, name: string, transform: Transform): NewJob {
  const { jobTemplate } = spec;
  const owner = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    name: metadata.name,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: metadata.namespace ?? '',
      labels: jobTemplate.metadata?.labels ?? {},
      annotations: { ...jobTemplate.metadata?.annotations, 'cronjob.kubernetes.io/instantiate': 'manual' },
      ownerReferences: [owner],
    },
    spec: { ...jobTemplate.spec, template: transform(jobTemplate.spec.template) },
  };
}

/** Set by the API server for one Job, and refused for another. */
const generatedLabels = [
  'controller-uid',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
  'job-name',
];

/** The same Job without what belonged to the old one's life. One that selects its pods itself has no generated labels. */
export function jobAnew({ metadata, spec }: JobObject, transform: Transform): NewJob {
  const { name, namespace = '', annotations, ownerReferences, finalizers } = metadata;
  const { selector, template, ...rest } = spec;
  const selectsItself = spec.manualSelector === true;
  const labels = selectsItself ? template.metadata?.labels : withoutGenerated(template.metadata?.labels);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace,
      labels: withoutGenerated(metadata.labels),
      ...(annotations === undefined ? {} : { annotations }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      ...(finalizers === undefined ? {} : { finalizers }),
    },
    spec: {
      ...rest,
      ...(selectsItself ? { selector } : {}),
      template: transform({ ...template, metadata: { ...template.metadata, ...(labels && { labels }) } }),
    },
  };
}

function withoutGenerated(labels: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !generatedLabels.includes(key)));
}
