// A cached bare partial mirror (blob:none, depth 1) of one repository: made anew in each process, read at a revision.
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LockstepError } from '../core/errors.ts';
import type { Access } from './credentials.ts';
import { accessEnvironment } from './credentials.ts';
import { diagnose } from './diagnose.ts';
import type { Unended } from './failures.ts';
import { gitFailed, notEnded } from './failures.ts';
import type { GitCommand, GitEnd, RunGit, StreamedCommand } from './run.ts';
import { createRunner, gitEnvironment } from './run.ts';
import { createRemoteRunner } from './run-remote.ts';
import type { RepositoryAddress, UrlPolicy } from './validate.ts';
import { parseUrl } from './validate.ts';

export interface MirrorOptions {
  readonly url: string;
  readonly policy: UrlPolicy;
  /** Belongs to this process alone; mirrors live below it. */
  readonly stateDirectory: string;
  /** The process's environment; only PATH, proxies and TLS roots are taken from it. */
  readonly ambient: Readonly<Record<string, string | undefined>>;
  /** Asked before each command that reaches the remote, so that rotated credentials are used at once. */
  readonly access?: (signal: AbortSignal) => Access | Promise<Access>;
  /** For any single git command, in milliseconds. */
  readonly deadlineMs?: number;
  /** read: local git does not know that objects may be missing for a reason, and a command that was cut off leaves the rest. */
  readonly purpose?: 'publish' | 'read';
}

export interface Mirror {
  readonly address: RepositoryAddress;
  readonly directory: string;
  /** Runs git without network; any exit code not listed throws git-failed. */
  local(command: GitCommand, accepted?: readonly number[]): Promise<GitEnd>;
  /** The same for output that is too large to keep, or for a command that may not ask for missing objects. */
  stream(command: StreamedCommand, accepted?: readonly number[]): Promise<GitEnd>;
  /** Runs git with network and credentials; any exit code not listed is diagnosed and thrown. */
  remote(command: StreamedCommand, accepted?: readonly number[]): Promise<GitEnd>;
  /** Throws what is wrong between here and the remote. */
  explain(service: GitService, signal: AbortSignal): Promise<never>;
}

export type GitService = 'git-upload-pack' | 'git-receive-pack';

/** Long enough for the first fetch of a large repository, short enough that a silent server is noticed. */
export const defaultDeadlineMs = 120_000;

/** Answers for the repository's host only: git also asks for the password of a proxy. */
const askpassScript = `#!/bin/sh
case "$1" in
  *"//$LOCKSTEP_GIT_HOST'"* | *"@$LOCKSTEP_GIT_HOST'"*) ;;
  *) exit 1 ;;
esac
case "$1" in
  Username*) printf '%s\\n' "$LOCKSTEP_GIT_USERNAME" ;;
  *) printf '%s\\n' "$LOCKSTEP_GIT_PASSWORD" ;;
esac
`;

type Setting = readonly [key: string, value: string];

/** Told with each fetch where local git must not know it. */
export const promisorSettings: readonly Setting[] = [
  ['remote.origin.promisor', 'true'],
  ['remote.origin.partialclonefilter', 'blob:none'],
];

const baseSettings: readonly Setting[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.symlinks', 'false'],
  ['http.followRedirects', 'false'],
  ['http.lowSpeedLimit', '1'],
  ['http.lowSpeedTime', '60'],
  ['submodule.recurse', 'false'],
  // All that is fetched becomes a pack, whose size is limited, and large blobs are never held in memory.
  ['fetch.unpackLimit', '1'],
  ['core.bigFileThreshold', '16m'],
  ['gc.autoDetach', 'false'],
  ['maintenance.autoDetach', 'false'],
  ['merge.renames', 'false'],
];

