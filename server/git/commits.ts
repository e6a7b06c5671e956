// Brings commits' trees, or their files, into the mirror: by id where the server allows that, else by branches and tags.
import { LockstepError } from '../core/errors.ts';
import type { Mirror } from './mirror.ts';
import { promisorSettings } from './mirror.ts';
import { listRefs } from './refs.ts';
import { everyCode } from './run.ts';
import { checkCommit, displayUrl } from './validate.ts';

const fetchArguments = [
  '-c',
  'fetch.negotiationAlgorithm=noop',
  ...promisorSettings.flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  'fetch',
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-recurse-submodules',
];

/** How much history is fetched, in growing steps until the commit is there; the last is all of it. */
const depths = [1, 64, 1_024, 2_147_483_647];

/** More branches and tags than are fetched to find one commit. */
const maxTips = 10_000;

/** Commit -> id of its tree, of those that the mirror has. */
export async function findRoots(
  mirror: Mirror,
  revisions: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const input = revisions.map((revision) => `${checkCommit(revision)}^{commit}^{tree}\n`).join('');
  const args = ['cat-file', '--batch-check=%(objectname) %(objecttype)'];
  const { stdout } = await mirror.stream({ args, input, signal });
  const roots = new Map<string, string>();
  for (const [at, line] of stdout.toString('latin1').split('\n').entries()) {
    const root = /^([0-9a-f]{40,64}) tree$/.exec(line)?.[1];
    const revision = revisions[at];
    if (root !== undefined && revision !== undefined) roots.set(revision, root);
  }
  return roots;
}

/** Fetches commits and their trees, without files where the server can leave them out; true when git says that it did. */
export async function fetchCommits(
  mirror: Mirror,
  revisions: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  return fetchIds(mirror, ['--filter=blob:none', '--depth=1'], revisions, signal);
}

/** Fetches objects by their ids, and nothing else; true when git says that it did. */
export async function fetchBlobs(mirror: Mirror, blobs: readonly string[], signal: AbortSignal): Promise<boolean> {
  return fetchIds(mirror, ['--filter=blob:none'], blobs, signal);
}

/**
 * For servers that do not give what is asked for by its id alone: fetches the commit with all files, if needed through
 * branches and tags, ever deeper. Throws `git-revision-not-found`, or why the remote does not answer.
 */
export async function fetchWhole(
  mirror: Mirror,
  { revision, refused }: { revision: string; refused: 'commit' | 'files' },
  signal: AbortSignal,
): Promise<void> {
  // What was left out before is sent again.
  const whole = ['--no-filter', '--refetch'];
  if (refused === 'files' && (await fetchIds(mirror, [...whole, '--depth=1'], [revision], signal))) return;
  const { refs, protocol } = await listRefs(mirror, signal);
  const isTip = [...refs.values()].some(({ commit }) => commit === revision);
  const named = [...refs].filter(([ref]) => /^refs\/(?:heads|tags)\//.test(ref)).map(([, { object }]) => object);
  const tips = isTip ? [revision] : [...new Set(named)];
  if (tips.length === 0 || tips.length > maxTips || (protocol === 2 && !isTip)) throw notFound(mirror, revision);
  for (const depth of isTip ? depths.slice(0, 1) : depths) {
    // By the ids that the refs have, so that no name from outside becomes a file.
    await fetchIds(mirror, [...whole, `--depth=${depth}`], tips, signal);
    if ((await findRoots(mirror, [revision], signal)).size > 0) return;
  }
  throw notFound(mirror, revision);
}

function notFound(mirror: Mirror, revision: string): LockstepError {
  return new LockstepError('git-revision-not-found', {
    message: `the repository ${displayUrl(mirror.address.url)} does not have, or does not give, the commit ${revision}`,
  });
}

/** Git's exit code does not tell a refusal from a dead remote: whoever is told `false` asks the remote for its refs. */
async function fetchIds(
  mirror: Mirror,
  options: readonly string[],
  ids: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const input = ids.map((id) => `${checkCommit(id)}\n`).join('');
  const args = [...fetchArguments, ...options, '--stdin', 'origin'];
  return (await mirror.remote({ args, input, signal }, everyCode)).code === 0;
}
