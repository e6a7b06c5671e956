// Brings one workload in step: gathers a snapshot, decides, acts. Called by the work queue with a workload's key.
import type { Reads, RestartWriter } from '../core/cluster.ts';
import { decideWorkload, type Acked, type Decision, type Owed } from '../core/decide-workload.ts';
import { hasCode } from '../core/errors.ts';
import { holdRestart, refusedRetryMs, type HoldReason } from '../core/hold.ts';
import { isNewer, objectKey, type WorkloadRef } from '../core/object.ts';
import { restartPatch } from '../core/restart.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { WorkloadRecord } from '../core/snapshot.ts';
import type { Namespaces } from '../state/workloads.ts';
import { gather, prove, unproven, type LiveState } from './gather.ts';

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
/** Decide, prove, decide with pods, and once more when the proof changed the question. */
const maxRounds = 4;

export function createWorkloadReconciler(deps: WorkloadDeps): WorkloadReconciler {
  const { state, now } = deps;
  const held = new Map<string, HoldReason>();
  const memory = new Map<string, Memory>();
  const rollouts = new Map<string, Memory>();

  const decide = async (key: string, workload: SeenWorkload, signal: AbortSignal): Promise<Decision | undefined> => {
    let proof = deps.takeBootProof(key) ? { proven: true, pods: undefined } : unproven;
    for (let round = 0; round < maxRounds; round++) {
      const decision = decideWorkload(gather(state, workload, proof, now()));
      if (decision.kind !== 'look') return decision;
      const found = await prove(state, workload, { reads: deps.reads, facts: decision.facts, signal });
      if (found === undefined) return undefined;
      proof = found;
    }
    return undefined;
  };

  return {
    held,
    async reconcile(key, signal) {
      const workload = state.workloads.get(key);
      held.delete(key);
      if (workload === undefined) {
        memory.delete(key);
        state.ledger.remove(key, now());
        return;
      }
      const facts = memory.get(key) ?? remember(memory, key);
      if (facts.patchedVersion !== undefined && isNewer(facts.patchedVersion, workload.resourceVersion)) {
        deps.retryAfter(key, lagRetryMs);
        return;
      }
      const decision = await decide(key, workload, signal);
      if (decision === undefined) deps.retryAfter(key, lagRetryMs);
      else if (decision.kind === 'record') record(deps, workload, decision.record, 'untraced', decision.acked);
      else if (decision.kind === 'restart')
        await restartOrHold(deps, { key, workload, decision, facts, held, rollouts, signal });
    },
  };
}

/** What this process remembers of a workload beside the ledger. */
interface Memory {
  patchedVersion: string | undefined;
  patchedAt: number;
  refusedAt: number | undefined;
  undoneAt: readonly number[];
}

function remember(memory: Map<string, Memory>, key: string): Memory {
  const facts: Memory = { patchedVersion: undefined, patchedAt: 0, refusedAt: undefined, undoneAt: [] };
  memory.set(key, facts);
  return facts;
}

interface RestartJob {
  readonly key: string;
  readonly workload: SeenWorkload;
  readonly decision: Restart;
  readonly facts: Memory;
  readonly held: Map<string, HoldReason>;
  readonly rollouts: Map<string, Memory>;
  readonly signal: AbortSignal;
}

async function restartOrHold(deps: WorkloadDeps, job: RestartJob): Promise<void> {
  const { key, workload, decision, facts } = job;
  const { owed } = decision;
  const now = deps.now();
  const hold = holdRestart(holdFacts(deps, job, now), owed);
  if (hold !== undefined) {
    job.held.set(key, hold.reason);
    deps.report({ kind: 'held', workload, owed, reason: hold.reason });
    if (hold.retryAt !== undefined) deps.retryAfter(key, hold.retryAt - now);
    return;
  }
  if (deps.mode === 'observe') {
    deps.report({ kind: 'would-restart', workload, owed, n: decision.key.n });
    record(deps, workload, { ...decision.record, n: decision.record.n - 1 }, 'untraced', []);
    return;
  }
  deps.report({ kind: 'restarting', workload, owed, n: decision.key.n });
  try {
    facts.patchedVersion = await deps.writer.restart(
      workload.ref,
      restartPatch(decision.key, decision.resourceVersion),
      job.signal,
    );
  } catch (error) {
    afterFailure(deps, job, error);
    return;
  }
  if (owed.every(({ reason }) => reason === 'undone')) facts.undoneAt = [...facts.undoneAt.slice(-2), now];
  facts.refusedAt = undefined;
  facts.patchedAt = now;
  if (deps.maxRollouts > 0) job.rollouts.set(job.key, facts);
  record(deps, workload, decision.record, 'traced', []);
  deps.report({ kind: 'restarted', workload, owed, n: decision.key.n });
}

/** A rollout that takes longer has failed as far as the cap is concerned: it must not hold back the others for ever. */
const rolloutMs = 600_000;

/** Restarts of ours whose rollout is not complete. */
function countRollouts({ workloads }: LiveState, rollouts: Map<string, Memory>, now: number): number {
  for (const [key, facts] of rollouts) {
    const workload = workloads.get(key);
    const lagging = workload !== undefined && isNewer(facts.patchedVersion ?? '', workload.resourceVersion);
    const complete = workload === undefined || (!lagging && workload.rolledOut);
    if (complete || facts.patchedAt < now - rolloutMs) rollouts.delete(key);
  }
  return rollouts.size;
}

function holdFacts(deps: WorkloadDeps, { workload, facts, rollouts }: RestartJob, now: number) {
  return {
    now,
    paused: workload.paused,
    deleting: workload.deleting,
    pauseSwitch: deps.namespaces.isPaused(workload.ref.namespace) || deps.namespaces.isPaused(deps.stateNamespace),
    refusedAt: facts.refusedAt,
    undoneAt: facts.undoneAt,
    rolloutsInProgress: deps.maxRollouts === 0 ? 0 : countRollouts(deps.state, rollouts, now),
    maxRollouts: deps.maxRollouts,
  };
}

/** Rule 5: a conflict starts again. Rule 12: what is refused stays owed. Everything else goes to the queue's backoff. */
function afterFailure(deps: WorkloadDeps, { key, workload, decision, facts, held }: RestartJob, error: unknown): void {
  if (hasCode(error, 'api-conflict')) {
    deps.report({ kind: 'conflict', workload: workload.ref });
    deps.retryAfter(key, lagRetryMs);
    return;
  }
  if (!hasCode(error, 'api-invalid', 'api-forbidden')) throw error;
  facts.refusedAt = deps.now();
  held.set(key, 'refused');
  deps.report({ kind: 'refused', workload, owed: decision.owed, error });
  deps.retryAfter(key, refusedRetryMs);
}

function record(
  deps: WorkloadDeps,
  workload: SeenWorkload,
  value: WorkloadRecord,
  traced: 'traced' | 'untraced',
  acked: readonly Acked[],
): void {
  const { ledger, configs } = deps.state;
  const now = deps.now();
  const workloadKey = objectKey(workload.ref);
  ledger.put({ kind: 'workload', key: workloadKey, value }, now, traced);
  for (const { kind, name } of workload.references) {
    const key = objectKey({ kind, namespace: workload.ref.namespace, name });
    const memory = configs.memorize(key);
    if (memory !== undefined) ledger.put({ kind: 'object', key, value: memory }, now, traced);
  }
  deps.onRecorded(workloadKey);
  if (acked.length > 0) deps.report({ kind: 'recorded', workload: workload.ref, acked });
}
