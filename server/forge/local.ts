// The forge of a bare repository that has none: a pull request is a branch plus a record, and the record is a commit
// message under refs/lockstep/pulls/<number>, pushed with a lease like any ref.
import { LockstepError } from '../core/errors.ts';
import type { Forge, MergeOutcome, PullDraft, PullRequest } from '../core/forge.ts';
import type { Head, RefUpdate, Repository } from '../core/repository.ts';
import { formatRecord, parseRecord } from './record.ts';

export interface LocalForgeOptions {
  readonly repository: Repository;
  readonly clock: { now(): number };
}

const recordPrefix = 'refs/lockstep/pulls/';
const recordPattern = `${recordPrefix}*`;
/** How often a write is tried when other writers are faster. */
const maxAttempts = 8;
/** How far clocks of committers may be apart: history is searched back this much further. */
const skewMs = 24 * 60 * 60 * 1000;

export function createLocalForge({ repository, clock }: LocalForgeOptions): Forge {
  const deps = { repository, clock };
  return {
    list: async (query, signal) => {
      const { records } = await observe(deps, query, signal);
      return records.map(({ pull }) => pull);
    },
    settle: (query, signal) => settlePulls(deps, query, signal),
    open: (draft, signal) => openPull(deps, draft, signal),
    update: (number, draft, signal) =>
      rewrite(deps, { number, signal }, (pull, now) => ({ ...pull, ...draft, updatedAt: now })),
    close: (number, by, signal) =>
      rewrite(deps, { number, signal }, (pull, now) => ({ ...pull, state: 'closed', endedBy: by, updatedAt: now })),
    merge: (number, signal) => mergePull(deps, number, signal),
  };
}

/** A record as stored, and the pull request as plain git has left it meanwhile. */
interface Entry {
  readonly ref: string;
  readonly commit: string;
  readonly stored: PullRequest;
  readonly pull: PullRequest;
}

interface Observation {
  /** Newest first. */
  readonly records: readonly Entry[];
  readonly branches: ReadonlyMap<string, Head>;
}

async function observe(
  deps: LocalForgeOptions,
  query: { base?: string; head?: string },
  signal: AbortSignal,
): Promise<Observation> {
  const named = [query.base, query.head].filter((name) => name !== undefined).map(branchRef);
  const first = await deps.repository.refresh([recordPattern, ...named], signal);
  const stored = [...first]
    .filter(([ref]) => ref.startsWith(recordPrefix))
    .flatMap(([ref, head]) => {
      const pull = parseRecord(Number(ref.slice(recordPrefix.length)), head.message);
      const isAsked = (query.base ?? pull?.base) === pull?.base && (query.head ?? pull?.head) === pull?.head;
      return pull === undefined || !isAsked ? [] : [{ ref, commit: head.commit, stored: pull }];
    });
  const open = stored
    .filter((entry) => entry.stored.state === 'open')
    .flatMap((entry) => [entry.stored.base, entry.stored.head]);
  const others = [...new Set(open.map(branchRef))].filter((ref) => !named.includes(ref));
  const second = others.length === 0 ? first : await deps.repository.refresh(others, signal);
  const branches = new Map([...first, ...second]);
  const records: Entry[] = [];
  for (const entry of stored) records.push({ ...entry, pull: await settle(deps, entry.stored, { branches, signal }) });
  return { records: records.sort((a, b) => b.pull.number - a.pull.number), branches };
}

/** What plain git did to an open pull request: base has it, so it is merged; its branch is gone, so it is closed. */
async function settle(
  deps: LocalForgeOptions,
  pull: PullRequest,
  world: { branches: ReadonlyMap<string, Head>; signal: AbortSignal },
): Promise<PullRequest> {
  if (pull.state !== 'open') return pull;
  const base = world.branches.get(branchRef(pull.base));
  const head = world.branches.get(branchRef(pull.head));
  const since = pull.updatedAt - skewMs;
  for (const ancestor of new Set([pull.headCommit, head?.commit ?? pull.headCommit])) {
    if (
      base !== undefined &&
      (await deps.repository.contains({ commit: base.commit, ancestor, since }, world.signal))
    ) {
      return { ...pull, state: 'merged', endedBy: 'person' };
    }
  }
  return head === undefined ? { ...pull, state: 'closed', endedBy: 'person' } : pull;
}

async function settlePulls(
  deps: LocalForgeOptions,
  query: { base: string; head: string },
  signal: AbortSignal,
): Promise<void> {
  await attempt(async () => {
    const { records } = await observe(deps, query, signal);
    const updates: RefUpdate[] = [];
    for (const { pull, stored, commit } of records) {
      if (pull.state !== stored.state) updates.push(await recordUpdate(deps, pull, commit, signal));
    }
    return updates.length === 0 || (await push(deps, updates, signal)) ? true : undefined;
  });
}

