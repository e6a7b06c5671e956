// Wakes keys at a later time. Unlike a retry of the queue this is no work that waits: until then everything is decided, and
// the mark of rule 9 moves on.
import type { Clock } from './workqueue.ts';

export interface Alarms {
  /** Takes the place of the key's last alarm. */
  set(key: string, ms: number): void;
}

export interface AlarmOptions {
  readonly clock: Clock;
  readonly ring: (key: string) => void;
  /** Ends all of them. */
  readonly signal: AbortSignal;
}

/** Timers cannot be longer than 24 days, and the wall clock may be set: who is woken early looks again. */
const longestMs = 3_600_000;

export function createAlarms({ clock, ring, signal }: AlarmOptions): Alarms {
  const cancels = new Map<string, () => void>();
  signal.addEventListener('abort', () => cancels.forEach((cancel) => cancel()), { once: true });
  return {
    set(key, ms) {
      if (signal.aborted) return;
      cancels.get(key)?.();
      const run = (): void => {
        cancels.delete(key);
        ring(key);
      };
      cancels.set(key, clock.after(Math.min(ms, longestMs), run));
    },
  };
}
