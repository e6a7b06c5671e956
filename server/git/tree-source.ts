// One repository whose commits are read: a mirror, what is asked of it in batches, and the memory of its failures.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDuration } from '../core/duration.ts';
import { LockstepError } from '../core/errors.ts';
import type { Desk } from './batch.ts';
import { createDesk } from './batch.ts';
import type { Backoff } from './backoff.ts';
import type { BlobWish, Contents, Remotely } from './blobs.ts';
import { createBlobDesk } from './blobs.ts';
import type { Listing } from './listing.ts';
import { createListDesk, isAboutOneCommit } from './lists.ts';
import type { Mirror } from './mirror.ts';
import { checkRefName, findRef, listRefs } from './refs.ts';
import { checkCommit, displayUrl } from './validate.ts';

export interface TreeSource {
  list(revision: string, signal: AbortSignal): Promise<Listing>;
  read(wish: BlobWish, signal: AbortSignal): Promise<Contents>;
  resolve(ref: string, signal: AbortSignal): Promise<string>;
  readonly isIdle: boolean;
  /** On the disk, after the last fetch. */
  readonly bytes: number;
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

export function createTreeSource(options: TreeSourceOptions): TreeSource {
  const { remotely, bytes } = measured(options.mirror, createRemotely(options));
  const lists = createListDesk({ ...options, remotely });
  const blobs = createBlobDesk({ mirror: options.mirror, remotely, signal: options.stop });
  const refs = createRefDesk(options, remotely);
  return {
    list: (revision, signal) => lists.ask(checkCommit(revision), signal),
    read: (wish, signal) => blobs.ask(wish, signal),
    resolve: (ref, signal) => refs.ask(checkRefName(ref), signal),
    get isIdle() {
      return lists.isIdle && blobs.isIdle && refs.isIdle;
    },
    get bytes() {
      return bytes();
    },
  };
}

/** Looks at the packs after each fetch: a mirror grows with what is fetched, and nothing of it is ever out of use. */
function measured(mirror: Mirror, remotely: Remotely): { readonly remotely: Remotely; readonly bytes: () => number } {
  const packs = join(mirror.directory, 'objects', 'pack');
  let bytes = 0;
  const measure = async (): Promise<void> => {
    const names = await readdir(packs).catch(() => []);
    const sizes = names.map((name) =>
      stat(join(packs, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  };
  const measuring: Remotely = async (work) => {
    try {
      return await remotely(work);
    } finally {
      await measure();
    }
  };
  return { remotely: measuring, bytes: () => bytes };
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
