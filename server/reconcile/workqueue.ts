// One queue of keys: a key waits at most once, runs at most once at a time, settles, and backs off when it fails.
import type { Settle } from '../core/settle.ts';

export interface Clock {
  now(): number;
  /** Runs `run` once after `ms`; the returned function takes it back. */
  after(ms: number, run: () => void): () => void;
}

export interface WorkQueue {
  /** As soon as possible, unless the key is settling: then when it has settled. */
  add(key: string): void;
  /** After the quiet window; one that is longer and has begun is not cut short. */
  settle(key: string, settle: Settle): void;
  /** Not before `ms` from now, unless something else asks sooner. */
  addAfter(key: string, ms: number): void;
  /** Starts taking keys. */
  start(): void;
  /** Takes no more keys; resolves when those that run are done. */
  stop(): Promise<void>;
  /** Keys that wait or run. */
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

/** A key that failed waits its time out, whatever else asks for it: a server that says when to come again means it. */
interface Failure {
  readonly count: number;
  readonly notBefore: number;
}

interface Waiting {
  readonly dueAt: number;
  /** Set while the key settles: the latest end of its window. */
  readonly latestAt: number | undefined;
  readonly cancel: () => void;
}

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  return new KeyQueue(options);
}

/**
 * The same queue, which takes no keys before it is started: who starts it adds all that there are. A process that stands by for months
 * would otherwise keep the key of everything that ever came and went.
 */
export function emptyUntilStarted(queue: WorkQueue): WorkQueue {
  let isStarted = false;
  const whenStarted = (take: () => void): void => {
    if (isStarted) take();
  };
  return {
    add: (key) => whenStarted(() => queue.add(key)),
    settle: (key, settle) => whenStarted(() => queue.settle(key, settle)),
    addAfter: (key, ms) => whenStarted(() => queue.addAfter(key, ms)),
    start() {
      isStarted = true;
      queue.start();
    },
    stop: () => queue.stop(),
    get depth() {
      return queue.depth;
    },
  };
}

class KeyQueue implements WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #ready = new Set<string>();
  readonly #running = new Map<string, { again: boolean }>();
  readonly #failures = new Map<string, Failure>();
  #isStarted = false;
  #isStopped = false;
  #stopped: (() => void) | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  add(key: string): void {
    const wait = this.#waiting.get(key);
    if (wait?.latestAt !== undefined) return;
    const notBefore = this.#notBefore(key);
    if (notBefore > this.#options.clock.now()) return this.#schedule(key, notBefore, undefined);
    wait?.cancel();
    this.#waiting.delete(key);
    this.#makeReady(key);
  }

  settle(key: string, { windowMs, maxMs }: Settle): void {
    if (windowMs === 0) return this.add(key);
    const now = this.#options.clock.now();
    const wait = this.#waiting.get(key);
    const latestAt = wait?.latestAt ?? now + maxMs;
    const begunUntil = wait?.latestAt === undefined ? 0 : wait.dueAt;
    this.#ready.delete(key);
    const dueAt = Math.max(begunUntil, Math.min(now + windowMs, latestAt));
    this.#schedule(key, Math.max(this.#notBefore(key), dueAt), latestAt);
  }

  addAfter(key: string, ms: number): void {
    const dueAt = Math.max(this.#notBefore(key), this.#options.clock.now() + ms);
    const wait = this.#waiting.get(key);
    const isSooner = wait !== undefined && (wait.latestAt !== undefined || wait.dueAt <= dueAt);
    if (!this.#ready.has(key) && !isSooner) this.#schedule(key, dueAt, undefined);
  }

  start(): void {
    this.#isStarted = true;
    this.#takeNext();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#isStopped = true;
    for (const { cancel } of this.#waiting.values()) cancel();
    this.#waiting.clear();
    this.#ready.clear();
    if (this.#running.size > 0) await new Promise<void>((resolve) => (this.#stopped = resolve));
  }

  get depth(): number {
    return this.#ready.size + this.#running.size + this.#waiting.size;
  }

  #notBefore(key: string): number {
    return this.#failures.get(key)?.notBefore ?? 0;
  }

  #schedule(key: string, dueAt: number, latestAt: number | undefined): void {
    if (this.#isStopped) return;
    const { clock } = this.#options;
    this.#waiting.get(key)?.cancel();
    const cancel = clock.after(Math.max(0, dueAt - clock.now()), () => {
      this.#waiting.delete(key);
      this.#makeReady(key);
    });
    this.#waiting.set(key, { dueAt, latestAt, cancel });
  }

  #makeReady(key: string): void {
    const run = this.#running.get(key);
    if (run === undefined) this.#ready.add(key);
    else run.again = true;
    this.#takeNext();
  }

  #takeNext(): void {
    while (this.#isStarted && this.#running.size < this.#options.concurrency) {
      const [key] = this.#ready;
      if (key === undefined) return;
      this.#ready.delete(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    const run = { again: false };
    this.#running.set(key, run);
    try {
      await this.#options.handle(key);
      this.#failures.delete(key);
    } catch (error) {
      this.#retry(key, error);
    } finally {
      this.#running.delete(key);
      if (run.again && this.#isStarted) this.add(key);
      if (!this.#isStarted && this.#running.size === 0) this.#stopped?.();
      this.#takeNext();
    }
  }

  #retry(key: string, error: unknown): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const asked = this.#options.onFailure(key, error);
    const most = Math.min(backoffMs.most, backoffMs.first * 2 ** Math.min(count - 1, 10));
    const ms = asked ?? this.#options.random() * most;
    this.#failures.set(key, { count, notBefore: this.#options.clock.now() + ms });
    this.addAfter(key, ms);
  }
}
