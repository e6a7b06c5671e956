// Collects the snapshot that one decision needs: from the caches, or from reads that prove the caches current.
import type { Reads } from '../core/cluster.ts';
import { objectKey } from '../core/object.ts';
import { projectionText } from '../core/restart.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { Pair, PodFacts, Snapshot } from '../core/snapshot.ts';
import type { Configs } from '../state/configs.ts';
import type { Ledger } from '../state/ledger.ts';
import type { Revisions, Workloads } from '../state/workloads.ts';

export interface LiveState {
  readonly configs: Configs;
  readonly workloads: Workloads;
  readonly revisions: Revisions;
  readonly ledger: Ledger;
  /** What the Lease's previous holder had decided. */
  readonly settledAt: () => number | undefined;
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
    revision: state.revisions.current(workload),
    pods,
    pairs: workload.references.map((reference) => toPair(state, workload, reference)),
    record: state.ledger.workload(key),
    optInSeen: isOptInSeen(state, key, workload),
    settledAt: state.settledAt(),
    proven,
    oneOrder: state.oneOrder(),
  };
}

/** Rule 8: it existed without being opted in, as far as this process or the one before it saw. */
function isOptInSeen(state: LiveState, key: string, { createdAt }: SeenWorkload): boolean {
  if (state.ledger.workload(key) !== undefined) return false;
  const settledAt = state.settledAt();
  return state.workloads.wasOptedOut(key) || (settledAt !== undefined && createdAt < settledAt);
}

function toPair({ configs }: LiveState, workload: SeenWorkload, reference: SeenWorkload['references'][number]): Pair {
  const { kind, name, keys, optional } = reference;
  const object = configs.view(objectKey({ kind, namespace: workload.ref.namespace, name }), keys);
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
  for (const { kind, name } of workload.references) {
    const ref = { kind, namespace, name };
    const config = await reads.config(ref, signal);
    const cached = state.configs.view(objectKey(ref), 'all');
    if (config?.ignored !== true && config?.resourceVersion !== cached?.resourceVersion) return undefined;
  }
  if (facts === 'reads') return { proven: true, pods: undefined };
  return { proven: true, pods: await reads.pods(workload, state.revisions.current(workload), signal) };
}
