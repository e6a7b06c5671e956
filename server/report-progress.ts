// Tells on a terminal how far reading is, when it takes long: one line, written over and cleared at the end.
export interface ProgressDeps {
  readonly stderr: (text: string) => void;
  readonly isWatched: boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface Progress {
  readonly tell: (resource: string, count: number) => void;
  readonly clear: () => void;
}

const firstMs = 1_000;
const nextMs = 200;
const clearLine = '\r\u001b[K';

export function createProgress({ stderr, isWatched, now }: ProgressDeps): Progress {
  let isShown = false;
  let dueAt = now() + firstMs;
  return {
    tell(resource, count) {
      if (!isWatched || now() < dueAt) return;
      stderr(`${clearLine}reading ${resource}: ${count}`);
      isShown = true;
      dueAt = now() + nextMs;
    },
    clear() {
      if (isShown) stderr(clearLine);
      isShown = false;
    },
  };
}
