// Tells on a terminal how far reading is, when it takes long: one line, written over and cleared at the end.
export interface ProgressDeps {
  readonly stderr: (text: string) => void;
  readonly isWatched: boolean;
  /** Runs `run` once after `ms`; the returned function takes it back. */
  readonly after: (ms: number, run: () => void) => () => void;
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

/** What was said last is shown when it is time, though nothing more is said: what takes longest says nothing meanwhile. */
export function createProgress({ stderr, isWatched, after }: ProgressDeps): Progress {
  let isShown = false;
  let next: string | undefined;
  let cancel: (() => void) | undefined;
  const show = (): void => {
    cancel = undefined;
    if (next === undefined) return;
    stderr(`${clearLine}${next}`);
    isShown = true;
    next = undefined;
    cancel = after(nextMs, show);
  };
  const say = (text: string): void => {
    if (!isWatched) return;
    next = text;
    if (cancel === undefined) show();
  };
  if (isWatched) cancel = after(firstMs, show);
  return {
    tell: (resource, count) => say(`reading ${resource}: ${count}`),
    say,
    clear() {
      cancel?.();
      cancel = undefined;
      next = undefined;
      if (isShown) stderr(clearLine);
      isShown = false;
    },
  };
}
