// What the remote's branches and tags point to, however many they are, and which of them a name means.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LockstepError } from '../core/errors.ts';
import type { Mirror } from './mirror.ts';
import { everyCode } from './run.ts';
import { checkRef, displayUrl } from './validate.ts';

export interface RemoteRef {
  /** The object that the ref names; for an annotated tag the tag itself. */
  readonly object: string;
  /** The same, or what the annotated tag points to. */
  readonly commit: string;
}

/** Large servers have some 100,000, most of them of pull requests. */
const maxRefs = 500_000;
/** No ref's line is longer. */
const maxLine = 8_192;

export interface RemoteRefs {
  readonly refs: ReadonlyMap<string, RemoteRef>;
  /** 2: the server gives any object that it has. Before, only what refs point to unless it is configured otherwise. */
  readonly protocol: 2 | 'older';
}

/** All refs of the remote. Throws why the remote does not answer. */
export async function listRefs(mirror: Mirror, signal: AbortSignal): Promise<RemoteRefs> {
  const refs = new Map<string, RemoteRef>();
  const tooMany = (what: string): LockstepError =>
    new LockstepError('git-too-large', {
      message: `the refs of ${displayUrl(mirror.address.url)} are not read: there are ${what}`,
    });
  let rest = '';
  const take = (chunk: Buffer): void => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLine) throw tooMany('lines without an end');
    for (const line of lines) {
      const match = /^([0-9a-f]{40}|[0-9a-f]{64})\t(HEAD|refs\/.+?)(\^\{\})?$/.exec(line);
      const [, id = '', latin = '', peeled] = match ?? [];
      if (match === null) continue;
      const ref = Buffer.from(latin, 'latin1').toString('utf8');
      refs.set(ref, { object: peeled === undefined ? id : (refs.get(ref)?.object ?? id), commit: id });
      if (refs.size > maxRefs) throw tooMany(`more than ${maxRefs}`);
    }
  };
  const trace = join(mirror.directory, 'ls-remote.trace');
  try {
    const env = { GIT_TRACE2_EVENT: trace };
    const args = ['ls-remote', '--quiet', '--', 'origin'];
    const end = await mirror.remote({ args, env, signal, take }, everyCode);
    if (end.code !== 0) await mirror.explain('git-upload-pack', signal);
    const version = versionOf(await readFile(trace, 'utf8').catch(() => ''));
    if (version === undefined && /^https?$/.test(mirror.address.protocol)) throw notGit(mirror);
    return { refs, protocol: version === '2' ? 2 : 'older' };
  } finally {
    await rm(trace, { force: true });
  }
}

/** From git's own trace, one JSON object a line. Source: Documentation/technical/api-trace2.txt, the event `data`. */
function versionOf(trace: string): string | undefined {
  return /"key":"negotiated-version","value":"(\d)"/.exec(trace)?.[1];
}

/** Git takes any file for the refs of a server without a program, such as the page of a login. */
function notGit(mirror: Mirror): LockstepError {
  return new LockstepError('git-unreachable', {
    message: `what answers at ${displayUrl(mirror.address.url)} does not speak Git’s smart protocol`,
  });
}

/** Throws `git-ref-refused` for what is no name of a ref. `HEAD`, a full ref, or the name of a branch or tag. */
export function checkRefName(name: string): string {
  return name === 'HEAD' ? name : checkRef(name);
}

/** A branch counts before a tag of the same name, as `git checkout` has it. */
export function findRef(refs: ReadonlyMap<string, RemoteRef>, name: string): string | undefined {
  const candidates = name === 'HEAD' || name.startsWith('refs/') ? [name] : [`refs/heads/${name}`, `refs/tags/${name}`];
  return candidates.map((ref) => refs.get(ref)?.commit).find((commit) => commit !== undefined);
}
