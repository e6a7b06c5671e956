// Reads through the mirror: refs, and files at a revision with every missing blob fetched in one request.
import { LockstepError } from '../core/errors.ts';
import type { FileQuery, Head, RepositoryFile } from '../core/repository.ts';
import type { Mirror } from './mirror.ts';
import { checkCommit, checkPath, checkRef, checkRefPattern, displayUrl } from './validate.ts';

/** More manifests than any source should hold; beyond, a narrower path is the answer. */
const maxFiles = 5_000;
/** Of all files together: what one process can hold while it looks for a workload. */
const maxBytes = 64 * 1024 * 1024;
/** A larger file is no manifest; it is left out. */
const maxFileBytes = 1024 * 1024;

const fetchArguments = [
  'fetch',
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-recurse-submodules',
  '--filter=blob:none',
];

/** Ref -> commit on the remote, exact names and `/*` patterns only. */
export async function listRemote(
  mirror: Mirror,
  patterns: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const wanted = patterns.map(checkRefPattern);
  const end = await mirror.remote({ args: ['ls-remote', '--quiet', '--refs', '--', 'origin', ...wanted], signal });
  const found = new Map<string, string>();
  for (const line of end.stdout.toString('utf8').split('\n')) {
    const [commit, ref] = line.split('\t');
    if (commit === undefined || ref === undefined || !wanted.some((pattern) => matches(pattern, ref))) continue;
    if (isAcceptable(ref)) found.set(ref, checkCommit(commit));
  }
  return found;
}

/** Brings the named refs of the mirror up to date: one request when nothing moved, two when something did. */
export async function refresh(
  mirror: Mirror,
  patterns: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Head>> {
  const remote = await listRemote(mirror, patterns, signal);
  const before = await readHeads(mirror, patterns, signal);
  const gone = [...before.keys()].filter((ref) => !remote.has(ref));
  if (gone.length > 0) {
    const input = gone.map((ref) => `delete ${ref}\0\0`).join('');
    await mirror.local({ args: ['update-ref', '-z', '--stdin'], input, signal });
  }
  const moved = [...remote].filter(([ref, commit]) => before.get(ref)?.commit !== commit).map(([ref]) => ref);
  if (moved.length === 0 && gone.length === 0) return before;
  if (moved.length > 0) {
    const input = moved.map((ref) => `+${ref}:${ref}\n`).join('');
    await mirror.remote({ args: [...fetchArguments, '--depth=1', '--stdin', 'origin'], input, signal });
  }
  return readHeads(mirror, patterns, signal);
}

/** The regular files below a path at a commit. Links and submodules are not followed. */
export async function readFiles(mirror: Mirror, query: FileQuery, signal: AbortSignal): Promise<RepositoryFile[]> {
  const revision = checkCommit(query.revision);
  const entries = (await listFiles(mirror, { ...query, revision, path: checkPath(query.path) }, signal)).filter(
    (entry) => query.endings.some((ending) => entry.path.endsWith(ending)),
  );
  if (entries.length > maxFiles) {
    throw new LockstepError('git-too-large', {
      message: `${displayUrl(mirror.address.url)} has more than ${maxFiles} manifests below ${query.path || '/'}`,
    });
  }
  if (entries.length === 0) return [];
  await fetchMissing(mirror, revision, entries, signal);
  const sizes = await readSizes(mirror, entries, signal);
  const small = entries.filter((_, index) => (sizes[index] ?? Infinity) <= maxFileBytes);
  const total = sizes.reduce((sum, size) => sum + (size <= maxFileBytes ? size : 0), 0);
  if (total > maxBytes) {
    throw new LockstepError('git-too-large', {
      message: `the manifests of ${displayUrl(mirror.address.url)} below ${query.path || '/'} are too large together`,
    });
  }
  return readBlobs(mirror, small, signal);
}

/** Fetches history or objects by commit id. */
export async function fetchCommits(
  mirror: Mirror,
  options: readonly string[],
  commits: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const input = commits.map((commit) => `${checkCommit(commit)}\n`).join('');
  await mirror.remote({ args: [...fetchArguments, ...options, '--stdin', 'origin'], input, signal });
}

interface Entry {
  readonly path: string;
  readonly blob: string;
}

async function readHeads(mirror: Mirror, patterns: readonly string[], signal: AbortSignal): Promise<Map<string, Head>> {
  const format =
    '%(refname)%00%(objectname)%00%(parent)%00%(committeremail:trim)%00%(committerdate:unix)%00%(contents)%00';
  const prefixes = patterns.map((pattern) => (pattern.endsWith('/*') ? pattern.slice(0, -1) : pattern));
  const end = await mirror.local({ args: ['for-each-ref', `--format=${format}`, ...prefixes], signal });
  const fields = end.stdout.toString('utf8').split('\0');
  const heads = new Map<string, Head>();
  for (let at = 0; at + 6 < fields.length; at += 6) {
    const [ref = '', commit = '', parents = '', committer = '', seconds = '', message = ''] = fields.slice(at, at + 6);
    const list = parents === '' ? [] : parents.split(' ');
    heads.set(ref.trim(), { commit, parents: list, committer, committedAt: Number(seconds) * 1000, message });
  }
  return heads;
}

async function listFiles(mirror: Mirror, query: FileQuery, signal: AbortSignal): Promise<Entry[]> {
  const args = ['ls-tree', '-r', '-z', '--full-tree', query.revision, ...(query.path === '' ? [] : ['--', query.path])];
  const end = await mirror.local({ args, signal });
  const entries: Entry[] = [];
  for (const line of end.stdout.toString('utf8').split('\0')) {
    const match = /^100(?:644|755) blob ([0-9a-f]+)\t(.+)$/s.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) entries.push({ blob: match[1], path: match[2] });
  }
  return entries;
}

