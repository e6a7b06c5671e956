// Gathers what is asked for in the same turn, and while the batch before runs, into one run. One run at a time.

/** One request; `resolve` or `reject` is called once. */
export interface Asked<Wish, Answer> {
  readonly wish: Wish;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface Desk<Wish, Answer> {
  /** The signal's reason when the caller leaves first; the work goes on for the others. */
  ask(wish: Wish, signal: AbortSignal): Promise<Answer>;
  readonly isIdle: boolean;
}

export interface DeskOptions<Wish, Answer> {
  /** Answers what can be answered without the remote; gives back the rest. */
  readonly answer: (asked: readonly Asked<Wish, Answer>[]) => Promise<readonly Asked<Wish, Answer>[]>;
  /** Brings what the rest needs. Refuses single ones itself, gives back those to be answered again; what it throws refuses all. */
  readonly fetch: (asked: readonly Asked<Wish, Answer>[]) => Promise<readonly Asked<Wish, Answer>[]>;
  /** For what cannot be answered although it was fetched. */
  readonly notGiven: (wish: Wish) => Error;
}

/** Two lanes, so that what is here never waits for a remote. */
export function createDesk<Wish, Answer>(options: DeskOptions<Wish, Answer>): Desk<Wish, Answer> {
  const fetched = new WeakSet<Asked<Wish, Answer>>();
  const local = createLane<Asked<Wish, Answer>>(async (asked) => {
    for (const one of await options.answer(asked)) {
      if (fetched.has(one)) one.reject(options.notGiven(one.wish));
      else remote.add(one);
    }
  });
  const remote = createLane<Asked<Wish, Answer>>(async (asked) => {
    for (const one of await options.fetch(asked)) {
      fetched.add(one);
      local.add(one);
    }
  });
  return {
    ask: async (wish, signal) => {
      signal.throwIfAborted();
      const answer = Promise.withResolvers<Answer>();
      const leave = (): void => answer.reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      try {
        local.add({ wish, resolve: answer.resolve, reject: answer.reject });
        return await answer.promise;
      } finally {
        signal.removeEventListener('abort', leave);
      }
    },
    get isIdle() {
      return local.isIdle && remote.isIdle;
    },
  };
}

interface Lane<Item> {
  add(item: Item): void;
  readonly isIdle: boolean;
}

function createLane<Item extends { reject(error: unknown): void }>(run: (items: Item[]) => Promise<void>): Lane<Item> {
  let waiting: Item[] = [];
  let isRunning = false;
  const work = async (): Promise<void> => {
    for (;;) {
      // Callers come here over several promises; an immediate is after all of them.
      await new Promise((resolve) => setImmediate(resolve));
      const items = waiting;
      waiting = [];
      if (items.length === 0) break;
      try {
        await run(items);
      } catch (error) {
        for (const item of items) item.reject(error);
      }
    }
    isRunning = false;
  };
  return {
    add: (item) => {
      waiting.push(item);
      if (isRunning) return;
      isRunning = true;
      void work();
    },
    get isIdle() {
      return !isRunning;
    },
  };
}
