// A commit's files held in memory: path -> text, or a link. For tests of what reads repositories.
import { createHash } from 'node:crypto';
import type { SourceTree, TreeEntry, TreeRef } from '../../server/core/rendering.ts';

export type FakeFile =
  string | Uint8Array | { readonly symlink: string } | { readonly submodule: string } | { readonly size: number };

export interface FakeTree extends SourceTree {
  /** Paths that were read, in order. */
  readonly reads: readonly string[];
}

export const fakeRef: TreeRef = {
  repository: 'https://git.example.com/shop/config',
  revision: '1'.repeat(40),
};

/** `{ 'shop/db.yaml': 'kind: Secret...' }` as a tree. Ids are digests of the content, as Git's are. */
export function fakeTree(files: Readonly<Record<string, FakeFile>>, ref: TreeRef = fakeRef): FakeTree {
  const entries = listEntries(files);
  const reads: string[] = [];
  return {
    ref,
    reads,
    entry: (path) => entries.get(path),
    below: (path) =>
      [...entries.values()]
        .filter((entry) => entry.path !== path && (path === '' || entry.path.startsWith(`${path}/`)))
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
    read: async (paths, signal) => {
      signal.throwIfAborted();
      return new Map(paths.map((path) => [path, contentOf(path, files[path], reads)]));
    },
  };
}

function contentOf(path: string, file: FakeFile | undefined, reads: string[]): Uint8Array {
  reads.push(path);
  if (typeof file === 'string') return Buffer.from(file, 'utf8');
  if (file instanceof Uint8Array) return file;
  if (file !== undefined && 'size' in file) return Buffer.alloc(file.size, '#');
  throw new Error(`${path} is no file of the tree`);
}

function listEntries(files: Readonly<Record<string, FakeFile>>): Map<string, TreeEntry> {
  const entries = new Map<string, TreeEntry>();
  for (const [path, file] of Object.entries(files)) {
    entries.set(path, { path, kind: kindOf(file), id: digest(file) });
    const parts = path.split('/');
    for (let depth = parts.length - 1; depth >= 0; depth--) {
      const folder = parts.slice(0, depth).join('/');
      entries.set(folder, { path: folder, kind: 'folder', id: '' });
    }
  }
  for (const entry of [...entries.values()].filter(({ kind }) => kind === 'folder')) {
    const inside = Object.keys(files).filter((path) => entry.path === '' || path.startsWith(`${entry.path}/`));
    const id = digest(
      inside
        .sort()
        .map((path) => `${path.slice(entry.path.length)} ${digest(files[path])}`)
        .join('\n'),
    );
    entries.set(entry.path, { ...entry, id });
  }
  return entries;
}

function kindOf(file: FakeFile): TreeEntry['kind'] {
  if (typeof file === 'string' || file instanceof Uint8Array || 'size' in file) return 'file';
  return 'symlink' in file ? 'symlink' : 'submodule';
}

function digest(file: FakeFile | undefined): string {
  const isBytes = typeof file === 'string' || file instanceof Uint8Array;
  return createHash('sha1')
    .update(isBytes ? file : JSON.stringify(file))
    .digest('hex');
}
