// What is still owed in a namespace: asked by hook Jobs and shown by metrics. Decided anew from the caches, so that a change
// that still settles counts.
import { decideWorkload } from '../core/decide-workload.ts';
import type { HoldReason } from '../core/hold.ts';
import type { OwedWorkload } from '../core/hook.ts';
import { isPausedForPeriod } from '../core/pause-period.ts';
import type { SeenWorkload } from '../core/seen.ts';
import { gather, unproven, type LiveState } from './gather.ts';

export interface OwedView {
  readonly state: LiveState;
  readonly held: ReadonlyMap<string, HoldReason>;
  readonly now: () => number;
}

/** Workloads of the namespace, or of all, that are owed a restart, or were restarted and are not yet available. */
export function listOwed(view: OwedView, namespace?: string): OwedWorkload[] {
  return [...view.state.workloads.keys()].flatMap((key) => {
    const workload = view.state.workloads.get(key);
    if (workload === undefined || (namespace !== undefined && workload.ref.namespace !== namespace)) return [];
    const owed = judge(view, key, workload);
    return owed === undefined ? [] : [owed];
  });
}

/** Holds that only a person can end. */
const blocking: readonly HoldReason[] = [
  'paused',
  'pause-period-invalid',
  'pause-switch',
  'refused',
  'fighting',
  'halted',
];

function judge({ state, held, now }: OwedView, key: string, workload: SeenWorkload): OwedWorkload | undefined {
  const hold = held.get(key);
  if (hold !== undefined)
    return { workload: workload.ref, state: blocking.includes(hold) ? 'blocked' : 'owed', reason: hold };
  const decision = decideWorkload(gather(state, workload, unproven, now()));
  if (decision.kind === 'restart')
    return { workload: workload.ref, state: 'owed', reason: decision.owed[0]?.reason ?? 'changed' };
  if (decision.kind === 'look') return { workload: workload.ref, state: 'owed', reason: 'undecided' };
  if (isPausedForPeriod(workload.pause)) return { workload: workload.ref, state: 'rolling', reason: 'pause-period' };
  if (workload.rolledOut) return undefined;
  if (workload.waitsForDelete) return { workload: workload.ref, state: 'blocked', reason: 'waiting-for-delete' };
  return { workload: workload.ref, state: 'rolling', reason: 'rolling-out' };
}
