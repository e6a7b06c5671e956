// The port to what holds pull requests.
import type { Proposed } from './record.ts';

export type PullState = 'open' | 'merged' | 'closed';

export interface PullRequest {
  readonly number: number;
  readonly state: PullState;
  readonly title: string;
  readonly body: string;
  /** Branch names, without `refs/heads/`. */
  readonly base: string;
  readonly head: string;
  /** The commit last proposed. */
  readonly headCommit: string;
  /** What it proposes, so that it is not proposed again once a person has decided. */
  readonly proposed: Proposed;
  /** Who ended it; undefined while open. */
  readonly endedBy: 'lockstep' | 'person' | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface PullDraft {
  readonly title: string;
  readonly body: string;
  readonly base: string;
  readonly head: string;
  readonly headCommit: string;
  readonly proposed: Proposed;
}

/** conflict: base and head changed the same lines. moved: base or head moved meanwhile, look again. */
export type MergeOutcome = 'merged' | 'conflict' | 'moved' | 'refused' | 'not-open';

/** Throws LockstepError of the git- family, and pull-not-found. */
export interface Forge {
  /** Every pull request from `head` into `base` (both optional), newest first. Writes nothing. */
  list(query: { base?: string; head?: string }, signal: AbortSignal): Promise<readonly PullRequest[]>;
  /**
   * Writes down what happened to pull requests of `head` outside the forge (a plain `git merge`, a deleted branch), before
   * the branch is used again. Nothing to do for a forge that sees it by itself.
   */
  settle(query: { base: string; head: string }, signal: AbortSignal): Promise<void>;
  /** Opens one, or answers with the open one of the same base and head when another writer was faster. */
  open(draft: PullDraft, signal: AbortSignal): Promise<PullRequest>;
  update(number: number, draft: PullDraft, signal: AbortSignal): Promise<PullRequest>;
  /** Closing what is closed already is success. */
  close(number: number, by: 'lockstep' | 'person', signal: AbortSignal): Promise<PullRequest>;
  merge(number: number, signal: AbortSignal): Promise<MergeOutcome>;
}
