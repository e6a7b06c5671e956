// What drift of a config object leads to beyond being told: the annotation `lockstep.dev/drift`, and the flag.
import { annotation, valueOf, type Annotations } from './annotations.ts';

/** The most careful first. */
export const driftActions = ['report', 'adopt', 'revert'] as const;
export type DriftAction = (typeof driftActions)[number];

export interface DriftSetting {
  readonly action: DriftAction;
  readonly from: 'config-object' | 'workload' | 'namespace' | 'flag';
  /** One sentence about an annotation that cannot be used, which counts as `report`. */
  readonly problem: string | undefined;
}

export interface DriftMarks {
  readonly config: Annotations;
  /** Of the workloads that use it. */
  readonly workloads: readonly Annotations[];
  /** The namespace's annotation. */
  readonly namespace: string | undefined;
  readonly flag: DriftAction;
}

/** The nearest counts: the object's own, those of its users (of several that differ the most careful), the namespace's, the flag. */
export function chooseDriftAction({ config, workloads, namespace, flag }: DriftMarks): DriftSetting {
  const own = valueOf(config, annotation.drift);
  if (own !== undefined) return read(own, 'config-object');
  const users = workloads.flatMap((annotations) => {
    const text = valueOf(annotations, annotation.drift);
    return text === undefined ? [] : [read(text, 'workload')];
  });
  const [mostCareful] = users.sort((a, b) => driftActions.indexOf(a.action) - driftActions.indexOf(b.action));
  if (mostCareful !== undefined) return mostCareful;
  if (namespace !== undefined) return read(namespace, 'namespace');
  return { action: flag, from: 'flag', problem: undefined };
}

function read(text: string, from: DriftSetting['from']): DriftSetting {
  const action = driftActions.find((word) => word === text);
  if (action !== undefined) return { action, from, problem: undefined };
  const problem = `annotation ${annotation.drift} is none of ${driftActions.join(', ')}, and counts as report`;
  return { action: 'report', from, problem };
}
