// One source, level-based: observe base, branch and pull requests; decide; act. With nothing new it writes nothing.
import type { BranchState, NotRecordable, SourceDecision } from '../core/decide-source.ts';
import { decideSource } from '../core/decide-source.ts';
import { LockstepError } from '../core/errors.ts';
import type { Forge, PullDraft, PullRequest } from '../core/forge.ts';
import type { SourceRef } from '../core/pull-request.ts';
import { branchOf, describeCommit, describePull, hashResult, resultOf } from '../core/pull-request.ts';
import type { Change, Proposal } from '../core/record.ts';
import { fingerprint } from '../core/record.ts';
import type { Head, Repository } from '../core/repository.ts';
import type { SurveyedFile } from '../declared/locate.ts';
import { surveyFiles } from '../declared/locate.ts';
import type { Plan } from '../declared/plan.ts';
import { planEdits } from '../declared/plan.ts';
import { decodeText } from '../declared/read.ts';

export interface SourceReconcilerOptions {
  readonly source: SourceRef;
  readonly repository: Repository;
  readonly forge: Forge;
  /** All wishes for this source, complete: what is missing here is withdrawn from the open pull request. */
  readonly proposals: () => readonly Proposal[];
  readonly clock: { now(): number };
  /** Committer of Lockstep's commits: tells them from a person's. */
  readonly email: string;
  /** observe: decides and says so, writes nothing. */
  readonly mode: 'enforce' | 'observe';
}

export interface SourceOutcome {
  readonly decision: SourceDecision;
  /** The open pull request after this, when there is one. */
  readonly pull: PullRequest | undefined;
  readonly notRecordable: readonly NotRecordable[];
  readonly declined: readonly Change[];
  /** The base commit this was decided on. */
  readonly revision: string;
}

export interface SourceReconciler {
  /** Throws LockstepError of the git- family; whatever it got done stays, and the next call goes on from there. */
  reconcile(signal: AbortSignal): Promise<SourceOutcome>;
}

/** A branch that moves under us this often within one call is left to the next. */
const maxAttempts = 4;

export function createSourceReconciler(options: SourceReconcilerOptions): SourceReconciler {
  const readSurvey = createSurveyCache(options);
  return {
    reconcile: async (signal) => {
      for (let attempt = 0; attempt < maxAttempts; attempt++) {
        const observation = await observe(options, readSurvey, signal);
        const decision = decideSource({ ...observation.plan, ...observation });
        const settled = options.mode === 'observe' || (await act(options, { ...observation, decision, signal }));
        if (settled !== false) return outcomeOf(observation, decision, settled === true ? undefined : settled);
      }
      throw new LockstepError('git-conflict', {
        message: `the branch ${branchOf(options.source)} of ${options.source.repository} keeps moving`,
      });
    },
  };
}

interface Observation {
  readonly base: Head;
  readonly head: Head | undefined;
  readonly branch: BranchState;
  readonly pulls: readonly PullRequest[];
  readonly plan: Plan;
  readonly result: string;
}

type ReadSurvey = (revision: string, signal: AbortSignal) => Promise<readonly SurveyedFile[]>;

async function observe(
  options: SourceReconcilerOptions,
  readSurvey: ReadSurvey,
  signal: AbortSignal,
): Promise<Observation> {
  const { source, repository, forge } = options;
  const names = { base: source.branch, head: branchOf(source) };
  const refs = { base: `refs/heads/${names.base}`, head: `refs/heads/${names.head}` };
  // Pull requests first: what is merged in between is then in the base that is read.
  const pulls = await forge.list(names, signal);
  const heads = await repository.refresh([refs.base, refs.head], signal);
  const base = heads.get(refs.base);
  const head = heads.get(refs.head);
  if (base === undefined) {
    throw new LockstepError('git-not-found', {
      message: `the repository ${source.repository} has no branch ${source.branch}`,
    });
  }
  const survey = await readSurvey(base.commit, signal);
  const plan = planEdits({ survey, proposals: options.proposals(), namespace: source.namespace, pulls });
  const branch = await readBranch(options, { base, head, signal });
  return { base, head, branch, pulls, plan, result: hashResult(plan.files) };
}

