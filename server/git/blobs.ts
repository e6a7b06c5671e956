// Reads files by object id for many callers at once: one look at what is here, one fetch of what is not, one `cat-file`.
import { LockstepError } from '../core/errors.ts';
import type { Asked, Desk } from './batch.ts';
import { createDesk } from './batch.ts';
import { fetchBlobs, fetchWhole } from './commits.ts';
import type { Mirror } from './mirror.ts';
import { displayUrl } from './validate.ts';

export interface BlobWish {
  /** Where the files are from, for servers that do not give single objects. */
  readonly revision: string;
  /** Blob id -> a path of it, for messages. */
  readonly blobs: ReadonlyMap<string, string>;
}

/** Blob id -> its bytes, shared by all who asked for them. */
export type Contents = ReadonlyMap<string, Uint8Array>;

type Reader = Asked<BlobWish, Contents>;

/** Runs what reaches the remote: one at a time, with the repository's deadline and memory of failures. */
export type Remotely = <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>;

export interface BlobOptions {
  readonly mirror: Mirror;
  readonly remotely: Remotely;
  /** For local git. */
  readonly signal: AbortSignal;
}

/** Archives of vendored charts and bundles of CRDs have a few MiB. */
const maxFileBytes = 10 * 1024 * 1024;
/** Of all files that one caller asks for; and of one `cat-file`, whose output is in memory twice for a moment. */
const maxBytes = 64 * 1024 * 1024;
const checkFormat = '%(objectname) %(objecttype) %(objectsize)';

/** Throws `git-too-large`, `git-failed` and what a fetch throws. */
export function createBlobDesk(options: BlobOptions): Desk<BlobWish, Contents> {
  const { mirror, signal } = options;
  return createDesk<BlobWish, Contents>({
    answer: async (readers) => {
      const sizes = await readSizes(mirror, idsOf(readers), signal);
      const isHere = ({ wish }: Reader): boolean => [...wish.blobs.keys()].every((id) => sizes.has(id));
      for (const group of groupBySize(mirror, readers.filter(isHere), sizes)) await answer(options, group, sizes);
      return readers.filter((reader) => !isHere(reader));
    },
    fetch: async (readers) => {
      const here = await readSizes(mirror, idsOf(readers), signal);
      const missing = (some: readonly Reader[]): string[] => idsOf(some).filter((id) => !here.has(id));
      const isFetched = await options.remotely((remoteSignal) => fetchBlobs(mirror, missing(readers), remoteSignal));
      return isFetched ? readers : fetchApart(options, readers, missing);
    },
    notGiven: ({ revision }) =>
      new LockstepError('git-failed', {
        message: `the repository ${displayUrl(mirror.address.url)} does not give all files of the commit ${revision}`,
      }),
  });
}

/** One commit whose files nobody has must not keep others from theirs. */
async function fetchApart(
  { mirror, remotely }: BlobOptions,
  readers: readonly Reader[],
  missing: (some: readonly Reader[]) => string[],
): Promise<readonly Reader[]> {
  const byRevision = Map.groupBy(readers, ({ wish }) => wish.revision);
  const fetched: Reader[] = [];
  for (const [revision, some] of byRevision) {
    try {
      await remotely(async (signal) => {
        const isGiven = byRevision.size > 1 && (await fetchBlobs(mirror, missing(some), signal));
        if (!isGiven) await fetchWhole(mirror, { revision, refused: 'files' }, signal);
      });
      fetched.push(...some);
    } catch (error) {
      for (const reader of some) reader.reject(error);
    }
  }
  return fetched;
}

function idsOf(readers: readonly Reader[]): string[] {
  return [...new Set(readers.flatMap(({ wish }) => [...wish.blobs.keys()]))];
}

/** Sizes of the files that are here. */
async function readSizes(mirror: Mirror, ids: readonly string[], signal: AbortSignal): Promise<Map<string, number>> {
  const args = ['cat-file', `--batch-check=${checkFormat}`];
  const { stdout } = await mirror.stream({ args, input: ids.map((id) => `${id}\n`).join(''), signal });
  const sizes = new Map<string, number>();
  for (const line of stdout.toString('latin1').split('\n')) {
    const [id = '', type, size] = line.split(' ');
    if (type === 'blob') sizes.set(id, Number(size));
  }
  return sizes;
}

/** Callers whose files fit into one `cat-file` together; those that ask for too much are refused alone. */
function groupBySize(mirror: Mirror, readers: readonly Reader[], sizes: ReadonlyMap<string, number>): Reader[][] {
  const groups: Reader[][] = [];
  let room = 0;
  for (const reader of readers) {
    const own = [...reader.wish.blobs].map(([id, path]) => ({ path, size: sizes.get(id) ?? 0 }));
    const total = own.reduce((sum, { size }) => sum + size, 0);
    const large = own.find(({ size }) => size > maxFileBytes);
    if (large !== undefined || total > maxBytes) {
      const what = large === undefined ? 'the files asked for together' : `the file ${JSON.stringify(large.path)}`;
      const message = `${what} in ${displayUrl(mirror.address.url)} at ${reader.wish.revision} is more than is read`;
      reader.reject(new LockstepError('git-too-large', { message }));
      continue;
    }
    if (groups.length === 0 || total > room) {
      groups.push([]);
      room = maxBytes;
    }
    groups.at(-1)?.push(reader);
    room -= total;
  }
  return groups;
}

async function answer(
  { mirror, signal }: BlobOptions,
  readers: readonly Reader[],
  sizes: ReadonlyMap<string, number>,
): Promise<void> {
  const ids = idsOf(readers);
  const most = ids.reduce((sum, id) => sum + (sizes.get(id) ?? 0) + id.length + 32, 0);
  const output = Buffer.allocUnsafe(most);
  let end = 0;
  const take = (chunk: Buffer): void => {
    if (end + chunk.length > most) throw new LockstepError('git-failed', { message: 'git gave more than it said' });
    end += chunk.copy(output, end);
  };
  const args = ['cat-file', '--batch=%(objectsize)'];
  await mirror.stream({ args, input: ids.map((id) => `${id}\n`).join(''), signal, take });
  const contents = new Map<string, Uint8Array>();
  let at = 0;
  for (const id of ids) {
    const start = output.indexOf(10, at) + 1;
    at = start + (sizes.get(id) ?? 0) + 1;
    // A copy, so that a small file does not keep all of them in memory.
    contents.set(id, Uint8Array.from(output.subarray(start, at - 1)));
  }
  for (const { wish, resolve } of readers)
    resolve(new Map([...wish.blobs.keys()].map((id) => [id, contents.get(id) ?? new Uint8Array()])));
}
