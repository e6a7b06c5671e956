// Waiting for a condition of the outside world, with a deadline.
import { setTimeout as delay } from 'node:timers/promises';

export interface Wait {
  /** Ends the error: `waited 30 s for <what>`. */
  what: string;
  deadlineMs: number;
  signal?: AbortSignal | undefined;
  /** How often to look. */
  everyMs?: number;
}

/** Looks until `look` answers something other than undefined and false. What the last look threw is the error's cause. */
export async function waitFor<T>(look: () => Promise<T | undefined | false>, wait: Wait): Promise<T> {
  const endAt = performance.now() + wait.deadlineMs;
  let cause: unknown;
  for (;;) {
    wait.signal?.throwIfAborted();
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > endAt) throw new Error(`waited ${wait.deadlineMs / 1000} s for ${wait.what}`, { cause });
    await delay(wait.everyMs ?? 50, undefined, { signal: wait.signal });
  }
}
