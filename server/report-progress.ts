// Tells on a terminal how far reading is, when it takes long: one line, written over and cleared at the end.
export interface ProgressDeps {
  readonly stderr: (text: string) => void;
  readonly isWatched: boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface Progress {
  readonly tell: (resource: string, count: number) => void;
  /** Any other line. */
  readonly say: (text: string) => void;
  readonly clear: () => void;
}

const firstMs = 1_000;
const nextMs = 200;
const clearLine = '\r\u001b[K';

export function createProgress({ stderr, isWatched, now }: ProgressDeps): Progress {
  let isShown = false;
  let dueAt = now() + firstMs;
  const say = (text: string): void => {
    if (!isWatched || now() < dueAt) return;
    stderr(`${clearLine}${text}`);
    isShown = true;
    dueAt = now() + nextMs;
  };
  return {
    tell: (resource, count) => say(`reading ${resource}: ${count}`),
    say,
    clear() {
      if (isShown) stderr(clearLine);
      isShown = false;
    },
  };
}
