// Which owners to ask what they declare, and asking them: a few at a time, at the applied revision or at another.
import type { Declaration } from './core/declaration.ts';
import type { DiffOwner } from './core/diff-declared.ts';
import { describeOwner, type DiffGap, type OwnerRef } from './core/diff-row.ts';
import { LockstepError } from './core/errors.ts';
import type { DeclaredSource, OwnerPlan, PlanOptions } from './core/engine.ts';
import type { RenderRefusal, SourceTrees } from './core/rendering.ts';

/** One that may declare something here: an engine's resource, or a source of the configuration. */
export interface PlannedOwner {
  readonly owner: OwnerRef;
  /** `revisions`: by repository, in place of the applied ones. Undefined: there is no such owner any more. */
  readonly plan: (options: PlanOptions) => OwnerPlan | undefined;
}

export type Declared =
  | { readonly kind: 'declared'; readonly declaration: Declaration; readonly sources: readonly DeclaredSource[] }
  | RenderRefusal
  | { readonly kind: 'failed'; readonly error: LockstepError };

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
  const owners = await mapSome(planned, async ({ owner, plan: makePlan }) => {
    const plan = makePlan({ revisions });
    const found = plan === undefined ? undefined : await ports.declare(plan, signal);
    onDone(++done);
    if (found?.kind === 'failed') failures.push({ about: describeOwner(owner), says: found.error.message });
    return { owner, sources: plan?.sources ?? [], declared: judge(found) };
  });
  return { owners, failures };
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
  const sources = planned.flatMap(({ plan }) => plan(none)?.sources ?? []);
  const repositories = [...new Set(sources.map(({ repository }) => repository))].sort();
  const gaps: DiffGap[] = [];
  const revisions = new Map<string, string>();
  await mapSome(repositories, async (repository) => {
    try {
      revisions.set(repository, await resolve(repository, revision, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof LockstepError)) throw error;
      gaps.push({ about: repository, says: `${revision} was not found there (${error.code}): compared as applied` });
    }
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
  const results = new Map<number, R>();
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [at, item] of entries) results.set(at, await work(item));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return items.flatMap((_, at) => (results.has(at) ? [results.get(at) as R] : []));
}
