// Lists commits' trees for many callers at once: those that are here at once, the others after one fetch for all of them.
import { LockstepError } from '../core/errors.ts';
import type { Backoff } from './backoff.ts';
import type { Asked, Desk } from './batch.ts';
import { createDesk } from './batch.ts';
import type { Remotely } from './blobs.ts';
import { fetchCommits, fetchWhole, findRoots } from './commits.ts';
import type { Listing } from './listing.ts';
import { createListingReader } from './listing.ts';
import type { Mirror } from './mirror.ts';
import { everyCode } from './run.ts';
import { displayUrl } from './validate.ts';

type Lister = Asked<string, Listing>;

export interface ListOptions {
  readonly mirror: Mirror;
  /** Remembers commits that the remote does not give. */
  readonly backoff: Backoff;
  readonly remotely: Remotely;
  readonly stop: AbortSignal;
}

/** The wish is a commit. Throws `git-revision-not-found`, `git-tree-refused`, `git-too-large` and what a fetch throws. */
export function createListDesk(options: ListOptions): Desk<string, Listing> {
  const { mirror, stop } = options;
  return createDesk<string, Listing>({
    answer: async (listers) => {
      const roots = await findRoots(mirror, [...new Set(listers.map(({ wish }) => wish))], stop);
      for (const [revision, root] of roots) await answerList({ mirror, stop, revision, root }, listers);
      return listers.filter(({ wish }) => !roots.has(wish));
    },
    fetch: (listers) => fetchFor(options, listers),
    notGiven: (revision) =>
      new LockstepError('git-revision-not-found', {
        message: `${revision} in ${displayUrl(mirror.address.url)} is no commit`,
      }),
  });
}

async function fetchFor(options: ListOptions, listers: readonly Lister[]): Promise<readonly Lister[]> {
  const wanted = listers.filter((lister) => isWorthAsking(options, lister));
  const groups = Map.groupBy(wanted, ({ wish }) => wish);
  if (groups.size === 0) return [];
  const isFetched = await options.remotely((signal) => fetchCommits(options.mirror, [...groups.keys()], signal));
  if (isFetched) return wanted;
  const fetched: Lister[] = [];
  for (const [revision, some] of groups) {
    await fetchAlone(options, revision, groups.size).then(
      () => fetched.push(...some),
      (error: unknown) => some.forEach(({ reject }) => reject(error)),
    );
  }
  return fetched;
}

/** One commit that is not there must not keep others from theirs. */
async function fetchAlone({ mirror, backoff, remotely }: ListOptions, revision: string, among: number): Promise<void> {
  const key = keyOf(mirror, revision);
  try {
    await remotely(async (signal) => {
      const isGiven = among > 1 && (await fetchCommits(mirror, [revision], signal));
      if (!isGiven || !(await findRoots(mirror, [revision], signal)).has(revision))
        await fetchWhole(mirror, { revision, refused: 'commit' }, signal);
    });
    backoff.succeeded(key);
  } catch (error) {
    if (isAboutOneCommit(error)) backoff.failed(key, error);
    throw error;
  }
}

function isWorthAsking({ mirror, backoff }: ListOptions, { wish, reject }: Lister): boolean {
  try {
    backoff.check(keyOf(mirror, wish));
    return true;
  } catch (error) {
    reject(error);
    return false;
  }
}

function keyOf(mirror: Mirror, revision: string): string {
  return `${mirror.address.url} ${revision}`;
}

/** Says nothing about the remote as a whole. */
export function isAboutOneCommit(error: unknown): boolean {
  return error instanceof LockstepError && error.code === 'git-revision-not-found';
}

interface ListJob {
  readonly mirror: Mirror;
  readonly stop: AbortSignal;
  readonly revision: string;
  readonly root: string;
}

/** What is wrong with one tree is no concern of the others. */
async function answerList({ mirror, stop, revision, root }: ListJob, listers: readonly Lister[]): Promise<void> {
  const own = listers.filter(({ wish }) => wish === revision);
  try {
    const reader = createListingReader(`${displayUrl(mirror.address.url)} at ${revision}`, root);
    const args = ['ls-tree', '-r', '-t', '-z', '--full-tree', revision];
    const end = await mirror.stream({ args, signal: stop, take: (chunk) => reader.take(chunk) }, everyCode);
    if (end.code !== 0) throw damaged(`${displayUrl(mirror.address.url)} at ${revision}`);
    const listing = reader.end();
    for (const { resolve } of own) resolve(listing);
  } catch (error) {
    for (const { reject } of own) reject(error);
  }
}

function damaged(name: string): LockstepError {
  return new LockstepError('git-tree-refused', {
    message: `the tree of ${name} is refused: folders of it are missing or damaged`,
  });
}
