// Carries out an owed restart, or says why it has to wait.
import type { Restarted, RestartOrder, RestartSource, RestartWriter } from '../core/cluster.ts';
import type { Decision, Owed, RestartReason } from '../core/decide-workload.ts';
import { blameEngine } from '../core/engine-wait.ts';
import { hasCode } from '../core/errors.ts';
import {
  holdRestart,
  isUndoing,
  paceRestart,
  refusedRetryMs,
  type Gates,
  type Hold,
  type HoldFacts,
  type HoldReason,
} from '../core/hold.ts';
import { splitConfigName } from '../core/object.ts';
import { beginsPause, isPausedForPeriod } from '../core/pause-period.ts';
import { saysDeleted } from '../core/restart.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { Namespaces } from '../state/namespaces.ts';
import type { EngineWaits } from './engine-waits.ts';
import type { Halt } from './halt.ts';
import { record, type RecordDeps } from './record.ts';
import type { Rollouts } from './rollouts.ts';
import { spendToken, tellThrottling, tokenFor, type Allowance } from './throttle.ts';
import { decideUse } from './uses.ts';

export interface RestartDeps extends RecordDeps {
  readonly namespaces: Namespaces;
  readonly stateNamespace: string;
  readonly writer: RestartWriter;
  readonly mode: 'enforce' | 'observe';
  readonly gates: Gates;
  readonly random: () => number;
  readonly retryAfter: (key: string, ms: number) => void;
}

/** Caches that lag catch up by an event; this bounds what a lost one costs. */
export const lagRetryMs = 250;

/** What this process remembers of a workload beside the ledger. */
export interface Memory extends Allowance {
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
  /** Of the debt that is open: how long the jitter lets it wait. */
  jitterUntil: number | undefined;
}

/** Of a workload that this process has not decided on yet. */
export function emptyMemory(): Memory {
  return {
    wasInStep: false,
    patchedVersion: undefined,
    successorUid: undefined,
    refusedAt: undefined,
    undoneAt: [],
    heldFor: undefined,
    unobservedSince: undefined,
    jitterUntil: undefined,
    fullAt: undefined,
    isThrottlingTold: false,
  };
}

export interface RestartJob {
  readonly key: string;
  readonly workload: SeenWorkload;
  readonly memory: Memory;
  readonly decision: Extract<Decision, { kind: 'restart' }>;
  readonly rollouts: Rollouts;
  readonly halt: Halt;
  readonly engineWaits: EngineWaits;
  readonly signal: AbortSignal;
}

/** `owed`: as it is told. */
interface ToldJob extends RestartJob {
  readonly owed: readonly Owed[];
}

/** Why it was not restarted; undefined when it was, or is tried again at once. */
export async function restartOrHold(deps: RestartDeps, job: RestartJob): Promise<HoldReason | undefined> {
  const { key, workload, decision, memory } = job;
  const now = deps.now();
  const { hold, owed } = findHold(deps, job, now);
  if (hold !== undefined) {
    if (memory.heldFor !== hold.reason) deps.report({ kind: 'held', workload, owed, reason: hold.reason });
    if (hold.reason === 'rollout-cap' || hold.reason === 'namespace-rollout-cap') job.rollouts.wait(key);
    if (hold.reason === 'flapping') tellThrottling(deps, job, now);
    if (hold.retryAt !== undefined) deps.retryAfter(key, hold.retryAt - now);
    return hold.reason;
  }
  if (deps.mode === 'observe') {
    deps.report({ kind: 'would-restart', workload, owed, n: decision.key.n });
    record(deps, workload, { record: { ...decision.record, n: decision.record.n - 1 }, acked: [] });
    closeDebt(deps, job, now);
    return undefined;
  }
  if (!rollsLater(workload)) job.rollouts.enter(key);
  return restart(deps, { ...job, owed }, now);
}

/** First what stops it, then the engine, then what only spreads. What joins a pause is one rollout with whatever the engine writes. */
function findHold(
  deps: RestartDeps,
  job: RestartJob,
  now: number,
): { readonly hold: Hold | undefined; readonly owed: readonly Owed[] } {
  const { key, workload, decision, engineWaits } = job;
  const { owed } = decision;
  const hold = holdRestart(holdFacts(deps, job, now), owed);
  if (hold !== undefined || isPausedForPeriod(workload.pause)) return { hold, owed };
  const engine = engineWaits.judge(key, { workload, owed, now });
  if (engine.kind === 'wait') return { hold: engine.hold, owed };
  return { hold: pace(deps, job, now), owed: engine.kind === 'late' ? blameEngine(owed) : owed };
}

