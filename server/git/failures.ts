// Failures of git itself as errors of the catalogue: by exit code and kind, never by git's messages.
import { formatDuration } from '../core/duration.ts';
import { LockstepError } from '../core/errors.ts';
import type { GitCommand, GitEnd } from './run.ts';
import { displayUrl } from './validate.ts';

export interface Unended {
  readonly command: GitCommand;
  readonly error: unknown;
  readonly limits: { readonly deadlineMs: number };
  readonly code: 'git-failed' | 'git-unreachable';
}

/** Git that was ended by its deadline, or never began. */
export function notEnded({ command, error, limits, code }: Unended, url: string): LockstepError {
  const what = `git ${verbOf(command)} for ${displayUrl(url)}`;
  if (error instanceof Error && error.name === 'TimeoutError')
    return new LockstepError(code, { message: `${what} did not end within ${formatDuration(limits.deadlineMs)}` });
  return new LockstepError('git-failed', {
    message: `${what} cannot be started: is git installed, and its directory there?`,
  });
}

function verbOf({ args }: GitCommand): string {
  return args.find((arg) => /^[a-z][a-z-]+$/.test(arg)) ?? '';
}

/** Git that ended with an exit code that nobody expects. */
export function gitFailed(command: GitCommand, end: GitEnd, url: string): LockstepError {
  return new LockstepError('git-failed', {
    message: `git ${verbOf(command)} failed in the mirror of ${displayUrl(url)}`,
    details: { exitCode: end.code },
  });
}
