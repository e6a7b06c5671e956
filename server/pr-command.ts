// `lockstep pr list|show|merge|close`: the pull requests of a repository that has no forge.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LockstepError } from './core/errors.ts';
import type { Forge, PullRequest } from './core/forge.ts';
import type { GitCredentials } from './git/credentials.ts';
import { openRepository } from './git/repository.ts';
import type { PrOptions } from './pr-arguments.ts';
import { forges } from './registry.ts';
import { parsePrArguments, prUsage } from './pr-arguments.ts';
import { renderJson, renderPull, renderTable } from './pr-output.ts';

export interface PrIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** LOCKSTEP_GIT_USERNAME and LOCKSTEP_GIT_PASSWORD are the credentials, when the repository asks for some. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: { now(): number };
  /** A directory made below it for the run, and removed. */
  readonly temporaryDirectory: string;
  readonly signal: AbortSignal;
}

/** How often a merge is tried again when the base moved in between. */
const maxAttempts = 3;

/** Answers with the exit code: 0 done, 1 not done, 2 wrongly called. */
export async function runPrCommand(args: readonly string[], io: PrIo): Promise<number> {
  try {
    const options = parsePrArguments(args);
    if (options === 'help') {
      io.stdout(prUsage);
      return 0;
    }
    io.stdout(await runWithForge(options, io));
    return 0;
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    io.stderr(`error: ${error.message}\n${error.code}: ${error.advice}\n`);
    return error.code === 'pull-usage' ? 2 : 1;
  }
}

async function runWithForge(options: PrOptions, io: PrIo): Promise<string> {
  const stateDirectory = await mkdtemp(join(io.temporaryDirectory, 'lockstep-pr-'));
  try {
    const repository = openRepository({
      url: options.repository,
      policy: { local: 'allowed' },
      stateDirectory,
      ambient: io.env,
      access: () => ({ credentials: readCredentials(io.env) }),
    });
    return await runVerb(forges.local({ repository, clock: io.clock }), options, io);
  } finally {
    await rm(stateDirectory, { recursive: true, force: true });
  }
}

function readCredentials(env: PrIo['env']): GitCredentials | undefined {
  const password = env['LOCKSTEP_GIT_PASSWORD'];
  if (password === undefined) return undefined;
  return { kind: 'password', username: env['LOCKSTEP_GIT_USERNAME'] ?? 'lockstep', password };
}

async function runVerb(forge: Forge, options: PrOptions, { clock, signal }: PrIo): Promise<string> {
  const isJson = options.output === 'json';
  switch (options.verb) {
    case 'list': {
      const pulls = (await forge.list({}, signal)).filter(
        ({ state }) => options.state === 'all' || state === options.state,
      );
      return isJson ? renderJson(pulls) : renderTable(pulls, clock.now());
    }
    case 'show': {
      const pull = await findPull(forge, options.number, signal);
      return isJson ? renderJson(pull) : renderPull(pull);
    }
    case 'merge': {
      const done = await mergePull(forge, options.number, signal);
      const pull = await findPull(forge, options.number, signal);
      return isJson ? renderJson(pull) : `pull request #${pull.number} ${done}\n`;
    }
    case 'close': {
      const before = await findPull(forge, options.number, signal);
      const pull = await forge.close(options.number, 'person', signal);
      if (pull.state === 'merged') throw notMergeable(`pull request #${pull.number} is merged already`);
      return isJson
        ? renderJson(pull)
        : `pull request #${pull.number} ${before.state === 'closed' ? 'was closed already' : 'closed'}\n`;
    }
  }
}

async function mergePull(forge: Forge, number: number, signal: AbortSignal): Promise<'merged' | 'was merged already'> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const outcome = await forge.merge(number, signal);
    switch (outcome) {
      case 'merged':
        return 'merged';
      case 'moved':
        continue;
      case 'not-open': {
        const { state } = await findPull(forge, number, signal);
        if (state === 'merged') return 'was merged already';
        throw notMergeable(`pull request #${number} is ${state}`);
      }
      case 'conflict':
        throw notMergeable(`pull request #${number} cannot be merged: base and branch changed the same lines`);
      case 'refused':
        throw new LockstepError('git-push-refused', {
          message: `the server refuses the merge of pull request #${number}`,
        });
    }
  }
  throw new LockstepError('git-conflict', { message: `the branches of pull request #${number} keep moving` });
}

async function findPull(forge: Forge, number: number, signal: AbortSignal): Promise<PullRequest> {
  const pull = (await forge.list({}, signal)).find((candidate) => candidate.number === number);
  if (pull === undefined) throw new LockstepError('pull-not-found', { message: `there is no pull request #${number}` });
  return pull;
}

function notMergeable(message: string): LockstepError {
  return new LockstepError('pull-not-mergeable', { message });
}
