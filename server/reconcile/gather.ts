// Collects the snapshot that one decision needs: from the caches, or from reads that prove the caches current.
import type { Reads } from '../core/cluster.ts';
import { skewAllowanceMs } from '../core/freshness.ts';
import { isNewer, objectKey } from '../core/object.ts';
import { isPausedForPeriod } from '../core/pause-period.ts';
import type { Reference } from '../core/references.ts';
import { projectionText, type RestartKey } from '../core/restart.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { Gone, Pair, PodFacts, PresenceRules, Snapshot } from '../core/snapshot.ts';
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
  readonly presence: PresenceRules;
}

export interface Proof {
  readonly proven: boolean;
  readonly pods: readonly PodFacts[] | undefined;
  /** Config objects that reads did not find, as `Secret/db`; undefined when nothing was read. */
  readonly missing: ReadonlySet<string> | undefined;
}

export const unproven: Proof = { proven: false, pods: undefined, missing: undefined };

/** The first lists, when they were made in the order that proves them. */
export const listed: Proof = { proven: true, pods: undefined, missing: undefined };

export function gather(state: LiveState, workload: SeenWorkload, proof: Proof, now: number): Snapshot {
  const key = objectKey(workload.ref);
  const { ref, uid, resourceVersion, createdAt, restartKey } = workload;
  return {
    now,
    workload: { ref, uid, resourceVersion, createdAt, restartKey: sinceOptIn(state, key, restartKey) },
    revision: isPausedForPeriod(workload.pause) ? 'withheld' : state.revisions.current(workload),
    pods: proof.pods,
    pairs: listUses(state, workload).map((reference) => toPair(state, { workload, reference, proof })),
    record: state.ledger.workload(key),
    optedInAt: state.workloads.optedInAt(key) ?? optedInWhileDown(state, key, workload),
    settledAt: state.settledAt(),
    proven: proof.proven,
    oneOrder: state.oneOrder(),
    presence: state.presence,
    inheritedAt: state.inheritedAt(),
  };
}

/** Rule 8: it existed when the process before had decided everything, and was not recorded: it was opted in since. */
function optedInWhileDown(state: LiveState, key: string, workload: SeenWorkload): string | undefined {
  const inheritedAt = state.inheritedAt();
  if (inheritedAt === undefined || state.ledger.workload(key) !== undefined) return undefined;
  if (workload.createdAt + skewAllowanceMs >= inheritedAt) return undefined;
  return state.workloads.get(key)?.firstVersion ?? workload.resourceVersion;
}

/**
 * Rule 8 again: the restart key may carry acks from before the workload was opted out and in. Adopted, they would make what changed
 * while it was out a change to restart for.
 */
function sinceOptIn(
  { ledger, workloads, oneOrder }: LiveState,
  key: string,
  restartKey: RestartKey | undefined,
): RestartKey | undefined {
  const optedInAt = workloads.optedInAt(key);
  if (restartKey === undefined || optedInAt === undefined || ledger.workload(key) !== undefined) return restartKey;
  const acks = Object.entries(restartKey.acks).filter(
    ([, { resourceVersion }]) => oneOrder() && isNewer(resourceVersion, optedInAt),
  );
  return { n: restartKey.n, acks: Object.fromEntries(acks) };
}

interface Use {
  readonly workload: SeenWorkload;
  readonly reference: Reference;
  readonly proof: Proof;
}

function toPair({ configs, presence }: LiveState, { workload, reference, proof }: Use): Pair {
  const { kind, keys } = reference;
  // The driver makes and removes status objects with the pods: that says nothing of the content.
  const comesAndGoes = kind === 'SecretProviderClass';
  const optional = reference.optional && !comesAndGoes;
  const name = `${kind}/${reference.name}`;
  const key = objectKey({ kind, namespace: workload.ref.namespace, name: reference.name });
  const object = configs.view(key, { keys, optional: optional || (presence.onCreate && !comesAndGoes) });
  const absence = object === undefined && !comesAndGoes ? configs.absence(key) : undefined;
  return { name, projection: projectionText(keys), optional, object, gone: absence && toGone(absence, name, proof) };
}

/** What is in no cache and was read all the same is not gone. */
function toGone(absence: Omit<Gone, 'confirmed'>, name: string, { missing }: Proof): Gone | undefined {
  if (missing === undefined) return { ...absence, confirmed: false };
  return missing.has(name) ? { ...absence, confirmed: true } : undefined;
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
  const missing = new Set<string>();
  for (const reference of listUses(state, workload)) {
    const ref = { kind: reference.kind, namespace, name: reference.name };
    const config = await reads.config(ref, signal);
    const cached = state.configs.view(objectKey(ref), reference);
    if (config === undefined) missing.add(`${ref.kind}/${ref.name}`);
    if (config?.ignored !== true && config?.resourceVersion !== cached?.resourceVersion) return undefined;
  }
  if (facts === 'reads') return { proven: true, pods: undefined, missing };
  const pods = await readPods(state, workload, { reads, signal });
  // Another template in between would make "no current pod is old" true of nothing.
  const after = await reads.workload(workload.ref, signal);
  return after?.resourceVersion === workload.resourceVersion ? { proven: true, pods, missing } : undefined;
}

/** The pods of a CronJob's runs come and go; its last run on time stands for them. */
export async function readPods(
  state: LiveState,
  workload: SeenWorkload,
  { reads, signal }: { reads: Reads; signal: AbortSignal },
): Promise<readonly PodFacts[]> {
  const revision = state.revisions.current(workload);
  if (workload.restart === 'run') return [{ createdAt: revision?.createdAt ?? 0, current: true }];
  return reads.pods(workload, revision, signal);
}
