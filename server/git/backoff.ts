// Remembers failures for a short, growing time, so that a dead remote is asked seldom and nobody waits for it.
import { formatDuration } from '../core/duration.ts';
import { LockstepError } from '../core/errors.ts';

export interface Backoff {
  /** Throws the remembered failure, saying when the remote is asked again. */
  check(key: string): void;
  failed(key: string, error: unknown): void;
  succeeded(key: string): void;
}

const firstMs = 5_000;
/** A remote that came back is noticed within this time. */
const longestMs = 300_000;
/** Failures that are kept; the oldest is forgotten first. */
const keptMost = 1_000;

interface Failure {
  readonly error: LockstepError;
  readonly waitMs: number;
  readonly until: number;
}

/** Counts the failures that may pass by themselves (`backoff` in the catalogue), except local ones. */
export function createBackoff(now: () => number): Backoff {
  const failures = new Map<string, Failure>();
  return {
    check: (key) => {
      const failure = failures.get(key);
      if (failure === undefined || now() >= failure.until) return;
      const { error, until } = failure;
      const rest = Math.ceil((until - now()) / 1000) * 1000;
      const message = `${error.message} (remembered; asked again in ${formatDuration(rest)})`;
      throw new LockstepError(error.code, { message, cause: error, details: error.details });
    },
    failed: (key, error) => {
      if (!(error instanceof LockstepError) || error.retry !== 'backoff' || error.code === 'git-failed') return;
      const before = failures.get(key);
      const waitMs = before === undefined ? firstMs : Math.min(before.waitMs * 2, longestMs);
      failures.delete(key);
      failures.set(key, { error, waitMs, until: now() + waitMs });
      for (const oldest of failures.keys()) {
        if (failures.size <= keptMost) break;
        failures.delete(oldest);
      }
    },
    succeeded: (key) => void failures.delete(key),
  };
}