async function openPull(deps: LocalForgeOptions, draft: PullDraft, signal: AbortSignal): Promise<PullRequest> {
  return attempt(async () => {
    const all = await deps.repository.refresh([recordPattern], signal);
    const { records } = await observe(deps, { base: draft.base, head: draft.head }, signal);
    const existing = records.find(({ pull }) => pull.state === 'open');
    if (existing !== undefined) return existing.pull;
    const numbers = [...all.keys()].map((ref) => Number(ref.slice(recordPrefix.length)));
    const number = Math.max(0, ...numbers.filter(Number.isSafeInteger)) + 1;
    const now = deps.clock.now();
    const pull: PullRequest = { ...draft, number, state: 'open', endedBy: undefined, createdAt: now, updatedAt: now };
    const updates = [await recordUpdate(deps, pull, undefined, signal)];
    return (await push(deps, updates, signal)) ? pull : undefined;
  });
}

interface Target {
  readonly number: number;
  readonly signal: AbortSignal;
}

async function rewrite(
  deps: LocalForgeOptions,
  { number, signal }: Target,
  change: (pull: PullRequest, now: number) => PullRequest,
): Promise<PullRequest> {
  return attempt(async () => {
    const { entry, branches } = await find(deps, number, signal);
    if (entry.pull.state !== 'open') return entry.pull;
    const pull = change(entry.pull, deps.clock.now());
    const updates = [await recordUpdate(deps, pull, entry.commit, signal)];
    if (pull.state === 'closed') updates.push(...deleteBranch(entry.pull, branches));
    return (await push(deps, updates, signal)) ? pull : undefined;
  });
}

async function mergePull(deps: LocalForgeOptions, number: number, signal: AbortSignal): Promise<MergeOutcome> {
  const { entry, branches } = await find(deps, number, signal);
  const { pull } = entry;
  const base = branches.get(branchRef(pull.base));
  const head = branches.get(branchRef(pull.head));
  if (pull.state !== 'open') return 'not-open';
  if (base === undefined || head === undefined) return 'moved';
  const now = deps.clock.now();
  const message = `Merge pull request #${number} from ${pull.head}\n\n${pull.title}\n`;
  const result = await deps.repository.merge({ base: base.commit, head: head.commit, message, at: now }, signal);
  if (result.kind === 'conflict') return 'conflict';
  const merged: PullRequest = { ...pull, headCommit: head.commit, state: 'merged', endedBy: 'person', updatedAt: now };
  const outcome = await deps.repository.push(
    [
      { ref: branchRef(pull.base), from: base.commit, to: result.commit },
      { ref: branchRef(pull.head), from: head.commit, to: undefined },
      await recordUpdate(deps, merged, entry.commit, signal),
    ],
    signal,
  );
  return outcome === 'pushed' ? 'merged' : outcome;
}

async function find(
  deps: LocalForgeOptions,
  number: number,
  signal: AbortSignal,
): Promise<{ entry: Entry; branches: ReadonlyMap<string, Head> }> {
  const { records, branches } = await observe(deps, {}, signal);
  const entry = records.find(({ pull }) => pull.number === number);
  if (entry === undefined)
    throw new LockstepError('pull-not-found', { message: `there is no pull request #${number}` });
  return { entry, branches };
}

async function recordUpdate(
  deps: LocalForgeOptions,
  pull: PullRequest,
  from: string | undefined,
  signal: AbortSignal,
): Promise<RefUpdate> {
  const parents = from === undefined ? [] : [from];
  const draft = { onto: undefined, parents, files: [], message: formatRecord(pull), at: deps.clock.now() };
  return { ref: `${recordPrefix}${pull.number}`, from, to: await deps.repository.commit(draft, signal) };
}

/** Only while it is what was proposed: a person's commits are not thrown away. */
function deleteBranch(pull: PullRequest, branches: ReadonlyMap<string, Head>): RefUpdate[] {
  const ref = branchRef(pull.head);
  return branches.get(ref)?.commit === pull.headCommit ? [{ ref, from: pull.headCommit, to: undefined }] : [];
}

/** False when another writer was faster. */
async function push(deps: LocalForgeOptions, updates: readonly RefUpdate[], signal: AbortSignal): Promise<boolean> {
  const outcome = await deps.repository.push(updates, signal);
  if (outcome === 'refused') {
    throw new LockstepError('git-push-refused', {
      message: `the server refuses to write ${updates.map(({ ref }) => ref).join(', ')}`,
    });
  }
  return outcome === 'pushed';
}

async function attempt<T>(write: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < maxAttempts; tries++) {
    const result = await write();
    if (result !== undefined) return result;
  }
  throw new LockstepError('git-conflict', { message: 'other writers keep changing the pull requests’ records' });
}

function branchRef(name: string): string {
  return `refs/heads/${name}`;
}
