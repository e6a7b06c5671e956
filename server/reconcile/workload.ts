// Brings one workload in step: gathers a snapshot, decides, acts. Called by the work queue with a workload's key.
import type { Reads, RestartOrder, RestartSource, RestartWriter } from '../core/cluster.ts';
import { decideWorkload, type Acked, type Decision, type Owed } from '../core/decide-workload.ts';
import { hasCode } from '../core/errors.ts';
import { holdRestart, refusedRetryMs, type HoldFacts, type HoldReason } from '../core/hold.ts';
import { isNewer, objectKey, type WorkloadRef } from '../core/object.ts';
import { decideReload } from '../core/reload.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { WorkloadRecord } from '../core/snapshot.ts';
import type { Namespaces } from '../state/workloads.ts';
import { gather, prove, unproven, type LiveState } from './gather.ts';
import { listUses } from './uses.ts';
import { createRollouts, type Rollouts } from './rollouts.ts';

type Restart = Extract<Decision, { kind: 'restart' }>;

/** What a reconcile did, for the log, metrics, Events and the audit; one reason word everywhere. */
export type Outcome =
  | { readonly kind: 'recorded'; readonly workload: WorkloadRef; readonly acked: readonly Acked[] }
  | {
      readonly kind: 'restarted' | 'would-restart' | 'restarting';
      readonly workload: SeenWorkload;
      readonly owed: readonly Owed[];
      readonly n: number;
    }
  | {
      readonly kind: 'held';
      readonly workload: SeenWorkload;
      readonly owed: readonly Owed[];
      readonly reason: HoldReason;
    }
  | {
      readonly kind: 'refused';
      readonly workload: SeenWorkload;
      readonly owed: readonly Owed[];
      readonly error: unknown;
    }
  | { readonly kind: 'conflict'; readonly workload: WorkloadRef };

export interface WorkloadDeps {
  readonly state: LiveState;
  readonly namespaces: Namespaces;
  readonly stateNamespace: string;
  readonly reads: Reads;
  readonly writer: RestartWriter;
  /** Wall clock (ms). */
  readonly now: () => number;
  readonly mode: 'enforce' | 'observe';
  readonly maxRollouts: number;
  /** True once for each key after start, when the lists were made in the order that proves them. */
  readonly takeBootProof: (key: string) => boolean;
  readonly retryAfter: (key: string, ms: number) => void;
  /** The record of a workload moved: Git may have to follow. */
  readonly onRecorded: (key: string) => void;
  readonly report: (outcome: Outcome) => void;
}

export interface WorkloadReconciler {
  reconcile(key: string, signal: AbortSignal): Promise<void>;
  /** Why workloads that are owed a restart do not get it, by key. */
  readonly held: ReadonlyMap<string, HoldReason>;
}

/** Caches that lag catch up by an event; this bounds what a lost one costs. */
const lagRetryMs = 250;
/** A controller takes up a template within moments; one that is away must not hold back a restart for ever. */
const controllerMs = 10_000;
/** Decide, prove, decide with pods, and once more when the proof changed the question. */
const maxRounds = 4;

