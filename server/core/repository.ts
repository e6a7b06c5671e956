// The port to one Git repository: read at a revision, commit without a work tree, push with a lease.

/** A ref as last seen on the remote. */
export interface Head {
  readonly commit: string;
  readonly parents: readonly string[];
  /** Email of the committer: tells Lockstep's commits from a person's. */
  readonly committer: string;
  /** Milliseconds since the epoch. */
  readonly committedAt: number;
  readonly message: string;
}

export interface RepositoryFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface CommitDraft {
  /** The commit whose tree is changed; undefined starts from an empty tree. */
  readonly onto: string | undefined;
  readonly parents: readonly string[];
  readonly files: readonly RepositoryFile[];
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** `from` is the exact value expected on the remote, undefined for "absent"; `to` undefined deletes. */
export interface RefUpdate {
  readonly ref: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** moved: another writer was faster, observe again. refused: the server does not want it (hook, protected branch). */
export type PushResult = 'pushed' | 'moved' | 'refused';

export interface MergeDraft {
  readonly base: string;
  readonly head: string;
  readonly message: string;
  readonly at: number;
}

export type MergeResult = { readonly kind: 'merged'; readonly commit: string } | { readonly kind: 'conflict' };

/**
 * Throws LockstepError git-unreachable, git-unauthorized, git-not-found or git-failed. Calls of one repository run one
 * after the other.
 */
export interface Repository {
  /** Full ref names or patterns ending in `/*`; answers with those that exist, full name first. */
  refresh(refs: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Head>>;
  /** The regular files below `path` ('' is the root) whose names end in one of `endings`, at a commit. */
  files(query: FileQuery, signal: AbortSignal): Promise<readonly RepositoryFile[]>;
  /** Writes a commit into the mirror only. */
  commit(draft: CommitDraft, signal: AbortSignal): Promise<string>;
  /** All updates or none. An outcome that got lost is looked up before this answers. */
  push(updates: readonly RefUpdate[], signal: AbortSignal): Promise<PushResult>;
  /** True when `ancestor` is reachable from `commit`. */
  contains(query: ContainsQuery, signal: AbortSignal): Promise<boolean>;
  /** Merges two commits into a commit of the mirror. */
  merge(draft: MergeDraft, signal: AbortSignal): Promise<MergeResult>;
}

export interface FileQuery {
  readonly revision: string;
  readonly path: string;
  readonly endings: readonly string[];
}

export interface ContainsQuery {
  readonly commit: string;
  readonly ancestor: string;
  /** When the ancestor was committed at the earliest, in milliseconds: history is fetched as far back as this. */
  readonly since: number;
}
