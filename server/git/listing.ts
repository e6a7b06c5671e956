// One commit's tree in memory: reads what `git ls-tree -r -t -z` prints, refuses trees that no honest git writes.
import { LockstepError } from '../core/errors.ts';
import type { TreeEntry } from '../core/rendering.ts';
import { isGitDirectory } from './validate.ts';

export interface Listing {
  readonly size: number;
  /** Undefined: there is none. '' is the root. */
  entry(path: string): TreeEntry | undefined;
  /** All below a folder, sorted by path. */
  below(path: string): readonly TreeEntry[];
}

export interface ListingReader {
  /** Throws `git-too-large` or `git-tree-refused`. */
  take(chunk: Buffer): void;
  end(): Listing;
}

/** Kubernetes itself has 30,000 files; a tree of this size takes some 50 MB here. */
const maxEntries = 200_000;
/** Of what git prints: the paths of the largest trees that are honest are some 200 bytes each. */
const maxListingBytes = 64 * 1024 * 1024;
/** What Linux opens. */
const maxPathLength = 4096;

const kinds: Readonly<Record<string, TreeEntry['kind']>> = {
  '040000': 'folder',
  '100644': 'file',
  '100755': 'file',
  '100664': 'file', // written by git before 2005, in old repositories
  '120000': 'symlink',
  '160000': 'submodule',
};

/** `name` is for messages. */
export function createListingReader(name: string, root: string): ListingReader {
  const entries = new Map<string, TreeEntry>();
  let rest: Buffer = Buffer.alloc(0);
  let bytes = 0;
  const tooLarge = (what: string): LockstepError =>
    new LockstepError('git-too-large', { message: `the tree of ${name} is not read: it has ${what}` });
  const add = (line: string): void => {
    const entry = parseLine(line);
    if (entry === undefined || entries.has(entry.path) || !isHonest(entry.path, entries)) {
      const shown = JSON.stringify(entry?.path.slice(0, 80) ?? line.slice(0, 6));
      throw new LockstepError('git-tree-refused', {
        message: `the tree of ${name} is refused: the entry ${shown} is one that git itself would not write`,
      });
    }
    if (entries.size >= maxEntries) throw tooLarge(`more than ${maxEntries} entries`);
    entries.set(entry.path, entry);
  };
  return {
    take: (chunk) => {
      bytes += chunk.length;
      if (bytes > maxListingBytes) throw tooLarge('paths that are too long');
      const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = buffer.indexOf(0); end >= 0; end = buffer.indexOf(0, start)) {
        add(buffer.toString('utf8', start, end));
        start = end + 1;
      }
      rest = buffer.subarray(start);
    },
    end: () => createListing(entries, root),
  };
}

function createListing(entries: ReadonlyMap<string, TreeEntry>, root: string): Listing {
  const sorted = [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const top: TreeEntry = { path: '', kind: 'folder', id: root };
  /** Index of the first entry whose path is not before `path`. */
  const find = (path: string): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle]?.path ?? '') < path) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    size: sorted.length,
    entry: (path) => (path === '' ? top : entries.get(path)),
    // The character after the slash ends the range of all paths below the folder.
    below: (path) => (path === '' ? sorted : sorted.slice(find(`${path}/`), find(`${path}0`))),
  };
}

function parseLine(line: string): TreeEntry | undefined {
  const match = /^(\d{6}) [a-z]+ ([0-9a-f]{40,64})\t(.+)$/s.exec(line);
  const [, mode = '', id = '', path = ''] = match ?? [];
  const kind = kinds[mode];
  return kind === undefined ? undefined : { path, kind, id };
}

/** Git lists each folder before what is in it, so a path without one is an entry with a slash in its name. */
function isHonest(path: string, before: ReadonlyMap<string, TreeEntry>): boolean {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  if (name === '' || name === '.' || name === '..' || isGitDirectory(name) || path.length > maxPathLength) return false;
  return parts.length === 0 || before.get(parts.join('/'))?.kind === 'folder';
}
