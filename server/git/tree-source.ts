// One repository whose commits are read: a mirror, what is asked of it in batches, and the memory of its failures.
import { formatDuration } from '../core/duration.ts';
import { LockstepError } from '../core/errors.ts';
import type { Asked, Desk } from './batch.ts';
import { createDesk } from './batch.ts';
import type { Backoff } from './backoff.ts';
import type { BlobWish, Contents } from './blobs.ts';
import { createBlobDesk } from './blobs.ts';
import { fetchCommits, fetchWhole, findRoots } from './commits.ts';
import type { Listing } from './listing.ts';
import { createListingReader } from './listing.ts';
import type { Mirror } from './mirror.ts';
import { everyCode } from './run.ts';
import { checkRefName, findRef, listRefs } from './refs.ts';
import { checkCommit, displayUrl } from './validate.ts';

export interface TreeSource {
  list(revision: string, signal: AbortSignal): Promise<Listing>;
  read(wish: BlobWish, signal: AbortSignal): Promise<Contents>;
  resolve(ref: string, signal: AbortSignal): Promise<string>;
  readonly isIdle: boolean;
}

export interface TreeSourceOptions {
  readonly mirror: Mirror;
  readonly backoff: Backoff;
  /** Waits for a free slot of the repository's host. */
  readonly slot: <T>(work: () => Promise<T>) => Promise<T>;
  /** For one fetch with all that belongs to it, in milliseconds. */
  readonly deadlineMs: number;
  /** Ends everything. */
  readonly stop: AbortSignal;
}

type Remotely = <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>;

export function createTreeSource(options: TreeSourceOptions): TreeSource {
  const remotely = createRemotely(options);
  const lists = createListDesk(options, remotely);
  const blobs = createBlobDesk({ mirror: options.mirror, remotely, signal: options.stop });
  const refs = createRefDesk(options, remotely);
  return {
    list: (revision, signal) => lists.ask(checkCommit(revision), signal),
    read: (wish, signal) => blobs.ask(wish, signal),
    resolve: (ref, signal) => refs.ask(checkRefName(ref), signal),
    get isIdle() {
      return lists.isIdle && blobs.isIdle && refs.isIdle;
    },
  };
}

/** One at a time for a repository: two fetches in one directory lock each other out. */
function createRemotely({ mirror, backoff, slot, deadlineMs, stop }: TreeSourceOptions): Remotely {
  const { url } = mirror.address;
  let last: Promise<unknown> = Promise.resolve();
  const once: Remotely = async (work) => {
    backoff.check(url);
    const deadline = AbortSignal.timeout(deadlineMs);
    try {
      const result = await work(AbortSignal.any([stop, deadline]));
      backoff.succeeded(url);
      return result;
    } catch (error) {
      stop.throwIfAborted();
      const failure = deadline.aborted ? notEnded(url, deadlineMs) : error;
      if (!isAboutOneCommit(failure)) backoff.failed(url, failure);
      throw failure;
    }
  };
  return (work) => {
    const result = last.then(() => slot(() => once(work)));
    last = result.catch(() => {});
    return result;
  };
}

function notEnded(url: string, deadlineMs: number): LockstepError {
  return new LockstepError('git-unreachable', {
    message: `the repository ${displayUrl(url)} did not answer within ${formatDuration(deadlineMs)}`,
  });
}

function isAboutOneCommit(error: unknown): boolean {
  return error instanceof LockstepError && error.code === 'git-revision-not-found';
}

type Lister = Asked<string, Listing>;

function createListDesk({ mirror, backoff, stop }: TreeSourceOptions, remotely: Remotely): Desk<string, Listing> {
  const keyOf = (revision: string): string => `${mirror.address.url} ${revision}`;
  const fetchAlone = async (revision: string, among: number): Promise<void> => {
    try {
      await remotely(async (signal) => {
        const isGiven = among > 1 && (await fetchCommits(mirror, [revision], signal));
        if (!isGiven || !(await findRoots(mirror, [revision], signal)).has(revision))
          await fetchWhole(mirror, { revision, refused: 'commit' }, signal);
      });
      backoff.succeeded(keyOf(revision));
    } catch (error) {
      if (isAboutOneCommit(error)) backoff.failed(keyOf(revision), error);
      throw error;
    }
  };
  const isWorthAsking = ({ wish, reject }: Lister): boolean => {
    try {
      backoff.check(keyOf(wish));
      return true;
    } catch (error) {
      reject(error);
      return false;
    }
  };
  return createDesk<string, Listing>({
    answer: async (listers) => {
      const roots = await findRoots(mirror, [...new Set(listers.map(({ wish }) => wish))], stop);
      for (const [revision, root] of roots) await answerList({ mirror, stop, revision, root }, listers);
      return listers.filter(({ wish }) => !roots.has(wish));
    },
    fetch: async (listers) => {
      const groups = Map.groupBy(
        listers.filter((lister) => isWorthAsking(lister)),
        ({ wish }) => wish,
      );
      if (groups.size === 0) return [];
      const isFetched = await remotely((signal) => fetchCommits(mirror, [...groups.keys()], signal));
      if (isFetched) return [...groups.values()].flat();
      const fetched: Lister[] = [];
      for (const [revision, some] of groups) {
        await fetchAlone(revision, groups.size).then(
          () => fetched.push(...some),
          (error: unknown) => some.forEach(({ reject }) => reject(error)),
        );
      }
      return fetched;
    },
    notGiven: (revision) =>
      new LockstepError('git-revision-not-found', {
        message: `${revision} in ${displayUrl(mirror.address.url)} is no commit`,
      }),
  });
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

function createRefDesk({ mirror }: TreeSourceOptions, remotely: Remotely): Desk<string, string> {
  return createDesk<string, string>({
    answer: (askers) => Promise.resolve(askers),
    fetch: async (askers) => {
      const { refs } = await remotely((signal) => listRefs(mirror, signal));
      for (const { wish, resolve, reject } of askers) {
        const commit = findRef(refs, wish);
        if (commit !== undefined) resolve(commit);
        else reject(refNotFound(mirror, wish));
      }
      return [];
    },
    notGiven: (ref) => refNotFound(mirror, ref),
  });
}

function refNotFound(mirror: Mirror, ref: string): LockstepError {
  return new LockstepError('git-revision-not-found', {
    message: `the repository ${displayUrl(mirror.address.url)} has no branch or tag ${JSON.stringify(ref)}`,
  });
}
