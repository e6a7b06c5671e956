// Carries out an owed restart, or says why it has to wait.
import type { Restarted, RestartOrder, RestartSource, RestartWriter } from '../core/cluster.ts';
import type { Decision } from '../core/decide-workload.ts';
import type { OwedReason } from '../core/judge-pair.ts';
import { hasCode } from '../core/errors.ts';
import { holdRestart, refusedRetryMs, type HoldFacts, type HoldReason } from '../core/hold.ts';
import { splitConfigName } from '../core/object.ts';
import { saysDeleted } from '../core/restart.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { Namespaces } from '../state/namespaces.ts';
import { record, type RecordDeps } from './record.ts';
import type { Rollouts } from './rollouts.ts';
import { decideUse } from './uses.ts';

export interface RestartDeps extends RecordDeps {
  readonly namespaces: Namespaces;
  readonly stateNamespace: string;
  readonly writer: RestartWriter;
  readonly mode: 'enforce' | 'observe';
  readonly maxRollouts: number;
  readonly retryAfter: (key: string, ms: number) => void;
}

/** Caches that lag catch up by an event; this bounds what a lost one costs. */
export const lagRetryMs = 250;

/** What this process remembers of a workload beside the ledger. */
export interface Memory {
  /** This process has seen it in step, or made it so. */
  wasInStep: boolean;
  /** The version of our last patch: an older cache must not be decided on. */
  patchedVersion: string | undefined;
  /** Of the Job that we created in its place, until it is seen. */
  successorUid: string | undefined;
  refusedAt: number | undefined;
  undoneAt: readonly number[];
  /** Said once, however often it is looked at. */
  heldFor: HoldReason | undefined;
  /** Since when the decision waits for the controller to take up the template. */
  unobservedSince: number | undefined;
}

export interface RestartJob {
  readonly key: string;
  readonly workload: SeenWorkload;
  readonly memory: Memory;
  readonly decision: Extract<Decision, { kind: 'restart' }>;
  readonly rollouts: Rollouts;
  readonly signal: AbortSignal;
}

/** Why it was not restarted; undefined when it was, or is tried again at once. */
export async function restartOrHold(deps: RestartDeps, job: RestartJob): Promise<HoldReason | undefined> {
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

async function restart(deps: RestartDeps, job: RestartJob, now: number): Promise<HoldReason | undefined> {
  const { key, workload, decision, memory } = job;
  const { owed } = decision;
  const { n } = decision.key;
  deps.report({ kind: 'restarting', workload, owed, n });
  let restarted: Restarted | undefined;
  try {
    restarted = await deps.writer.restart(orderOf(deps, job), job.signal);
  } catch (error) {
    return afterFailure(deps, job, error);
  }
  memory.refusedAt = undefined;
  const leavesKey = deps.writer.leavesKey(workload.restart);
  // Without a key on the workload there is no counter to compare with it.
  const remembered = { ...decision.record, uid: restarted?.uid ?? workload.uid, ...(leavesKey ? {} : { n: 0 }) };
  record(deps, workload, { record: remembered, acked: [] }, leavesKey ? 'traced' : 'untraced');
  memory.wasInStep = true;
  if (restarted === undefined) return undefined;
  memory.patchedVersion = restarted.version;
  memory.successorUid = restarted.uid === workload.uid ? undefined : restarted.uid;
  if (owed.every(({ reason }) => reason === 'undone')) memory.undoneAt = [...memory.undoneAt.slice(-2), now];
  job.rollouts.start(key, restarted.version, now);
  deps.report({ kind: 'restarted', workload, owed, n });
  return undefined;
}

function orderOf({ state }: RestartDeps, { workload, decision, memory }: RestartJob): RestartOrder {
  const { key, resourceVersion } = decision;
  const sources = decision.owed.flatMap(({ name: acked, reason }): RestartSource[] => {
    const source = splitConfigName(acked);
    if (source === undefined) return [];
    const found = decideUse(state, workload, source);
    const ack = key.acks[acked];
    const content = ack !== undefined && saysDeleted(ack) ? 'deleted' : 'live';
    return found?.kind === 'yes' ? [{ ...source, how: found.how, content, certain: isCertain(memory, reason) }] : [];
  });
  const { ref, uid, restart } = workload;
  return { ref, uid, restart, resourceVersion, key, sources };
}

/** After a crash a change may have been answered already by a write that the ledger does not know. */
function isCertain({ wasInStep }: Memory, reason: OwedReason): boolean {
  return wasInStep || reason === 'returned' || reason === 'blind-return';
}

function holdFacts(deps: RestartDeps, { workload, memory, rollouts }: RestartJob, now: number): HoldFacts {
  const { namespaces, stateNamespace, maxRollouts } = deps;
  return {
    now,
    paused: workload.paused,
    running: workload.running,
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
  deps: RestartDeps,
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