function pace(deps: RestartDeps, { key, workload, memory, rollouts }: RestartJob, now: number): Hold | undefined {
  // Not before: what was paused or halted together would come together.
  memory.jitterUntil ??= now + deps.random() * deps.gates.jitterMs;
  return paceRestart({
    now,
    jitterUntil: memory.jitterUntil,
    room: beginsPause(workload.pause) ? 'free' : rollouts.room(key),
  });
}

/** What joins a pause makes no rollout of its own, so it spends nothing. */
function closeDebt(
  { gates }: RestartDeps,
  { key, workload, memory, decision, engineWaits }: RestartJob,
  now: number,
): void {
  engineWaits.close(key);
  memory.jitterUntil = undefined;
  if (!isUndoing(decision.owed) && !isPausedForPeriod(workload.pause)) spendToken(gates, memory, now);
}

async function restart(deps: RestartDeps, job: ToldJob, now: number): Promise<HoldReason | undefined> {
  const { key, workload, decision, memory, owed } = job;
  const { n } = decision.key;
  deps.report({ kind: 'restarting', workload, owed, n });
  let restarted: Restarted | undefined;
  try {
    restarted = await deps.writer.restart(orderOf(deps, job, now), job.signal);
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
  if (isUndoing(decision.owed)) memory.undoneAt = [...memory.undoneAt.slice(-2), now];
  if (!rollsLater(workload)) job.rollouts.start(key, restarted.version, now);
  closeDebt(deps, job, now);
  deps.report({ kind: 'restarted', workload, owed, n });
  if (beginsPause(workload.pause))
    deps.report({ kind: 'paused', workload, until: now + Number(workload.pause?.period) });
  return undefined;
}

/** Its pods are replaced when its pause ends: until then it takes no place among the rollouts, and needs none. */
function rollsLater({ pause }: SeenWorkload): boolean {
  return beginsPause(pause) || isPausedForPeriod(pause);
}

function orderOf({ state }: RestartDeps, { workload, decision, memory }: RestartJob, now: number): RestartOrder {
  const { key, resourceVersion } = decision;
  const sources = decision.owed.flatMap(({ name: acked, reason }): RestartSource[] => {
    const source = splitConfigName(acked);
    if (source === undefined) return [];
    const found = decideUse(state, workload, source);
    const ack = key.acks[acked];
    const content = ack !== undefined && saysDeleted(ack) ? 'deleted' : 'live';
    return found?.kind === 'yes' ? [{ ...source, how: found.how, content, certain: isCertain(memory, reason) }] : [];
  });
  const pausedAt = beginsPause(workload.pause) ? now : undefined;
  const { ref, uid, restart } = workload;
  return { ref, uid, restart, resourceVersion, key, sources, pausedAt };
}

/** After a crash a change may have been answered already by a write that the ledger does not know. */
function isCertain({ wasInStep }: Memory, reason: RestartReason): boolean {
  return wasInStep || reason === 'returned' || reason === 'blind-return';
}

function holdFacts(deps: RestartDeps, { key, workload, memory, halt }: RestartJob, now: number): HoldFacts {
  const { namespaces, stateNamespace, gates } = deps;
  const joins = isPausedForPeriod(workload.pause);
  return {
    now,
    paused: workload.paused,
    pausePeriodInvalid: workload.pause?.period === 'unreadable',
    running: workload.running,
    deleting: workload.deleting,
    pauseSwitch: namespaces.isPaused(workload.ref.namespace) || namespaces.isPaused(stateNamespace),
    refusedAt: memory.refusedAt,
    undoneAt: memory.undoneAt,
    halted: !joins && halt.holds(key),
    tokenAt: joins ? undefined : tokenFor(gates, memory, now),
  };
}

/** Rule 5: a conflict starts again. Rule 12: what is refused stays owed. Everything else goes to the queue's backoff. */
function afterFailure(
  deps: RestartDeps,
  { key, workload, owed, memory }: ToldJob,
  error: unknown,
): HoldReason | undefined {
  if (hasCode(error, 'api-conflict')) {
    deps.report({ kind: 'conflict', workload: workload.ref });
    deps.retryAfter(key, lagRetryMs);
    return undefined;
  }
  if (!hasCode(error, 'api-invalid', 'api-forbidden')) throw error;
  memory.refusedAt = deps.now();
  deps.report({ kind: 'refused', workload, owed, error });
  deps.retryAfter(key, refusedRetryMs);
  return 'refused';
}
