// The files of a tree that a kustomization needs, over all the folders that it names. Nothing else reaches kustomize.
import type { SourceTree, TreeEntry } from '../core/rendering.ts';
import { kustomizationFiles } from './auto.ts';
import { listNamed, type Named } from './kustomization.ts';
import { Refused, quote } from './refused.ts';
import { findEntry, joinPath, limits, readFiles } from './tree-paths.ts';
import { fieldsOf, parseFile, type Fields } from './yaml-file.ts';

const deepest = 50;

export interface Root {
  readonly folder: string;
  /** For messages. */
  readonly file: string;
  readonly fields: Fields;
}

export interface Closure {
  /** By path, the root's own kustomization left out. */
  readonly files: ReadonlyMap<string, TreeEntry>;
  /** Path -> fields, of the kustomizations among them. */
  readonly kustomizations: ReadonlyMap<string, Fields>;
}

/** Refuses what is remote, outside the repository, a link, or not there. */
export async function findClosure(tree: SourceTree, root: Root, signal: AbortSignal): Promise<Closure> {
  const found = new Map<string, TreeEntry>();
  const kustomizations = new Map<string, Fields>();
  const seen = new Set([root.folder]);
  let level: readonly Root[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) throw new Refused(`${quote(root.file)} leads more than ${deepest} folders on`);
    const folders = level.flatMap((one) => follow(tree, one, found)).filter((folder) => !seen.has(folder));
    for (const folder of folders) seen.add(folder);
    if (found.size + seen.size > limits.files) throw new Refused(`more than ${limits.files} files are needed`);
    level = await readLevel(tree, [...new Set(folders)], signal);
    for (const { file, fields } of level) {
      addFile(tree, file, found);
      kustomizations.set(file, fields);
    }
  }
  return { files: found, kustomizations };
}

/** Adds the files that a kustomization names; answers with its folders. */
function follow(tree: SourceTree, { folder, file, fields }: Root, found: Map<string, TreeEntry>): string[] {
  return listNamed(file, fields).flatMap((named) => {
    const target = locate(tree, { folder, file, named });
    if (target.kind === 'folder' && named.kind !== 'file') return [target.path];
    if (target.kind === 'folder') throw new Refused(`${quote(file)} names the folder ${quote(named.path)} for a file`);
    if (named.kind === 'folder') throw new Refused(`${quote(file)} names the file ${quote(named.path)} for a folder`);
    found.set(target.path, target);
    return [];
  });
}

function locate(
  tree: SourceTree,
  { folder, file, named }: { readonly folder: string; readonly file: string; readonly named: Named },
): TreeEntry {
  const isAddress = /:\/\/|^\/\/|\?/.test(named.path);
  const path = isAddress ? undefined : joinPath(folder, named.path);
  const entry = path === undefined ? undefined : path === '' ? rootEntry(tree) : findEntry(tree, path);
  const mayBeAddress = isAddress || (/[@:]/.test(named.path) && entry?.kind !== 'file');
  if (mayBeAddress) {
    throw new Refused(`${quote(file)} names ${quote(withoutCredentials(named.path))}, and remote ones are not fetched`);
  }
  if (entry !== undefined) return entry;
  throw new Refused(`${quote(file)} names ${quote(named.path)}, which is not in the repository; nothing is fetched`);
}

function rootEntry(tree: SourceTree): TreeEntry {
  return tree.entry('') ?? { path: '', kind: 'folder', id: '' };
}

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//').replace(/\?.*/, '');
}

async function readLevel(tree: SourceTree, folders: readonly string[], signal: AbortSignal): Promise<Root[]> {
  const paths = folders.map((folder) => {
    const file = findKustomization(tree, folder);
    if (file === undefined) throw new Refused(`the folder ${quote(folder)} has no kustomization.yaml`);
    return { folder, file };
  });
  const contents = await readFiles(
    tree,
    paths.map(({ file }) => file),
    signal,
  );
  return paths.map(({ folder, file }) => {
    const document = parseFile(file, contents.get(file) ?? new Uint8Array());
    return { folder, file, fields: fieldsOf(file, document) };
  });
}

/** The path of the folder's kustomization; undefined when it has none. Two of them are refused, as kustomize does. */
export function findKustomization(tree: SourceTree, folder: string): string | undefined {
  const present = kustomizationFiles
    .map((name) => (folder === '' ? name : `${folder}/${name}`))
    .filter((path) => findEntry(tree, path)?.kind === 'file');
  if (present.length > 1) throw new Refused(`the folder ${quote(folder)} has more than one kustomization`);
  return present[0];
}

function addFile(tree: SourceTree, path: string, found: Map<string, TreeEntry>): void {
  const entry = tree.entry(path);
  if (entry !== undefined) found.set(path, entry);
}
