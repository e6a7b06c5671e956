// Jobs, CronJobs, Rollouts and DeploymentConfigs that are opted in, and what they use.
import { deployment, optIn, type KubeObject, type WorkloadOptions } from './objects.ts';

type Json = Readonly<Record<string, unknown>>;

interface Template {
  readonly metadata: Json;
  readonly spec: { readonly containers: readonly Json[] };
}

export interface RunOptions extends WorkloadOptions {
  /** Of the pod template. */
  readonly templateAnnotations?: Readonly<Record<string, string>>;
  /** `waits`: no node takes its pods, so that it is in progress until it is deleted. `ends`: at once. */
  readonly pods?: 'wait' | 'end';
}

function templateOf(name: string, { templateAnnotations, pods = 'wait', ...options }: RunOptions): Template {
  const { metadata, spec } = (deployment(name, options)['spec'] as { template: Template }).template;
  const nodeSelector = pods === 'wait' ? { nowhere: 'true' } : {};
  return {
    metadata: { ...metadata, annotations: templateAnnotations ?? {} },
    spec: { ...spec, ...{ restartPolicy: 'Never', nodeSelector } },
  };
}

/** Without annotations of its own where `annotations` is given and empty. */
function own({ annotations }: WorkloadOptions): Readonly<Record<string, string>> {
  return annotations ?? optIn;
}

export function job(name: string, options: RunOptions): KubeObject {
  const spec = { template: templateOf(name, options), ...options.spec };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, annotations: own(options) }, spec };
}

/** Its schedule never comes by itself. */
export function cronJob(name: string, options: RunOptions): KubeObject {
  const jobTemplate = {
    metadata: { labels: { of: name }, annotations: { note: 'kept' } },
    spec: { template: templateOf(name, options) },
  };
  const spec = { schedule: '0 0 30 2 *', jobTemplate, ...options.spec };
  return { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name, annotations: own(options) }, spec };
}

export function rollout(name: string, options: WorkloadOptions): KubeObject {
  const { metadata, spec } = deployment(name, options);
  const strategy = { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata,
    spec: { replicas: 1, strategy, ...(spec as Json) },
  };
}

export function deploymentConfig(name: string, options: WorkloadOptions): KubeObject {
  const { metadata, spec } = deployment(name, options);
  const triggers = [{ type: 'ConfigChange' }];
  return {
    apiVersion: 'apps.openshift.io/v1',
    kind: 'DeploymentConfig',
    metadata,
    spec: { replicas: 1, triggers, ...(spec as Json), selector: { app: name } },
  };
}
