// The repository port over a mirror: one call at a time, so that two of them never race in one directory.
import type { Repository } from '../core/repository.ts';
import type { Mirror, MirrorOptions } from './mirror.ts';
import { openMirror } from './mirror.ts';
import type { Author } from './publish.ts';
import { mergeCommits, pushRefs, writeCommit } from './publish.ts';
import { fetchCommits, readFiles, refresh } from './read.ts';
import { checkCommit } from './validate.ts';

export interface RepositoryOptions extends MirrorOptions {
  readonly author?: Author;
}

/** Answers that are kept: one for each open pull request and commit of its base. */
const containedMost = 1_000;

export const defaultAuthor: Author = { name: 'Lockstep', email: 'lockstep@lockstep.dev' };

/** Throws git-url-refused for a URL that may not be used. */
export function openRepository(options: RepositoryOptions): Repository {
  const mirror = openMirror(options);
  const author = options.author ?? defaultAuthor;
  const inOrder = createQueue();
  /** Whether one commit contains another never changes. */
  const contained = new Map<string, boolean>();
  return {
    refresh: (refs, signal) => inOrder(() => refresh(mirror, refs, signal)),
    files: (query, signal) => inOrder(() => readFiles(mirror, query, signal)),
    commit: (draft, signal) => inOrder(() => writeCommit(mirror, author, draft, signal)),
    push: (updates, signal) => inOrder(() => pushRefs(mirror, updates, signal)),
    merge: (draft, signal) => inOrder(() => mergeCommits(mirror, author, draft, signal)),
    contains: (query, signal) =>
      inOrder(async () => {
        const name = `${query.commit} ${query.ancestor}`;
        const known = contained.get(name) ?? (await containsCommit(mirror, query, signal));
        if (contained.size >= containedMost) contained.clear();
        contained.set(name, known);
        return known;
      }),
  };
}

async function containsCommit(
  mirror: Mirror,
  query: { commit: string; ancestor: string; since: number },
  signal: AbortSignal,
): Promise<boolean> {
  const commit = checkCommit(query.commit);
  const ancestor = checkCommit(query.ancestor);
  if (commit === ancestor || (await isAncestor(mirror, { commit, ancestor }, signal))) return true;
  const tip = await mirror.local({ args: ['show', '--no-patch', '--format=%ct', commit], signal });
  // A tip older than the ancestor cannot contain it, and git has no answer for an empty range.
  if (Number(tip.stdout.toString('utf8').trim()) * 1000 < query.since) return false;
  await fetchCommits(mirror, [`--shallow-since=${Math.floor(query.since / 1000)}`], [commit], signal);
  return isAncestor(mirror, { commit, ancestor }, signal);
}

async function isAncestor(
  mirror: Mirror,
  pair: { commit: string; ancestor: string },
  signal: AbortSignal,
): Promise<boolean> {
  const end = await mirror.local(
    { args: ['merge-base', '--is-ancestor', pair.ancestor, pair.commit], signal },
    [0, 1, 128],
  );
  return end.code === 0;
}

function createQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task, task);
    last = result;
    return result;
  };
}
