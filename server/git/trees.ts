// The port for reading commits of many repositories: a bounded number of mirrors, and of trees in memory.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { SourceTree, SourceTrees, TreeEntry, TreeRef } from '../core/rendering.ts';
import type { Access } from './credentials.ts';
import type { CredentialsFor } from './access.ts';
import { createAccess } from './access.ts';
import { createBackoff } from './backoff.ts';
import type { Listing } from './listing.ts';
import { defaultDeadlineMs, openMirror } from './mirror.ts';
import { createSlots } from './slots.ts';
import type { TreeSource } from './tree-source.ts';
import { createTreeSource } from './tree-source.ts';
import type { UrlPolicy } from './validate.ts';
import { checkCommit, parseUrl } from './validate.ts';

export interface SourceTreesOptions {
  /** Belongs to this process alone; its folder `trees` is emptied at the first use. */
  readonly stateDirectory: string;
  /** The process's environment; only PATH, proxies, TLS roots and the ssh agent are taken from it. */
  readonly ambient: Readonly<Record<string, string | undefined>>;
  readonly policy: UrlPolicy;
  /** How a repository is reached, asked before each command that reaches the remote; undefined: without credentials. */
  readonly credentialsFor: CredentialsFor;
  readonly now: () => number;
  /** Ends everything that runs. */
  readonly stop: AbortSignal;
  /** For one fetch with all that belongs to it, in milliseconds. */
  readonly deadlineMs?: number;
  readonly mirrorsMost?: number;
  /** Of all mirrors on the disk together. */
  readonly bytesMost?: number;
  /** Entries of all trees in memory together. */
  readonly entriesMost?: number;
}

/** A mirror without files takes 1 to 20 MB on disk. */
const defaultMirrors = 200;
/** Half of what the manifests give; one fetch may bring 512 MiB more. */
const defaultBytes = 1024 * 1024 * 1024;
/** Some 100 MB: twenty revisions of a repository with 20,000 files. */
const defaultEntries = 400_000;

/** Nothing is read or written before the first call. */
export function createSourceTrees(options: SourceTreesOptions): SourceTrees {
  const sources = createSources(options);
  const listings = createListings(options.entriesMost ?? defaultEntries);
  return {
    open: async (ref, signal) => {
      const key = `${checkCommit(ref.revision)} ${ref.repository}`;
      const listing =
        listings.get(key) ?? (await sources.use(ref.repository, (source) => source.list(ref.revision, signal)));
      listings.set(key, listing);
      return createTree(ref, listing, (wish, readSignal) =>
        sources.use(ref.repository, (source) => source.read(wish, readSignal)),
      );
    },
    resolve: async (repository, ref, signal) => {
      parseUrl(repository, options.policy);
      if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(ref)) return ref;
      return sources.use(repository, (source) => source.resolve(ref, signal));
    },
  };
}

function createTree(ref: TreeRef, listing: Listing, read: TreeSource['read']): SourceTree {
  const fileAt = (path: string): TreeEntry => {
    const entry = listing.entry(path);
    if (entry?.kind !== 'file') throw new Error(`no file in the tree of ${ref.revision}: ${JSON.stringify(path)}`);
    return entry;
  };
  return {
    ref,
    entry: (path) => listing.entry(path),
    below: (path) => listing.below(path),
    read: async (paths, signal) => {
      const entries = paths.map(fileAt);
      if (entries.length === 0) return new Map();
      const blobs = new Map(entries.map(({ id, path }) => [id, path]));
      const contents = await read({ revision: ref.revision, blobs }, signal);
      return new Map(entries.map(({ id, path }) => [path, contents.get(id) ?? new Uint8Array()]));
    },
  };
}

interface Sources {
  /** Nothing of the repository's mirror is given up until the work has ended. */
  use<T>(repository: string, work: (source: TreeSource) => Promise<T>): Promise<T>;
}

interface Held {
  readonly source: TreeSource;
  readonly directory: string;
  users: number;
}

/** The mirrors that were used last; one that is given up is removed from the disk. */
function createSources(options: SourceTreesOptions): Sources {
  const { mirrorsMost = defaultMirrors, bytesMost = defaultBytes } = options;
  const root = join(options.stateDirectory, 'trees');
  const open = createOpener(options, root);
  const held = new Map<string, Held>();
  let emptied: Promise<void> | undefined;
  const isTooMuch = (): boolean => {
    const bytes = [...held.values()].reduce((sum, { source }) => sum + source.bytes, 0);
    return held.size > mirrorsMost || bytes > bytesMost;
  };
  const evict = async (): Promise<void> => {
    for (const [repository, { source, directory, users }] of held) {
      if (!isTooMuch()) return;
      if (users > 0 || !source.isIdle) continue;
      held.delete(repository);
      await rm(directory, { recursive: true, force: true });
    }
  };
  return {
    use: async (repository, work) => {
      parseUrl(repository, options.policy);
      await (emptied ??= rm(root, { recursive: true, force: true }));
      const one = held.get(repository) ?? open(repository);
      held.delete(repository);
      held.set(repository, one);
      one.users += 1;
      try {
        await evict();
        return await work(one.source);
      } finally {
        one.users -= 1;
      }
    },
  };
}

function createOpener(options: SourceTreesOptions, root: string): (repository: string) => Held {
  const { ambient, policy, stop, deadlineMs = defaultDeadlineMs } = options;
  const accessFor = createAccess(options);
  const backoff = createBackoff(options.now);
  const slots = createSlots();
  let opened = 0;
  return (repository) => {
    // Numbered, so that removing a mirror never meets its successor.
    const directory = join(root, String(opened++));
    const access = (signal: AbortSignal): Promise<Access> => accessFor(repository, signal);
    const settings = { url: repository, policy, stateDirectory: directory, ambient, access, deadlineMs };
    const mirror = openMirror({ ...settings, purpose: 'read' });
    const host = URL.canParse(repository) ? new URL(repository).host : repository;
    const slot = <T>(work: () => Promise<T>): Promise<T> => slots(host, work);
    return { source: createTreeSource({ mirror, backoff, slot, deadlineMs, stop }), directory, users: 0 };
  };
}

/** The trees that were used last, bounded by their entries together. One that is larger than all may be is kept alone. */
function createListings(most: number): LRUCache<string, Listing> {
  return new LRUCache({ maxSize: most, sizeCalculation: ({ size }) => Math.min(Math.max(size, 1), most) });
}
