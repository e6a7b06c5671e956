// The kustomization that Flux makes of a folder without one: every manifest below it, and folders with their own kustomization as one.
import type { SourceTree, TreeEntry } from '../core/rendering.ts';
import { kustomizationFiles } from './auto.ts';
import { Refused, quote } from './refused.ts';
import { findEntry, limits, refuseLink } from './tree-paths.ts';

/** What Flux's source-controller leaves out of the artifact by itself, of YAML. */
const leftOut =
  /(?:^|\/)(?:\.git|\.github|\.circleci)\/|(?:^|\/)(?:\.(?:travis|gitlab-ci|drone|goreleaser)\.yml|appveyor\.yml|cloudbuild\.yaml|codeship-(?:services|steps)\.yml|\.(?:sops|flux)\.yaml)$/;

/** Paths below the folder, in the order of a walk. */
export function listManifests(tree: SourceTree, path: string): string[] {
  if (findEntry(tree, path)?.kind !== 'folder' && path !== '') throw new Refused(`there is no folder ${quote(path)}`);
  refuseIgnores(tree, path);
  const start = path === '' ? 0 : path.length + 1;
  const entries = tree.below(path).filter((entry) => !leftOut.test(entry.path));
  const units = new Set(entries.filter(isKustomization).map((entry) => folderOf(entry.path)));
  const listed: string[] = [];
  for (const entry of entries) {
    if (isInside(entry.path, units, path)) continue;
    if (entry.kind === 'folder' && units.has(entry.path)) listed.push(entry.path.slice(start));
    if (!/\.ya?ml$/.test(entry.path) || entry.kind === 'folder') continue;
    refuseLink(entry);
    listed.push(entry.path.slice(start));
  }
  if (listed.length > limits.files) throw new Refused(`${quote(path)} holds more than ${limits.files} files`);
  return listed.sort(compareWalk).map((one) => `./${one}`);
}

/** Its patterns decide what is in the artifact; they are not evaluated here. */
function refuseIgnores(tree: SourceTree, path: string): void {
  const parts = path.split('/');
  const above = parts.map((_, depth) => [...parts.slice(0, depth), '.sourceignore'].join('/'));
  const found =
    above.find((file) => tree.entry(file) !== undefined) ??
    tree.below(path).find((entry) => /(?:^|\/)\.sourceignore$/.test(entry.path))?.path;
  if (found !== undefined) throw new Refused(`${quote(found)} chooses files in a way that is not evaluated here`);
}

function isKustomization({ kind, path }: TreeEntry): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return kind === 'file' && (kustomizationFiles as readonly string[]).includes(name);
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

/** Below a folder that counts as one. */
function isInside(path: string, units: ReadonlySet<string>, top: string): boolean {
  for (let folder = folderOf(path); folder.length > top.length; folder = folderOf(folder)) {
    if (units.has(folder)) return true;
  }
  return false;
}

/** Folder by folder, names in byte order. */
function compareWalk(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  const at = left.findIndex((name, index) => name !== right[index]);
  const [mine = '', other = ''] = [left[at], right[at]];
  return mine < other ? -1 : mine > other ? 1 : 0;
}
