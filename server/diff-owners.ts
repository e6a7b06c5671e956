// Which owners to ask what they declare, and asking them: a few at a time, at the applied revision or at another.
import { refusedSources } from './core/declaration.ts';
import type { DiffOwner } from './core/diff-declared.ts';
import { describeOwner, type DiffGap } from './core/diff-row.ts';
import { LockstepError } from './core/errors.ts';
import type { OwnerPlan, OwnerRef, PlanOptions } from './core/engine.ts';
import type { SourceTrees } from './core/rendering.ts';
import type { Declared } from './declaring.ts';

/** One that may declare something here: an engine's resource, or a source of the configuration. */
export interface PlannedOwner {
  readonly owner: OwnerRef;
  /** `revisions`: by repository, in place of the applied ones. Undefined: there is no such owner any more. Throws `git-*`. */
  readonly plan: (options: PlanOptions, signal: AbortSignal) => Promise<OwnerPlan | undefined>;
}

export interface OwnerPorts {
  readonly declare: (plan: OwnerPlan, signal: AbortSignal) => Promise<Declared>;
  readonly resolve: SourceTrees['resolve'];
}

export interface DeclaredOwners {
  readonly owners: readonly DiffOwner[];
  /** What failed, rather than being refused: the answer is incomplete. */
  readonly failures: readonly DiffGap[];
}

/** Renderings are processes of their own, and a laptop has a few cores. */
const atOnce = 4;

export interface DeclaringRun {
  readonly revisions: ReadonlyMap<string, string>;
  readonly onDone: (done: number) => void;
  readonly signal: AbortSignal;
}

export async function declareOwners(
  ports: OwnerPorts,
  planned: readonly PlannedOwner[],
  { revisions, onDone, signal }: DeclaringRun,
): Promise<DeclaredOwners> {
  const failures: DiffGap[] = [];
  let done = 0;
  onDone(done);
  const owners = await mapSome(planned, async ({ owner, plan: makePlan }) => {
    const plan = await orFailed(makePlan({ revisions }, signal), signal);
    const found = plan === undefined || isFailed(plan) ? plan : await ports.declare(plan, signal);
    onDone(++done);
    if (found?.kind === 'failed' && !refusedSources.includes(found.error.code)) {
      failures.push({ about: describeOwner(owner), says: found.error.message });
    }
    const sources = plan === undefined || isFailed(plan) ? [] : plan.sources;
    return { owner, sources, declared: judge(found) };
  });
  return { owners, failures };
}

type Failed = Extract<Declared, { kind: 'failed' }>;

async function orFailed<T>(work: Promise<T>, signal: AbortSignal): Promise<T | Failed> {
  try {
    return await work;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LockstepError)) throw error;
    return { kind: 'failed', error };
  }
}

function isFailed(plan: OwnerPlan | Failed): plan is Failed {
  return 'kind' in plan;
}

function judge(found: Declared | undefined): DiffOwner['declared'] {
  switch (found?.kind) {
    case 'declared':
      return { kind: 'declared', declaration: found.declaration };
    case 'not-rendered':
      return { kind: 'unknown', reason: found.reason, detail: found.detail };
    case 'failed':
      return { kind: 'unknown', reason: 'source-unreadable', detail: found.error.message };
    case undefined:
      return { kind: 'unknown', reason: 'owner-unreadable', detail: 'it vanished while it was read' };
  }
}

/** The commits of a branch, tag or commit in the owners' repositories. Throws `git-not-found` when none of them has it. */
export async function resolveRevision(
  { resolve }: OwnerPorts,
  planned: readonly PlannedOwner[],
  { revision, signal }: { readonly revision: string; readonly signal: AbortSignal },
): Promise<{ readonly revisions: ReadonlyMap<string, string>; readonly gaps: readonly DiffGap[] }> {
  const none = { revisions: new Map<string, string>() };
  // One whose plan fails is told when it is asked what it declares.
  const plans = await mapSome(planned, ({ plan }) => orFailed(plan(none, signal), signal));
  const sources = plans.flatMap((plan) => (plan === undefined || isFailed(plan) ? [] : plan.sources));
  const repositories = [...new Set(sources.map(({ repository }) => repository))].sort();
  const gaps: DiffGap[] = [];
  const revisions = new Map<string, string>();
  await mapSome(repositories, async (repository) => {
    const commit = await orFailed(resolve(repository, revision, signal), signal);
    if (typeof commit === 'string') revisions.set(repository, commit);
    else gaps.push({ about: repository, says: `${revision} was not found there (${commit.error.code}): as applied` });
  });
  if (revisions.size === 0) {
    const where =
      repositories.length === 0 ? 'nothing here is declared in Git' : `looked in ${repositories.join(', ')}`;
    throw new LockstepError('git-not-found', { message: `there is no revision ${revision}: ${where}` });
  }
  return { revisions, gaps };
}

/** In the order of the items, a few at a time. */
async function mapSome<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: { readonly at: number; readonly result: R }[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [at, item] of entries) results.push({ at, result: await work(item) });
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results.sort((a, b) => a.at - b.at).map(({ result }) => result);
}
