// Brings one workload in step: gathers a snapshot, decides, acts. Called by the work queue with a workload's key.
import type { Reads } from '../core/cluster.ts';
import { decideWorkload, type Decision } from '../core/decide-workload.ts';
import type { HoldReason } from '../core/hold.ts';
import { isNewer } from '../core/object.ts';
import type { SeenWorkload } from '../core/seen.ts';
import { gather, listed, prove, unproven, type LiveState } from './gather.ts';
import { createMarkChecks, type MarkChecks } from './mark-checks.ts';
import type { EngineRef } from '../core/engine.ts';
import { createEngineWaits, type EngineAnswers } from './engine-waits.ts';
import { createHalt } from './halt.ts';
import { record } from './record.ts';
import { emptyMemory, lagRetryMs, restartOrHold, type Memory, type RestartDeps, type RestartJob } from './restart.ts';
import { createResumes, type ResumeDeps } from './resume.ts';
import { createRollouts } from './rollouts.ts';

export interface WorkloadDeps extends RestartDeps, ResumeDeps {
  readonly state: LiveState;
  readonly reads: Reads;
  readonly engines: EngineAnswers;
  /** What fails beside a reconcile. */
  readonly onTrouble: (error: unknown) => void;
  /** True once for each key after start, when the lists were made in the order that proves them. */
  readonly takeBootProof: (key: string) => boolean;
}

export interface WorkloadReconciler {
  reconcile(key: string, signal: AbortSignal): Promise<void>;
  /** Why workloads that are owed a restart do not get it, by key. */
  readonly held: ReadonlyMap<string, HoldReason>;
  /** Workloads whose rollout takes longer than it may, which no event tells: to be reconciled. */
  overdue(): readonly string[];
  /** Something may have changed of these owners: whoever waits for one is decided again. */
  onOwners(owners: readonly EngineRef[]): void;
}

/** A controller takes up a template within moments; one that is away must not hold back a restart for ever. */
const controllerMs = 10_000;
/** The watch shows what we created within moments. */
const successorMs = 10_000;
/** Decide, prove, decide with pods, and once more when the proof changed the question. */
const maxRounds = 4;

export function createWorkloadReconciler(deps: WorkloadDeps): WorkloadReconciler {
  const { state } = deps;
  const held = new Map<string, HoldReason>();
  const memories = new Map<string, Memory>();
  const limits = openLimits(deps);
  const { rollouts, halt, engineWaits } = limits;
  const markChecks = createMarkChecks(deps);
  const resumes = createResumes(deps, limits);

  const remember = (key: string, { uid }: SeenWorkload): Memory => {
    const memory = memories.get(key) ?? emptyMemory();
    memories.set(key, memory);
    if (memory.successorUid === uid) memory.successorUid = undefined;
    return memory;
  };
  const forget = (key: string): undefined => {
    if (awaitSuccessor(deps, key, memories.get(key))) return;
    memories.delete(key);
    engineWaits.close(key);
    if (!state.workloads.toResume.has(key)) resumes.forget(key);
    state.ledger.remove(key, deps.now());
  };
  const hold = (key: string, reason: HoldReason | undefined): void => {
    if (reason === undefined) held.delete(key);
    else held.set(key, reason);
  };
  /** What became possible: by a rollout that ended, or a place that was not needed. */
  const wakeWaiting = (): void => {
    for (const waiting of rollouts.admit()) deps.retryAfter(waiting, 0);
  };
  const followRollout = (key: string, workload: SeenWorkload | undefined): void => {
    const isHaltEnded = halt.follow(key, workload, deps.now());
    if (isHaltEnded) for (const [halted, reason] of held) if (reason === 'halted') deps.retryAfter(halted, 0);
    wakeWaiting();
  };

  return {
    held,
    overdue: () => rollouts.overdue(deps.now()),
    onOwners(owners) {
      for (const key of engineWaits.waitingFor(owners)) deps.retryAfter(key, 0);
    },
    async reconcile(key, signal) {
      const workload = state.workloads.get(key);
      followRollout(key, workload);
      try {
        // First, so that what changed meanwhile is read by the pods of this rollout and asks for no other.
        const resume = await resumes.look(key, signal);
        if (resume.kind === 'written') return;
        const memory = workload === undefined ? forget(key) : remember(key, workload);
        if (workload === undefined || memory === undefined) return hold(key, resume.held);
        memory.heldFor = await bringInStep(deps, { key, workload, memory, signal }, { ...limits, markChecks });
        hold(key, memory.heldFor ?? resume.held);
      } finally {
        rollouts.leave(key);
        wakeWaiting();
      }
    },
  };
}

type Limits = Pick<RestartJob, 'rollouts' | 'halt' | 'engineWaits'>;

function openLimits(deps: WorkloadDeps): Limits {
  const rollouts = createRollouts(deps.state.workloads, deps.gates);
  const halt = createHalt({ rollouts, after: deps.gates.haltAfterFailures, report: deps.report });
  return { rollouts, halt, engineWaits: createEngineWaits(deps.engines, deps.state) };
}

/** A Job that we deleted comes back under its name. One that has ended before it was seen does not: waited for once. */
function awaitSuccessor({ retryAfter }: WorkloadDeps, key: string, memory: Memory | undefined): boolean {
  if (memory?.successorUid === undefined) return false;
  memory.successorUid = undefined;
  retryAfter(key, successorMs);
  return true;
}

/** Why a restart that is owed was not made. */
async function bringInStep(
  deps: WorkloadDeps,
  question: Question,
  { markChecks, ...limits }: Limits & { readonly markChecks: MarkChecks },
): Promise<HoldReason | undefined> {
  const { key, workload, memory } = question;
  const isLagging = memory.patchedVersion !== undefined && isNewer(memory.patchedVersion, workload.resourceVersion);
  const decision = isLagging ? undefined : await decide(deps, question);
  if (decision === undefined) {
    deps.retryAfter(key, lagRetryMs);
    return undefined;
  }
  memory.unobservedSince = undefined;
  if (decision.kind === 'restart') return restartOrHold(deps, { ...question, ...limits, decision });
  memory.wasInStep = true;
  memory.jitterUntil = undefined;
  limits.engineWaits.close(key);
  if (decision.kind === 'record') {
    record(deps, workload, { ...decision, acked: markChecks.take(workload, decision, question.signal) });
  }
  return undefined;
}

/** Undefined when the caches or the controller lag: an event is on its way. */
async function decide(
  deps: WorkloadDeps,
  { key, workload, memory, signal }: Question,
): Promise<DecidedKind | undefined> {
  const { state, reads } = deps;
  let proof = deps.takeBootProof(key) ? listed : unproven;
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