/** Throws git-url-refused at once; everything else waits for the first use. */
export function openMirror(options: MirrorOptions): Mirror {
  const address = parseUrl(options.url, options.policy);
  const name = createHash('sha256').update(address.url).digest('hex').slice(0, 16);
  const directory = join(options.stateDirectory, `${name}.git`);
  // One of its own: a script that is being written cannot be run for another mirror.
  const askpass = join(directory, 'askpass.sh');
  const home = options.stateDirectory;
  const environment = gitEnvironment({ ambient: options.ambient, home, protocol: address.protocol, askpass });
  const limits = { directory, environment, deadlineMs: options.deadlineMs ?? defaultDeadlineMs };
  const runLocal = createRunner(limits);
  const runRemote = createRemoteRunner(limits);
  const isForReading = options.purpose === 'read';
  const settings = [...baseSettings, ...(isForReading ? [] : promisorSettings)];
  const mirror = createOnce((signal) => {
    const run: RunGit = (command) => attempt(runLocal, command, 'git-failed');
    return create({ directory, askpass, run, address, settings, signal });
  });
  const access = async (signal: AbortSignal): Promise<Access> => (await options.access?.(signal)) ?? {};
  const explain = async (service: GitService, signal: AbortSignal): Promise<never> => {
    throw await diagnose({ address, service, access: await access(signal), ambient: options.ambient, signal });
  };
  /** Whatever keeps git from ending by itself may have left the mirror locked, or is that the mirror is gone. */
  const attempt = async (run: RunGit, command: GitCommand, code: Unended['code']): Promise<GitEnd> => {
    try {
      return await run(command);
    } catch (error) {
      if (run === runRemote && isForReading) await tidy(directory);
      else mirror.discard();
      command.signal.throwIfAborted();
      if (error instanceof LockstepError) throw error;
      throw notEnded({ command, error, limits, code }, address.url);
    }
  };
  const alone = async (run: RunGit, command: GitCommand, accepted: readonly number[]): Promise<GitEnd> => {
    await mirror.ready(command.signal);
    const end = await attempt(run, { ...command, env: { ...command.env, GIT_ALLOW_PROTOCOL: 'none' } }, 'git-failed');
    if (accepted.includes(end.code)) return end;
    mirror.discard();
    throw gitFailed(command, end, address.url);
  };
  return {
    address,
    directory,
    explain,
    local: (command, accepted = [0]) => alone(runLocal, command, accepted),
    stream: (command, accepted = [0]) => alone(runRemote, command, accepted),
    remote: async (command, accepted = [0]) => {
      await mirror.ready(command.signal);
      const env = { ...command.env, ...accessEnvironment(address, await access(command.signal)) };
      const end = await attempt(runRemote, { ...command, env }, 'git-unreachable');
      if (end.code !== 0 && isForReading) await tidy(directory);
      if (accepted.includes(end.code)) return end;
      mirror.discard();
      return explain('git-upload-pack', command.signal);
    },
  };
}

/** Makes the mirror at the first use, and anew after it was discarded as damaged. */
function createOnce(make: (signal: AbortSignal) => Promise<void>): {
  ready(signal: AbortSignal): Promise<void>;
  discard(): void;
} {
  let made: Promise<void> | undefined;
  return {
    discard: () => (made = undefined),
    ready: async (signal) => {
      made ??= make(signal);
      try {
        await made;
      } catch (error) {
        made = undefined;
        throw error;
      }
    },
  };
}

interface Creation {
  readonly directory: string;
  readonly askpass: string;
  readonly run: RunGit;
  readonly address: RepositoryAddress;
  readonly settings: readonly Setting[];
  readonly signal: AbortSignal;
}

async function create(creation: Creation): Promise<void> {
  try {
    await fill(creation);
  } catch (error) {
    if (error instanceof LockstepError) throw error;
    // An aborted signal's code is a number.
    if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) throw error;
    const message = `the mirror ${creation.directory} cannot be written: ${error.code}`;
    throw new LockstepError('git-failed', { message, cause: error });
  }
}

async function fill({ directory, askpass, run, address, settings, signal }: Creation): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(askpass, askpassScript, { mode: 0o700 });
  const origin: Setting = ['remote.origin.url', address.url];
  const config = [origin, ...settings].map(([key, value]) => configLine(key, value)).join('');
  const init = { args: ['init', '--quiet', '--bare', '--initial-branch=lockstep-unborn', '.'], signal };
  const end = await run(init);
  if (end.code !== 0) throw gitFailed(init, end, address.url);
  await writeFile(join(directory, 'config'), `[core]\n\trepositoryformatversion = 1\n\tbare = true\n${config}`);
}

/** A validated URL holds no control character, quote-escaping is all it needs. */
function configLine(key: string, value: string): string {
  const first = key.indexOf('.');
  const last = key.lastIndexOf('.');
  const section = first === last ? key.slice(0, first) : `${key.slice(0, first)} "${key.slice(first + 1, last)}"`;
  return `[${section}]\n\t${key.slice(last + 1)} = "${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"\n`;
}

/** What a killed fetch leaves behind. */
async function tidy(directory: string): Promise<void> {
  const packs = join(directory, 'objects', 'pack');
  const names = await readdir(packs).catch(() => []);
  const halves = names.filter((name) => name.startsWith('tmp_')).map((name) => join(packs, name));
  for (const path of [join(directory, 'shallow.lock'), ...halves]) await rm(path, { force: true });
}
