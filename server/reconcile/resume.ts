// Resumes Deployments whose pause period is over, whoever paused them: told by the Deployment alone, so that it outlives this process.
import type { RestartWriter } from '../core/cluster.ts';
import { hasCode } from '../core/errors.ts';
import { holdRestart, paceRestart, type Hold, type HoldReason } from '../core/hold.ts';
import { isNewer } from '../core/object.ts';
import { judgeResume, type Resume } from '../core/pause-period.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { Namespaces } from '../state/namespaces.ts';
import type { Workloads } from '../state/workloads.ts';
import type { Halt } from './halt.ts';
import type { Outcome } from './outcome.ts';
import type { Rollouts } from './rollouts.ts';

export interface ResumeDeps {
  readonly state: { readonly workloads: Workloads };
  readonly namespaces: Namespaces;
  readonly stateNamespace: string;
  readonly writer: RestartWriter;
  readonly mode: 'enforce' | 'observe';
  readonly now: () => number;
  readonly retryAfter: (key: string, ms: number) => void;
  /** The same, but nothing is undecided until then. */
  readonly wakeAfter: (key: string, ms: number) => void;
  readonly report: (outcome: Outcome) => void;
}

interface Limits {
  readonly rollouts: Rollouts;
  readonly halt: Halt;
}

/** `written`: what the cache holds is over, and an event tells what follows. */
export type Look = { readonly kind: 'written' } | { readonly kind: 'none'; readonly held: HoldReason | undefined };

export interface Resumes {
  look(key: string, signal: AbortSignal): Promise<Look>;
  forget(key: string): void;
}

/** Caches that lag catch up by an event; this bounds what a lost one costs. */
const lagRetryMs = 250;

/** Of one Deployment, about one pause. */
interface Memory {
  readonly pausedAt: string;
  /** Of our last write: an older cache must not be decided on. */
  version: string | undefined;
  refusedAt: number | undefined;
  /** Another writer who puts the same pause back is fought as rule 10 says. */
  resumedAt: readonly number[];
  told: HoldReason | 'would-resume' | undefined;
}

export function createResumes(deps: ResumeDeps, limits: Limits): Resumes {
  const memories = new Map<string, Memory>();
  return {
    forget: (key) => void memories.delete(key),
    async look(key, signal) {
      const workload = deps.state.workloads.get(key) ?? deps.state.workloads.toResume.get(key);
      const pausedAt = workload?.pause?.pausedAt;
      const now = deps.now();
      const resume = judgeResume(workload?.pause, now);
      if (workload === undefined || workload.deleting || pausedAt === undefined || resume === undefined) return idle;
      const memory = recall(memories, key, pausedAt);
      const job: Job = { key, workload, resume, memory, ...limits, signal };
      if (memory.version !== undefined && isNewer(memory.version, workload.resourceVersion)) return again(deps, job);
      if (resume.at > now) {
        deps.wakeAfter(key, resume.at - now);
        return idle;
      }
      return resumeOrHold(deps, job, now);
    },
  };
}

interface Job extends Limits {
  readonly key: string;
  readonly workload: SeenWorkload;
  readonly resume: Resume;
  readonly memory: Memory;
  readonly signal: AbortSignal;
}

const idle: Look = { kind: 'none', held: undefined };
const written: Look = { kind: 'written' };

function recall(memories: Map<string, Memory>, key: string, pausedAt: string): Memory {
  const known = memories.get(key);
  if (known?.pausedAt === pausedAt) return known;
  const memory = { pausedAt, version: known?.version, refusedAt: undefined, resumedAt: [], told: undefined };
  memories.set(key, memory);
  return memory;
}

function again(deps: ResumeDeps, { key }: Job): Look {
  deps.retryAfter(key, lagRetryMs);
  return written;
}

async function resumeOrHold(deps: ResumeDeps, job: Job, now: number): Promise<Look> {
  const { key, workload, resume, memory } = job;
  const hold = holdResume(deps, job, now);
  if (hold !== undefined) {
    if (memory.told !== hold.reason) deps.report({ kind: 'resume-held', workload, reason: hold.reason });
    memory.told = hold.reason;
    if (hold.reason === 'rollout-cap' || hold.reason === 'namespace-rollout-cap') job.rollouts.wait(key);
    if (hold.retryAt !== undefined) deps.retryAfter(key, hold.retryAt - now);
    return { kind: 'none', held: hold.reason };
  }
  if (deps.mode === 'observe') {
    if (memory.told !== 'would-resume') deps.report({ kind: 'would-resume', workload, reason: resume.reason });
    memory.told = 'would-resume';
    return idle;
  }
  return write(deps, job, now);
}

/** A resume is a rollout, so what holds restarts back holds it back; removing a mark that is left is none. */
function holdResume({ namespaces, stateNamespace }: ResumeDeps, job: Job, now: number): Hold | undefined {
  const { key, workload, memory, rollouts, halt } = job;
  const rolls = workload.pause?.isPaused === true;
  const isOff = namespaces.isPaused(workload.ref.namespace) || namespaces.isPaused(stateNamespace);
  const facts = {
    now,
    paused: false,
    running: false,
    pausePeriodInvalid: false,
    deleting: workload.deleting,
    pauseSwitch: rolls && isOff,
    revertingUntil: undefined,
    refusedAt: memory.refusedAt,
    undoneAt: memory.resumedAt,
    halted: rolls && halt.holds(key),
    tokenAt: undefined,
  };
  return holdRestart(facts, []) ?? paceRestart({ now, jitterUntil: now, room: rolls ? rollouts.room(key) : 'free' });
}

async function write(deps: ResumeDeps, job: Job, now: number): Promise<Look> {
  const { key, workload, resume, memory, signal } = job;
  const { ref, resourceVersion } = workload;
  const rolls = workload.pause?.isPaused === true;
  if (rolls) job.rollouts.enter(key);
  try {
    memory.version = await deps.writer.resume({ ref, resourceVersion }, signal);
  } catch (error) {
    if (hasCode(error, 'api-conflict')) {
      deps.report({ kind: 'conflict', workload: ref });
      return again(deps, job);
    }
    if (!hasCode(error, 'api-invalid', 'api-forbidden')) throw error;
    memory.refusedAt = now;
    memory.told = 'refused';
    deps.report({ kind: 'resume-refused', workload, error });
    return resumeOrHold(deps, job, now);
  }
  memory.resumedAt = [...memory.resumedAt.slice(-2), now];
  if (rolls) job.rollouts.start(key, memory.version, now);
  deps.report({ kind: 'resumed', workload, reason: resume.reason });
  return written;
}
