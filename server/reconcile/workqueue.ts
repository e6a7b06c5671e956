// One queue of keys: a key waits at most once, runs at most once at a time, settles, and backs off when it fails.

export interface Clock {
  now(): number;
  /** Runs `run` once after `ms`; the returned function takes it back. */
  after(ms: number, run: () => void): () => void;
}

export interface Settle {
  /** Quiet time needed; restarted by each call. */
  readonly windowMs: number;
  /** From the first call, however noisy. */
  readonly maxMs: number;
}

export interface WorkQueue {
  /** As soon as possible, unless the key is settling: then when it has settled. */
  add(key: string): void;
  /** After the quiet window. */
  settle(key: string, settle: Settle): void;
  /** Not before `ms` from now, unless something else asks sooner. */
  addAfter(key: string, ms: number): void;
  /** Starts taking keys. */
  start(): void;
  /** Takes no more keys; resolves when those that run are done. */
  stop(): Promise<void>;
  readonly depth: number;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly concurrency: number;
  /** Handles one key. A rejection is retried with full-jitter backoff. */
  readonly handle: (key: string) => Promise<void>;
  /** Told before the retry; returns the milliseconds that the failure itself asks to wait, if any. */
  readonly onFailure: (key: string, error: unknown) => number | undefined;
}

const backoffMs = { first: 800, most: 30_000 } as const;

interface Waiting {
  readonly dueAt: number;
  /** Set while the key settles: the latest end of its window. */
  readonly latestAt: number | undefined;
  readonly cancel: () => void;
}

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { clock, random, concurrency, handle, onFailure } = options;
  const waiting = new Map<string, Waiting>();
  const ready = new Set<string>();
  const running = new Map<string, { again: boolean }>();
  const failures = new Map<string, number>();
  let started = false;
  let stopped: (() => void) | undefined;

  const schedule = (key: string, dueAt: number, latestAt: number | undefined): void => {
    waiting.get(key)?.cancel();
    const cancel = clock.after(Math.max(0, dueAt - clock.now()), () => {
      waiting.delete(key);
      makeReady(key);
    });
    waiting.set(key, { dueAt, latestAt, cancel });
  };

  const makeReady = (key: string): void => {
    const run = running.get(key);
    if (run === undefined) ready.add(key);
    else run.again = true;
    takeNext();
  };

  const takeNext = (): void => {
    while (started && running.size < concurrency) {
      const [key] = ready;
      if (key === undefined) return;
      ready.delete(key);
      void runOne(key);
    }
  };

  const runOne = async (key: string): Promise<void> => {
    const run = { again: false };
    running.set(key, run);
    try {
      await handle(key);
      failures.delete(key);
    } catch (error) {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      const asked = onFailure(key, error);
      const most = Math.min(backoffMs.most, backoffMs.first * 2 ** Math.min(count - 1, 10));
      queue.addAfter(key, asked ?? random() * most);
    } finally {
      running.delete(key);
      if (run.again) ready.add(key);
      if (!started && running.size === 0) stopped?.();
      takeNext();
    }
  };

  const queue: WorkQueue = {
    add(key) {
      const wait = waiting.get(key);
      if (wait?.latestAt !== undefined) return;
      wait?.cancel();
      waiting.delete(key);
      makeReady(key);
    },
    settle(key, { windowMs, maxMs }) {
      if (windowMs === 0) return queue.add(key);
      const now = clock.now();
      const latestAt = waiting.get(key)?.latestAt ?? now + maxMs;
      ready.delete(key);
      schedule(key, Math.min(now + windowMs, latestAt), latestAt);
    },
    addAfter(key, ms) {
      const dueAt = clock.now() + ms;
      const wait = waiting.get(key);
      if (ready.has(key) || (wait !== undefined && (wait.latestAt !== undefined || wait.dueAt <= dueAt))) return;
      schedule(key, dueAt, undefined);
    },
    start() {
      started = true;
      takeNext();
    },
    async stop() {
      started = false;
      for (const { cancel } of waiting.values()) cancel();
      waiting.clear();
      ready.clear();
      if (running.size > 0) await new Promise<void>((resolve) => (stopped = resolve));
    },
    get depth() {
      return ready.size + running.size + waiting.size;
    },
  };
  return queue;
}