export function createWorkloadReconciler(deps: WorkloadDeps): WorkloadReconciler {
  const { state } = deps;
  const held = new Map<string, HoldReason>();
  const memories = new Map<string, Memory>();
  const rollouts = createRollouts(state.workloads, deps.maxRollouts);

  const bringInStep = async (
    key: string,
    workload: SeenWorkload,
    signal: AbortSignal,
  ): Promise<HoldReason | undefined> => {
    const memory = memories.get(key) ?? {
      patchedVersion: undefined,
      refusedAt: undefined,
      undoneAt: [],
      heldFor: undefined,
      unobservedSince: undefined,
    };
    memories.set(key, memory);
    const isLagging = memory.patchedVersion !== undefined && isNewer(memory.patchedVersion, workload.resourceVersion);
    const decision = isLagging ? undefined : await decide(deps, { key, workload, memory, signal });
    if (decision !== undefined) memory.unobservedSince = undefined;
    if (decision === undefined) deps.retryAfter(key, lagRetryMs);
    else if (decision.kind === 'record') record(deps, workload, decision);
    else if (decision.kind === 'restart')
      return restartOrHold(deps, { key, workload, decision, memory, rollouts, signal });
    return undefined;
  };

  return {
    held,
    async reconcile(key, signal) {
      for (const waiting of rollouts.admit(deps.now())) deps.retryAfter(waiting, 0);
      const workload = state.workloads.get(key);
      if (workload === undefined) {
        memories.delete(key);
        held.delete(key);
        state.ledger.remove(key, deps.now());
        return;
      }
      const reason = await bringInStep(key, workload, signal);
      const memory = memories.get(key);
      if (memory !== undefined) memory.heldFor = reason;
      if (reason === undefined) held.delete(key);
      else held.set(key, reason);
    },
  };
}

/** Undefined when the caches or the controller lag: an event is on its way. */
async function decide(
  deps: WorkloadDeps,
  { key, workload, memory, signal }: Question,
): Promise<DecidedKind | undefined> {
  const { state, reads } = deps;
  let proof = deps.takeBootProof(key) ? { proven: true, pods: undefined } : unproven;
  for (let round = 0; round < maxRounds; round++) {
    const decision = decideWorkload(gather(state, workload, proof, deps.now()));
    if (decision.kind !== 'look') return decision;
    if (decision.facts === 'revision' && isControllerAwaited(memory, deps.now())) return undefined;
    const facts = decision.facts === 'revision' ? 'pods' : decision.facts;
    const found = await prove(state, workload, { reads, facts, signal });
    if (found === undefined) return undefined;
    proof = found;
  }
  return undefined;
}

function isControllerAwaited(memory: Memory, now: number): boolean {
  memory.unobservedSince ??= now;
  return now < memory.unobservedSince + controllerMs;
}

type DecidedKind = Exclude<Decision, { kind: 'look' }>;

interface Question {
  readonly key: string;
  readonly workload: SeenWorkload;
  readonly memory: Memory;
  readonly signal: AbortSignal;
}

/** What this process remembers of a workload beside the ledger. */
interface Memory {
  /** The version of our last patch: an older cache must not be decided on. */
  patchedVersion: string | undefined;
  refusedAt: number | undefined;
  undoneAt: readonly number[];
  /** Said once, however often it is looked at. */
  heldFor: HoldReason | undefined;
  /** Since when the decision waits for the controller to take up the template. */
  unobservedSince: number | undefined;
}

interface RestartJob extends Question {
  readonly decision: Restart;
  readonly rollouts: Rollouts;
}

/** Why it was not restarted; undefined when it was, or is tried again at once. */
async function restartOrHold(deps: WorkloadDeps, job: RestartJob): Promise<HoldReason | undefined> {
  const { key, workload, decision, memory } = job;
  const { owed } = decision;
  const now = deps.now();
  const hold = holdRestart(holdFacts(deps, job, now), owed);
  if (hold !== undefined) {
    if (memory.heldFor !== hold.reason) deps.report({ kind: 'held', workload, owed, reason: hold.reason });
    if (hold.reason === 'rollout-cap') job.rollouts.wait(key);
    if (hold.retryAt !== undefined) deps.retryAfter(key, hold.retryAt - now);
    return hold.reason;
  }
  if (deps.mode === 'observe') {
    deps.report({ kind: 'would-restart', workload, owed, n: decision.key.n });
    record(deps, workload, { record: { ...decision.record, n: decision.record.n - 1 }, acked: [] });
    return undefined;
  }
  return restart(deps, job, now);
}

