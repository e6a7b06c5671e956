// Brings one workload in step: gathers a snapshot, decides, acts. Called by the work queue with a workload's key.
import type { Reads } from '../core/cluster.ts';
import { decideWorkload, type Decision } from '../core/decide-workload.ts';
import type { HoldReason } from '../core/hold.ts';
import { isNewer } from '../core/object.ts';
import type { SeenWorkload } from '../core/seen.ts';
import { gather, listed, prove, unproven } from './gather.ts';
import { createMarkChecks } from './mark-checks.ts';
import { record } from './record.ts';
import { lagRetryMs, restartOrHold, type Memory, type RestartDeps } from './restart.ts';
import { createRollouts } from './rollouts.ts';

export interface WorkloadDeps extends RestartDeps {
  readonly reads: Reads;
  /** True once for each key after start, when the lists were made in the order that proves them. */
  readonly takeBootProof: (key: string) => boolean;
}

export interface WorkloadReconciler {
  reconcile(key: string, signal: AbortSignal): Promise<void>;
  /** Why workloads that are owed a restart do not get it, by key. */
  readonly held: ReadonlyMap<string, HoldReason>;
}

/** A controller takes up a template within moments; one that is away must not hold back a restart for ever. */
const controllerMs = 10_000;
/** Decide, prove, decide with pods, and once more when the proof changed the question. */
const maxRounds = 4;

export function createWorkloadReconciler(deps: WorkloadDeps): WorkloadReconciler {
  const { state } = deps;
  const held = new Map<string, HoldReason>();
  const memories = new Map<string, Memory>();
  const rollouts = createRollouts(state.workloads, deps.maxRollouts);
  const markChecks = createMarkChecks(deps);

  const bringInStep = async (
    key: string,
    workload: SeenWorkload,
    signal: AbortSignal,
  ): Promise<HoldReason | undefined> => {
    const memory = memories.get(key) ?? {
      wasInStep: false,
      patchedVersion: undefined,
      successorUid: undefined,
      refusedAt: undefined,
      undoneAt: [],
      heldFor: undefined,
      unobservedSince: undefined,
    };
    memories.set(key, memory);
    if (memory.successorUid === workload.uid) memory.successorUid = undefined;
    const isLagging = memory.patchedVersion !== undefined && isNewer(memory.patchedVersion, workload.resourceVersion);
    const decision = isLagging ? undefined : await decide(deps, { key, workload, memory, signal });
    if (decision !== undefined) memory.unobservedSince = undefined;
    if (decision?.kind === 'record')
      record(deps, workload, { ...decision, acked: markChecks.take(workload, decision, signal) });
    if (decision === undefined) deps.retryAfter(key, lagRetryMs);
    else if (decision.kind === 'restart')
      return restartOrHold(deps, { key, workload, decision, memory, rollouts, signal });
    else memory.wasInStep = true;
    return undefined;
  };

  return {
    held,
    async reconcile(key, signal) {
      for (const waiting of rollouts.admit(deps.now())) deps.retryAfter(waiting, 0);
      const workload = state.workloads.get(key);
      if (workload === undefined) {
        // What we deleted comes back under its name.
        if (memories.get(key)?.successorUid !== undefined) return;
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
