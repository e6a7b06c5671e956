// Collects the snapshot that one decision needs: from the caches, or from reads that prove the caches current.
import type { Reads } from '../core/cluster.ts';
import { skewAllowanceMs } from '../core/freshness.ts';
import { objectKey } from '../core/object.ts';
import { isPausedForPeriod } from '../core/pause-period.ts';
import type { Reference } from '../core/references.ts';
import { projectionText } from '../core/restart.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { Pair, PodFacts, Snapshot } from '../core/snapshot.ts';
import type { Configs } from '../state/configs.ts';
import type { Ledger } from '../state/ledger.ts';
import type { Revisions, Workloads } from '../state/workloads.ts';
import { listUses } from './uses.ts';

export interface LiveState {
  readonly configs: Configs;
  readonly workloads: Workloads;
  readonly revisions: Revisions;
  readonly ledger: Ledger;
  /** Everything until here was decided, by this process or the one before. */
  readonly settledAt: () => number | undefined;
  /** Until when the one before had decided everything. */
  readonly inheritedAt: () => number | undefined;
  readonly oneOrder: () => boolean;
}

export interface Proof {
  readonly proven: boolean;
  readonly pods: readonly PodFacts[] | undefined;
}

export const unproven: Proof = { proven: false, pods: undefined };

export function gather(state: LiveState, workload: SeenWorkload, { proven, pods }: Proof, now: number): Snapshot {
  const key = objectKey(workload.ref);
  const { ref, uid, resourceVersion, createdAt, restartKey } = workload;
  return {
    now,
    workload: { ref, uid, resourceVersion, createdAt, restartKey },
    revision: isPausedForPeriod(workload.pause) ? 'withheld' : state.revisions.current(workload),
    pods,
    pairs: listUses(state, workload).map((reference) => toPair(state, workload, reference)),
    record: state.ledger.workload(key),
    optedInAt: state.workloads.optedInAt(key) ?? optedInWhileDown(state, key, workload),
    settledAt: state.settledAt(),
    proven,
    oneOrder: state.oneOrder(),
  };
}

/** Rule 8: it existed when the process before had decided everything, and was not recorded: it was opted in since. */
function optedInWhileDown(state: LiveState, key: string, workload: SeenWorkload): string | undefined {
  const inheritedAt = state.inheritedAt();
  if (inheritedAt === undefined || state.ledger.workload(key) !== undefined) return undefined;
  return workload.createdAt + skewAllowanceMs < inheritedAt ? workload.resourceVersion : undefined;
}

function toPair({ configs }: LiveState, workload: SeenWorkload, reference: Reference): Pair {
  const { kind, name, keys, optional } = reference;
  const object = configs.view(objectKey({ kind, namespace: workload.ref.namespace, name }), reference);
  return { name: `${kind}/${name}`, projection: projectionText(keys), optional, object };
}

/**
 * Reads the workload, then its config objects, then (where asked) its pods, past every cache. Undefined: the caches are
 * not current, an event is on its way.
 */
export async function prove(
  state: LiveState,
  workload: SeenWorkload,
  { reads, facts, signal }: { reads: Reads; facts: 'reads' | 'pods'; signal: AbortSignal },
): Promise<Proof | undefined> {
  const live = await reads.workload(workload.ref, signal);
  if (live?.resourceVersion !== workload.resourceVersion) return undefined;
  const { namespace } = workload.ref;
  for (const reference of listUses(state, workload)) {
    const ref = { kind: reference.kind, namespace, name: reference.name };
    const config = await reads.config(ref, signal);
    const cached = state.configs.view(objectKey(ref), reference);
    if (config?.ignored !== true && config?.resourceVersion !== cached?.resourceVersion) return undefined;
  }
  if (facts === 'reads') return { proven: true, pods: undefined };
  const pods = await reads.pods(workload, state.revisions.current(workload), signal);
  // Another template in between would make "no current pod is old" true of nothing.
  const after = await reads.workload(workload.ref, signal);
  return after?.resourceVersion === workload.resourceVersion ? { proven: true, pods } : undefined;
}
