// What Lockstep reads of workloads as the API server sends them, across their kinds (apps/v1, batch/v1, argoproj.io/v1alpha1 Rollout,
// apps.openshift.io/v1 DeploymentConfig).
import type { Annotations } from '../core/annotations.ts';
import { workloadKinds, type WorkloadKind } from '../core/object.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { PodSpec } from '../core/references.ts';
import type { ReloaderPodSpec } from '../core/reloader-references.ts';

export interface WorkloadBody {
  readonly spec: WorkloadSpec;
  readonly status?: WorkloadStatus;
}

export interface PodTemplateBody {
  readonly metadata?: { readonly annotations?: Annotations };
  readonly spec: PodSpec & ReloaderPodSpec;
}

export interface WorkloadSpec {
  readonly replicas?: number;
  readonly paused?: boolean;
  /** Of Jobs and CronJobs. */
  readonly suspend?: boolean;
  readonly concurrencyPolicy?: string;
  /** Of Rollouts. */
  readonly restartAt?: string;
  readonly workloadRef?: object;
  /** A DeploymentConfig has the labels themselves. */
  readonly selector?: LabelSelector | Readonly<Record<string, string>>;
  readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } };
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface WorkloadStatus {
  /** A Rollout writes it as text. */
  readonly observedGeneration?: number | string;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  readonly updateRevision?: string;
  readonly desiredNumberScheduled?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberAvailable?: number;
  /** Of Rollouts. */
  readonly phase?: string;
  readonly restartedAt?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  /** Of CronJobs: the runs in progress. A Job counts its pods. */
  readonly active?: readonly unknown[] | number;
  readonly lastScheduleTime?: string;
}

/** Empty where the object has none, as a Rollout that borrows a Deployment's. */
export function templateOf(kind: WorkloadKind, object: object): PodTemplateBody {
  let at: unknown = object;
  for (const field of workloadKinds[kind].template) at = (at as Record<string, unknown> | undefined)?.[field];
  return { spec: {}, ...(at as PodTemplateBody | undefined) };
}

export function dormancyOf(kind: WorkloadKind, { spec, status }: WorkloadBody): SeenWorkload['dormant'] {
  if (kind !== 'Job' && kind !== 'CronJob') return undefined;
  const ended = status?.conditions?.some(
    (condition) => (condition.type === 'Complete' || condition.type === 'Failed') && condition.status === 'True',
  );
  if (kind === 'Job' && ended === true) return 'finished';
  return spec.suspend === true ? 'suspended' : undefined;
}

/** A label selector as a query has it. */
export function formatSelector(selector: WorkloadSpec['selector'] = {}): string {
  const isPlain = Object.values(selector).every((value) => typeof value === 'string');
  const { matchLabels = {}, matchExpressions = [] } = (isPlain ? { matchLabels: selector } : selector) as LabelSelector;
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [...labels, ...expressions].join(',');
}
