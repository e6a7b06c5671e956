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

/** A workload that uses a Secret or ConfigMap, and under which versions that got which data, in order. */
export interface Use {
  readonly workload: string;
  readonly contents: readonly { readonly version: bigint; readonly digest: string }[];
}

/** What a person did to the ConfigMap, when it began (ms), and the Kubernetes Events about it. */
export interface DriftEvidence {
  readonly editedAt: number;
  /** Infinity where the story ended before. */
  readonly revertAskedAt: number;
  readonly editedAgainAt: number;
  readonly events: readonly { readonly reason: string; readonly message: string; readonly at: number }[];
}

export interface Evidence {
  readonly cluster: ClusterKind;
  /** Since the story's change of the Secret, in order. */
  readonly templateChanges: readonly TemplateChange[];
  /** When the Secret's data changed last. */
  readonly changedAt: number;
  /** When the merge began; Infinity without one. */
  readonly mergedAt: number;
  readonly uses: readonly Use[];
  readonly pods: readonly PodBirth[];
  /** Records of pull requests in the repository. */
  readonly pullRequests: number;
  /** Lines that the merge added and removed on the branch. */
  readonly diffLines: number;
  /** Undefined where that part of the story was not played. */
  readonly drift: DriftEvidence | undefined;
}

export interface Figures {
  readonly cluster: ClusterKind;
  /** Template changes that Lockstep wrote, until the ConfigMap was edited. */
  readonly restarts: number;
  /** The same, whoever wrote them. */
  readonly rollouts: number;
  readonly pullRequests: number;
  readonly rolloutsAfterMerge: number;
  /** Events that say that the edited ConfigMap differs from Git, and name the editor. */
  readonly driftsFound?: number;
  /** Template changes between the edit and the wish to revert it. */
  readonly driftRollouts?: number;
  /** Events that say that it does so no more. */
  readonly driftsGone?: number;
  /** Template changes since the wish, until the ConfigMap was edited again. */
  readonly revertRollouts?: number;
  /** Template changes since it was edited again, which was taken back. */
  readonly takenBackRollouts?: number;
  /** Workloads with a current pod that began with other content than there is now, or with none. */
  readonly missed: number;
  /** From the change to the first restart; -1 without one. */
  readonly restartMs: number;
  readonly diffLines: number;
}

const lockstepManager = 'lockstep';
/** The field manager of kubectl edit. */
export const editor = 'kubectl-edit';

export function countFigures(evidence: Evidence): Figures {
  const { cluster, templateChanges, changedAt, mergedAt, uses, pods, pullRequests, diffLines, drift } = evidence;
  const ofSecret = between(templateChanges, 0, drift?.editedAt ?? Infinity);
  const restarts = ofSecret.filter(({ fieldManager }) => fieldManager === lockstepManager);
  const isCurrent = ({ workload, contents }: Use): boolean => {
    const own = pods.filter((pod) => pod.workload === workload);
    const readBy = (pod: PodBirth) => contents.findLast(({ version }) => version < pod.version)?.digest;
    return own.length > 0 && own.every((pod) => readBy(pod) === contents.at(-1)?.digest);
  };
  return {
    cluster,
    restarts: restarts.length,
    rollouts: ofSecret.length,
    pullRequests,
    rolloutsAfterMerge: ofSecret.filter(({ at }) => at >= mergedAt).length,
    ...(drift !== undefined && countDrift(drift, templateChanges)),
    missed: new Set(uses.filter((use) => !isCurrent(use)).map(({ workload }) => workload)).size,
    restartMs: restarts[0] === undefined ? -1 : Math.round(restarts[0].at - changedAt),
    diffLines,
  };
}

function countDrift(drift: DriftEvidence, changes: readonly TemplateChange[]): Partial<Figures> {
  const { editedAt, revertAskedAt, editedAgainAt, events } = drift;
  const first = between(events, editedAt, editedAgainAt);
  return {
    driftsFound: first.filter(({ reason, message }) => reason === 'DriftFound' && message.includes(editor)).length,
    driftRollouts: between(changes, editedAt, revertAskedAt).length,
    driftsGone: first.filter(({ reason }) => reason === 'DriftGone').length,
    revertRollouts: between(changes, revertAskedAt, editedAgainAt).length,
    takenBackRollouts: between(changes, editedAgainAt, Infinity).length,
  };
}

function between<T extends { readonly at: number }>(all: readonly T[], from: number, to: number): readonly T[] {
  return all.filter(({ at }) => at >= from && at < to);
}

/** One row for each figure that has a right value. */
export interface Verdict {
  readonly figure: keyof Figures;
  readonly value: number;
  readonly wanted: string;
  readonly isRight: boolean;
}

const wanted: readonly (readonly [figure: Exclude<keyof Figures, 'cluster'>, ...right: number[]])[] = [
  ['restarts', 1],
  ['rollouts', 1],
  ['pullRequests', 1],
  ['diffLines', 1, 2],
  ['rolloutsAfterMerge', 0],
  ['driftsFound', 1],
  ['driftRollouts', 1],
  ['driftsGone', 1],
  ['revertRollouts', 1],
  ['takenBackRollouts', 0],
  ['missed', 0],
];

export function judge(figures: Figures): readonly Verdict[] {
  return wanted.flatMap(([figure, ...right]) => {
    const value = figures[figure];
    if (value === undefined) return [];
    return [{ figure, value, wanted: right.join(' or '), isRight: right.includes(value) }];
  });
}