async function fetchMissing(
  mirror: Mirror,
  revision: string,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<void> {
  // rev-list walks trees only, so asking what is missing fetches nothing.
  const args = ['rev-list', '--objects', '--missing=print', '--no-object-names', `${revision}^{tree}`];
  const end = await mirror.local({ args, signal });
  const missing = new Set(
    end.stdout
      .toString('utf8')
      .split('\n')
      .filter((line) => line.startsWith('?')),
  );
  const wanted = [...new Set(entries.map((entry) => entry.blob))].filter((blob) => missing.has(`?${blob}`));
  if (wanted.length === 0) return;
  const options = ['-c', 'fetch.negotiationAlgorithm=noop', ...fetchArguments, '--stdin', 'origin'];
  await mirror.remote({ args: options, input: wanted.map((blob) => `${blob}\n`).join(''), signal });
}

async function readSizes(mirror: Mirror, entries: readonly Entry[], signal: AbortSignal): Promise<number[]> {
  const input = entries.map((entry) => `${entry.blob}\n`).join('');
  const end = await mirror.local({ args: ['cat-file', '--batch-check=%(objectsize)'], input, signal });
  return end.stdout.toString('utf8').trimEnd().split('\n').map(Number);
}

async function readBlobs(mirror: Mirror, entries: readonly Entry[], signal: AbortSignal): Promise<RepositoryFile[]> {
  const input = entries.map((entry) => `${entry.blob}\n`).join('');
  const { stdout } = await mirror.local({ args: ['cat-file', '--batch=%(objectsize)'], input, signal });
  let offset = 0;
  return entries.map(({ path }) => {
    const lineEnd = stdout.indexOf(10, offset);
    const size = Number(stdout.toString('latin1', offset, lineEnd));
    const bytes = stdout.subarray(lineEnd + 1, lineEnd + 1 + size);
    offset = lineEnd + 1 + size + 1;
    return { path, bytes };
  });
}

function matches(pattern: string, ref: string): boolean {
  return pattern.endsWith('/*') ? ref.startsWith(pattern.slice(0, -1)) : ref === pattern;
}

/** A hostile server may announce any name; what we would not ask for is not there. */
function isAcceptable(ref: string): boolean {
  try {
    checkRef(ref);
    return true;
  } catch {
    return false;
  }
}
