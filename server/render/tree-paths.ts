// Paths inside a repository's tree: joined, checked, and never followed out of it.
import { posix } from 'node:path';
import type { SourceTree, TreeEntry } from '../core/rendering.ts';
import { Refused, quote } from './refused.ts';

export const limits = {
  files: 5_000,
  fileBytes: 8 * 1024 * 1024,
  bytes: 64 * 1024 * 1024,
} as const;

/** `path` as seen from `folder`, from the root of the tree. Refuses what leads out of it. */
export function joinPath(folder: string, path: string): string {
  const isPlain = path !== '' && !path.startsWith('/') && !/[\\\u0000-\u001f\u007f]/.test(path); // oxlint-disable-line no-control-regex -- they are what is looked for
  if (!isPlain) throw new Refused(`the path ${quote(path)} is not a relative path of the repository`);
  const joined = posix.normalize(posix.join('/', folder === '' ? '.' : folder, '.')).slice(1);
  const target = posix.normalize(posix.join(joined === '' ? '.' : joined, path));
  if (target === '..' || target.startsWith('../')) {
    throw new Refused(`the path ${quote(path)} leads out of the repository`);
  }
  const trimmed = target.replace(/\/+$/, '');
  return trimmed === '.' ? '' : trimmed;
}

/** The file or folder at `path`; undefined when there is none. Links and submodules on the way are refused. */
export function findEntry(tree: SourceTree, path: string): TreeEntry | undefined {
  const parts = path.split('/');
  for (let depth = 1; depth < parts.length; depth++) {
    const parent = tree.entry(parts.slice(0, depth).join('/'));
    if (parent !== undefined) refuseLink(parent);
  }
  const entry = tree.entry(path);
  if (entry !== undefined) refuseLink(entry);
  return entry;
}

/** All files below a folder. Refuses links and submodules among them. */
export function filesBelow(tree: SourceTree, path: string): TreeEntry[] {
  const entries = tree.below(path);
  for (const entry of entries) refuseLink(entry);
  const files = entries.filter(({ kind }) => kind === 'file');
  if (files.length > limits.files) throw new Refused(`${quote(path)} holds more than ${limits.files} files`);
  return files;
}

export function refuseLink({ kind, path }: TreeEntry): void {
  if (kind === 'symlink') throw new Refused(`${quote(path)} is a symbolic link, which is not followed`);
  if (kind === 'submodule') throw new Refused(`${quote(path)} is a submodule, which is not read`);
}

/** The files' contents, fetched together and within the limits. */
export async function readFiles(
  tree: SourceTree,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (paths.length > limits.files) throw new Refused(`more than ${limits.files} files are needed`);
  if (paths.length === 0) return new Map();
  const contents = await tree.read(paths, signal);
  let bytes = 0;
  for (const [path, content] of contents) {
    if (content.length > limits.fileBytes) {
      throw new Refused(`${quote(path)} is larger than ${limits.fileBytes / 1024 / 1024} MiB`, 'unreadable');
    }
    bytes += content.length;
  }
  if (bytes > limits.bytes) throw new Refused(`the files are larger than ${limits.bytes / 1024 / 1024} MiB together`);
  return contents;
}

/** Changes with anything below the folder. */
export function folderId(tree: SourceTree, path: string): string {
  const own = tree.entry(path)?.id;
  return (
    own ??
    tree
      .below(path)
      .map((entry) => `${entry.path} ${entry.id}`)
      .join('\n')
  );
}
