// The judge: from what the API server and Git hold to figures, and from figures to a verdict. It knows nothing of Lockstep's beliefs.
import type { ClusterKind } from './options.ts';

/** A change of a workload's pod template. */
export interface TemplateChange {
  /** `Deployment/shop/web`. */
  readonly workload: string;
  readonly fieldManager: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A pod that is not being deleted. */
export interface PodBirth {
  readonly workload: string;
  readonly name: string;
  /** The resourceVersion under which it was created; all resources of one etcd share one order. */
  readonly version: bigint;
}

export interface Evidence {
  readonly cluster: ClusterKind;
  /** Since the story's change of the Secret, in order. */
  readonly templateChanges: readonly TemplateChange[];
  /** The last change of the Secret's data. */
  readonly dataChange: { readonly at: number; readonly version: bigint };
  /** When the merge began; Infinity without one. */
  readonly mergedAt: number;
  /** Workloads that use the Secret. */
  readonly workloads: readonly string[];
  readonly pods: readonly PodBirth[];
  /** Records of pull requests in the repository. */
  readonly pullRequests: number;
  /** Lines that the merge added and removed on the branch. */
  readonly diffLines: number;
}

export interface Figures {
  readonly cluster: ClusterKind;
  /** Template changes that Lockstep wrote. */
  readonly restarts: number;
  /** Template changes, whoever wrote them. */
  readonly rollouts: number;
  readonly pullRequests: number;
  readonly rolloutsAfterMerge: number;
  /** Workloads with a current pod that is older than the content, or with none. */
  readonly missed: number;
  /** From the change to the first restart; -1 without one. */
  readonly restartMs: number;
  readonly diffLines: number;
}

const lockstepManager = 'lockstep';

export function countFigures(evidence: Evidence): Figures {
  const { cluster, templateChanges, dataChange, mergedAt, workloads, pods, pullRequests, diffLines } = evidence;
  const restarts = templateChanges.filter(({ fieldManager }) => fieldManager === lockstepManager);
  const isCurrent = (workload: string): boolean => {
    const own = pods.filter((pod) => pod.workload === workload);
    return own.length > 0 && own.every(({ version }) => version > dataChange.version);
  };
  return {
    cluster,
    restarts: restarts.length,
    rollouts: templateChanges.length,
    pullRequests,
    rolloutsAfterMerge: templateChanges.filter(({ at }) => at >= mergedAt).length,
    missed: workloads.filter((workload) => !isCurrent(workload)).length,
    restartMs: restarts[0] === undefined ? -1 : Math.round(restarts[0].at - dataChange.at),
    diffLines,
  };
}

/** One row for each figure that has a right value. */
export interface Verdict {
  readonly figure: keyof Figures;
  readonly value: number;
  readonly wanted: string;
  readonly isRight: boolean;
}

export function judge(figures: Figures): readonly Verdict[] {
  const row = (figure: Exclude<keyof Figures, 'cluster'>, ...right: number[]): Verdict => {
    const value = figures[figure];
    return { figure, value, wanted: right.join(' or '), isRight: right.includes(value) };
  };
  return [
    row('restarts', 1),
    row('rollouts', 1),
    row('pullRequests', 1),
    row('diffLines', 1, 2),
    row('rolloutsAfterMerge', 0),
    row('missed', 0),
  ];
}
