// A cached bare partial mirror (blob:none, depth 1) of one repository: made anew in each process, read at a revision.
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LockstepError } from '../core/errors.ts';
import { diagnose } from './diagnose.ts';
import { gitFailed, notEnded } from './failures.ts';
import type { GitCommand, GitEnd, RunGit } from './run.ts';
import { createRunner, gitEnvironment } from './run.ts';
import { createRemoteRunner } from './run-remote.ts';
import type { RepositoryAddress, UrlPolicy } from './validate.ts';
import { parseUrl } from './validate.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface MirrorOptions {
  readonly url: string;
  readonly policy: UrlPolicy;
  /** Belongs to this process alone; mirrors and the askpass script live below it. */
  readonly stateDirectory: string;
  /** The process's environment; only PATH, proxies and TLS roots are taken from it. */
  readonly ambient: Readonly<Record<string, string | undefined>>;
  /** Asked before each command that reaches the remote, so that rotated credentials are used at once. */
  readonly credentials?: () => Credentials | undefined;
  /** For any single git command, in milliseconds. */
  readonly deadlineMs?: number;
}

export interface Mirror {
  readonly address: RepositoryAddress;
  readonly directory: string;
  /** Runs git without network; any exit code not listed throws git-failed. */
  local(command: GitCommand, accepted?: readonly number[]): Promise<GitEnd>;
  /** Runs git with network and credentials; any exit code not listed is diagnosed and thrown. */
  remote(command: GitCommand, accepted?: readonly number[]): Promise<GitEnd>;
  /** Throws what is wrong between here and the remote. */
  explain(service: GitService, signal: AbortSignal): Promise<never>;
}

export type GitService = 'git-upload-pack' | 'git-receive-pack';

/** Long enough for the first fetch of a large repository, short enough that a silent server is noticed. */
const defaultDeadlineMs = 120_000;

const askpassScript = `#!/bin/sh
case "$1" in
  Username*) printf '%s\\n' "$LOCKSTEP_GIT_USERNAME" ;;
  *) printf '%s\\n' "$LOCKSTEP_GIT_PASSWORD" ;;
esac
`;

/** Throws git-url-refused at once; everything else waits for the first use. */
export function openMirror(options: MirrorOptions): Mirror {
  const address = parseUrl(options.url, options.policy);
  const name = createHash('sha256').update(address.url).digest('hex').slice(0, 16);
  const directory = join(options.stateDirectory, `${name}.git`);
  const askpass = join(options.stateDirectory, 'askpass.sh');
  const home = options.stateDirectory;
  const environment = gitEnvironment({ ambient: options.ambient, home, protocol: address.protocol, askpass });
  const limits = { directory, environment, deadlineMs: options.deadlineMs ?? defaultDeadlineMs };
  const runLocal = createRunner(limits);
  const runRemote = createRemoteRunner(limits);
  const mirror = createOnce((signal) =>
    create({ directory, askpass, run: (command) => attempt(runLocal, command), address, signal }),
  );
  const explain = async (service: GitService, signal: AbortSignal): Promise<never> => {
    throw await diagnose({ address, service, credentials: options.credentials?.(), signal });
  };
  /** Whatever keeps git from ending by itself may have left the mirror locked, or is that the mirror is gone. */
  const attempt = async (run: RunGit, command: GitCommand): Promise<GitEnd> => {
    try {
      return await run(command);
    } catch (error) {
      mirror.discard();
      command.signal.throwIfAborted();
      throw notEnded(
        { command, error, limits, code: run === runRemote ? 'git-unreachable' : 'git-failed' },
        address.url,
      );
    }
  };
  return {
    address,
    directory,
    explain,
    local: async (command, accepted = [0]) => {
      await mirror.ready(command.signal);
      const end = await attempt(runLocal, { ...command, env: { ...command.env, GIT_ALLOW_PROTOCOL: 'none' } });
      if (accepted.includes(end.code)) return end;
      mirror.discard();
      throw gitFailed(command, end, address.url);
    },
    remote: async (command, accepted = [0]) => {
      await mirror.ready(command.signal);
      const env = { ...command.env, ...credentialEnvironment(options.credentials?.()) };
      const end = await attempt(runRemote, { ...command, env });
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

async function fill({ directory, askpass, run, address, signal }: Creation): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(askpass, askpassScript, { mode: 0o700 });
  const settings: [string, string][] = [
    ['remote.origin.url', address.url],
    ['remote.origin.promisor', 'true'],
    ['remote.origin.partialclonefilter', 'blob:none'],
    ['core.hooksPath', '/dev/null'],
    ['core.symlinks', 'false'],
    ['http.followRedirects', 'false'],
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', '60'],
    ['submodule.recurse', 'false'],
    ['gc.autoDetach', 'false'],
    ['maintenance.autoDetach', 'false'],
    ['merge.renames', 'false'],
  ];
  const config = settings.map(([key, value]) => configLine(key, value)).join('');
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

function credentialEnvironment(credentials: Credentials | undefined): Record<string, string> {
  if (credentials === undefined) return { GIT_ASKPASS: '/bin/false' };
  return { LOCKSTEP_GIT_USERNAME: credentials.username, LOCKSTEP_GIT_PASSWORD: credentials.password };
}
