// Writes: commits by plumbing without a work tree, pushes with a lease, merges two commits.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  CommitDraft,
  MergeDraft,
  MergeResult,
  PushResult,
  RefUpdate,
  RepositoryFile,
} from '../core/repository.ts';
import type { Mirror } from './mirror.ts';
import { fetchCommits, listRemote } from './read.ts';
import { everyCode } from './run.ts';
import { checkCommit, checkPath, checkRef } from './validate.ts';

export interface Author {
  readonly name: string;
  readonly email: string;
}

/** History is fetched in growing steps until the two sides meet; the last step is all of it. */
const deepenings = ['--deepen=64', '--deepen=1024', '--unshallow'];

/** Writes a commit into the mirror: the tree of `onto` with the given files set. */
export async function writeCommit(
  mirror: Mirror,
  author: Author,
  draft: CommitDraft,
  signal: AbortSignal,
): Promise<string> {
  const tree = await writeTree(mirror, draft, signal);
  return commitTree(mirror, author, { ...draft, tree }, signal);
}

/** Pushes all or nothing, each ref only from the value expected. A lost answer is looked up, never assumed. */
export async function pushRefs(
  mirror: Mirror,
  updates: readonly RefUpdate[],
  signal: AbortSignal,
): Promise<PushResult> {
  for (const { ref, from, to } of updates) {
    checkRef(ref);
    if (from !== undefined) checkCommit(from);
    if (to !== undefined) checkCommit(to);
  }
  const leases = updates.map(({ ref, from }) => `--force-with-lease=${ref}:${from ?? ''}`);
  const refspecs = updates.map(({ ref, to }) => `${to ?? ''}:${ref}`);
  const options = ['push', '--quiet', '--porcelain', '--atomic', '--no-verify', '--recurse-submodules=no'];
  const end = await mirror.remote({ args: [...options, ...leases, '--', 'origin', ...refspecs], signal }, everyCode);
  if (end.code === 0) return 'pushed';
  const refs = await listRemote(
    mirror,
    updates.map(({ ref }) => ref),
    signal,
  );
  if (updates.every(({ ref, to }) => refs.get(ref) === to)) return 'pushed';
  if (updates.some(({ ref, from }) => refs.get(ref) !== from)) return 'moved';
  return end.code === 1 ? 'refused' : mirror.explain('git-receive-pack', signal);
}

/** Merges without a work tree; history is fetched as far as needed. */
export async function mergeCommits(
  mirror: Mirror,
  author: Author,
  draft: MergeDraft,
  signal: AbortSignal,
): Promise<MergeResult> {
  const sides = [checkCommit(draft.base), checkCommit(draft.head)] as const;
  if (!(await meet(mirror, sides, signal))) return { kind: 'conflict' };
  const args = ['merge-tree', '--write-tree', '--no-messages', ...sides];
  const end = await mirror.remote({ args, signal }, [0, 1]);
  if (end.code !== 0) return { kind: 'conflict' };
  const tree = checkCommit(end.stdout.toString('utf8').trim());
  const commit = await commitTree(
    mirror,
    author,
    { tree, parents: sides, message: draft.message, at: draft.at },
    signal,
  );
  return { kind: 'merged', commit };
}

async function writeTree(mirror: Mirror, draft: CommitDraft, signal: AbortSignal): Promise<string> {
  const index = join(mirror.directory, `index-${process.pid}-${indexes++}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    const start = draft.onto === undefined ? ['--empty'] : [checkCommit(draft.onto)];
    await mirror.local({ args: ['read-tree', ...start], env, signal });
    const lines: string[] = [];
    for (const file of draft.files) lines.push(await indexLine(mirror, draft.onto, file, signal));
    if (lines.length > 0)
      await mirror.local({ args: ['update-index', '-z', '--index-info'], input: lines.join(''), env, signal });
    const end = await mirror.local({ args: ['write-tree', '--missing-ok'], env, signal });
    return end.stdout.toString('utf8').trim();
  } finally {
    await rm(index, { force: true });
  }
}

/** Index files are named apart so that two commits never share one. */
let indexes = 0;

async function indexLine(
  mirror: Mirror,
  onto: string | undefined,
  file: RepositoryFile,
  signal: AbortSignal,
): Promise<string> {
  const path = checkPath(file.path);
  const written = await mirror.local({
    args: ['hash-object', '-w', '--no-filters', '--stdin'],
    input: file.bytes,
    signal,
  });
  const blob = written.stdout.toString('utf8').trim();
  const old =
    onto === undefined
      ? ''
      : (await mirror.local({ args: ['ls-tree', '-z', '--full-tree', onto, '--', path], signal })).stdout.toString(
          'utf8',
        );
  return `${old.startsWith('100755 ') ? '100755' : '100644'} ${blob}\t${path}\0`;
}

interface TreeDraft {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly at: number;
}

async function commitTree(mirror: Mirror, author: Author, draft: TreeDraft, signal: AbortSignal): Promise<string> {
  const date = `@${Math.floor(draft.at / 1000)} +0000`;
  const env = {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
    GIT_COMMITTER_DATE: date,
  };
  const parents = draft.parents.flatMap((parent) => ['-p', checkCommit(parent)]);
  const end = await mirror.local({ args: ['commit-tree', draft.tree, ...parents], input: draft.message, env, signal });
  return end.stdout.toString('utf8').trim();
}

/** Fetches history until both sides share a commit; false when they have nothing in common. */
async function meet(mirror: Mirror, sides: readonly [string, string], signal: AbortSignal): Promise<boolean> {
  for (const deepening of deepenings) {
    if (await haveCommonAncestor(mirror, sides, signal)) return true;
    const shallow = await mirror.local({ args: ['rev-parse', '--is-shallow-repository'], signal });
    if (shallow.stdout.toString('utf8').trim() !== 'true') return false;
    await fetchCommits(mirror, [deepening], sides, signal);
  }
  return haveCommonAncestor(mirror, sides, signal);
}

async function haveCommonAncestor(
  mirror: Mirror,
  sides: readonly [string, string],
  signal: AbortSignal,
): Promise<boolean> {
  return (await mirror.local({ args: ['merge-base', ...sides], signal }, [0, 1])).code === 0;
}
