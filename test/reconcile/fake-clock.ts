// A clock that stands until it is told to go on.
import type { Clock } from '../../server/reconcile/workqueue.ts';

export interface FakeClock extends Clock {
  /** Goes on by `ms`, running what falls due in its order, and lets what follows from it happen. */
  advance(ms: number): Promise<void>;
  readonly waiting: number;
}

export function createFakeClock(): FakeClock {
  let time = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  return {
    now: () => time,
    after(ms, run) {
      const timer = { at: time + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const end = time + ms;
      await flush();
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        time = Math.max(time, next.at);
        next.run();
        await flush();
      }
      time = end;
      await flush();
    },
    get waiting() {
      return timers.size;
    },
  };
}

/** Lets every promise that can go on go on. */
export function flush(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