async function restart(deps: WorkloadDeps, job: RestartJob, now: number): Promise<HoldReason | undefined> {
  const { key, workload, decision, memory } = job;
  const { owed } = decision;
  const { n } = decision.key;
  deps.report({ kind: 'restarting', workload, owed, n });
  let version: string | undefined;
  try {
    version = await deps.writer.restart(orderOf(deps, job), job.signal);
  } catch (error) {
    return afterFailure(deps, job, error);
  }
  memory.refusedAt = undefined;
  // Without a key on the template there is no counter to compare with it.
  const remembered = deps.writer.writesKey ? decision.record : { ...decision.record, n: 0 };
  record(deps, workload, { record: remembered, acked: [] }, deps.writer.writesKey ? 'traced' : 'untraced');
  if (version === undefined) return undefined;
  memory.patchedVersion = version;
  if (owed.every(({ reason }) => reason === 'undone')) memory.undoneAt = [...memory.undoneAt.slice(-2), now];
  job.rollouts.start(key, version, now);
  deps.report({ kind: 'restarted', workload, owed, n });
  return undefined;
}

function orderOf({ state }: WorkloadDeps, { workload, decision }: RestartJob): RestartOrder {
  const { ref, reload } = workload;
  const sources = decision.owed.flatMap(({ name: ack }): RestartSource[] => {
    const [kind, name = ''] = ack.split('/');
    const source = { kind: kind === 'Secret' ? 'Secret' : 'ConfigMap', name } as const;
    const annotations = state.configs.annotationsOf(objectKey({ ...source, namespace: ref.namespace })) ?? {};
    const found = reload === undefined ? undefined : decideReload(reload, { ...source, annotations });
    return found?.kind === 'yes' ? [{ ...source, how: found.how }] : [];
  });
  return { ref, resourceVersion: decision.resourceVersion, key: decision.key, sources };
}

function holdFacts(deps: WorkloadDeps, { workload, memory, rollouts }: RestartJob, now: number): HoldFacts {
  const { namespaces, stateNamespace, maxRollouts } = deps;
  return {
    now,
    paused: workload.paused,
    deleting: workload.deleting,
    pauseSwitch: namespaces.isPaused(workload.ref.namespace) || namespaces.isPaused(stateNamespace),
    refusedAt: memory.refusedAt,
    undoneAt: memory.undoneAt,
    rolloutsInProgress: rollouts.inProgress(now),
    maxRollouts,
  };
}

/** Rule 5: a conflict starts again. Rule 12: what is refused stays owed. Everything else goes to the queue's backoff. */
function afterFailure(
  deps: WorkloadDeps,
  { key, workload, decision, memory }: RestartJob,
  error: unknown,
): HoldReason | undefined {
  if (hasCode(error, 'api-conflict')) {
    deps.report({ kind: 'conflict', workload: workload.ref });
    deps.retryAfter(key, lagRetryMs);
    return undefined;
  }
  if (!hasCode(error, 'api-invalid', 'api-forbidden')) throw error;
  memory.refusedAt = deps.now();
  deps.report({ kind: 'refused', workload, owed: decision.owed, error });
  deps.retryAfter(key, refusedRetryMs);
  return 'refused';
}

interface NewRecord {
  readonly record: WorkloadRecord;
  readonly acked: readonly Acked[];
}

function record(
  deps: WorkloadDeps,
  workload: SeenWorkload,
  { record: value, acked }: NewRecord,
  traced: 'traced' | 'untraced' = 'untraced',
): void {
  const { ledger, configs } = deps.state;
  const now = deps.now();
  const workloadKey = objectKey(workload.ref);
  ledger.put({ kind: 'workload', key: workloadKey, value }, now, traced);
  for (const { kind, name } of listUses(deps.state, workload)) {
    const key = objectKey({ kind, namespace: workload.ref.namespace, name });
    const memory = configs.memorize(key);
    if (memory !== undefined) ledger.put({ kind: 'object', key, value: memory }, now, traced);
  }
  deps.onRecorded(workloadKey);
  if (acked.length > 0) deps.report({ kind: 'recorded', workload: workload.ref, acked });
}