async function readBranch(
  options: SourceReconcilerOptions,
  { base, head, signal }: { base: Head; head: Head | undefined; signal: AbortSignal },
): Promise<BranchState> {
  if (head === undefined) return { kind: 'absent' };
  const result = head.committer === options.email ? resultOf(head.message) : undefined;
  if (result !== undefined) return { kind: 'ours', result };
  const since = head.committedAt - 1;
  const merged = await options.repository.contains({ commit: base.commit, ancestor: head.commit, since }, signal);
  return { kind: 'foreign', merged };
}

interface Work extends Observation {
  readonly decision: SourceDecision;
  readonly signal: AbortSignal;
}

/** The pull request left open, undefined for none; false when another writer was faster and all must be read anew. */
async function act(options: SourceReconcilerOptions, work: Work): Promise<PullRequest | undefined | false> {
  const { decision, signal } = work;
  switch (decision.action) {
    case 'none':
    case 'yield':
      return work.pulls.find(({ state }) => state === 'open');
    case 'close':
      await options.forge.close(decision.pull.number, 'lockstep', signal);
      return undefined;
    case 'open':
      await options.forge.settle({ base: options.source.branch, head: branchOf(options.source) }, signal);
      return propose(options, work, (draft) => options.forge.open(draft, signal));
    case 'update':
      return propose(options, work, (draft) => options.forge.update(decision.pull.number, draft, signal));
  }
}

async function propose(
  options: SourceReconcilerOptions,
  work: Work,
  write: (draft: PullDraft) => Promise<PullRequest>,
): Promise<PullRequest | false> {
  const keeps = 'branch' in work.decision && work.decision.branch === 'keep';
  const headCommit = keeps ? work.head?.commit : await publish(options, work);
  return headCommit === undefined ? false : write(draftOf(options.source, work.plan.changes, headCommit));
}

/** One commit on the base, pushed in place of the branch as it was seen; undefined when the branch moved meanwhile. */
async function publish(options: SourceReconcilerOptions, work: Work): Promise<string | undefined> {
  const { repository, source, clock } = options;
  const files = [...work.plan.files].map(([path, text]) => ({ path, bytes: new TextEncoder().encode(text) }));
  const message = describeCommit(work.plan.changes, work.result);
  const { commit: onto } = work.base;
  const commit = await repository.commit({ onto, parents: [onto], files, message, at: clock.now() }, work.signal);
  const ref = `refs/heads/${branchOf(source)}`;
  const outcome = await repository.push([{ ref, from: work.head?.commit, to: commit }], work.signal);
  if (outcome === 'refused') {
    throw new LockstepError('git-push-refused', {
      message: `the server of ${source.repository} refuses to write ${ref}`,
    });
  }
  return outcome === 'pushed' ? commit : undefined;
}

function draftOf(source: SourceRef, changes: readonly Change[], headCommit: string): PullDraft {
  return {
    ...describePull(source, changes),
    base: source.branch,
    head: branchOf(source),
    headCommit,
    proposed: fingerprint(changes),
  };
}

function outcomeOf(observation: Observation, decision: SourceDecision, pull: PullRequest | undefined): SourceOutcome {
  const { notRecordable, declined } = observation.plan;
  return { decision, pull, notRecordable, declined, revision: observation.base.commit };
}

/** The files of the last base commit: an idle source reads nothing twice. */
function createSurveyCache({ repository, source }: SourceReconcilerOptions): ReadSurvey {
  const endings = ['.yaml', '.yml', '.json', '/Kustomization'];
  let cached: { revision: string; survey: readonly SurveyedFile[] } | undefined;
  return async (revision, signal) => {
    if (cached?.revision === revision) return cached.survey;
    const files = await repository.files({ revision, path: source.path, endings }, signal);
    const texts = files.map(({ path, bytes }) => ({ path, text: decodeText(bytes) ?? '' }));
    cached = { revision, survey: surveyFiles(texts, source.path) };
    return cached.survey;
  };
}
