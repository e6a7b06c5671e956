// Writes the ledger when it is due, in the background.
import type { Ledger } from '../state/ledger.ts';
import type { Clock } from './workqueue.ts';

export interface Flusher {
  /** Something was put: looks when the next write is due. */
  poke(): void;
  /** Writes everything that is still to be written. */
  stop(signal: AbortSignal): Promise<void>;
}

export interface FlusherOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Wall clock of the ledger's due times (ms). */
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Keys whose record another process had changed. */
  readonly onLost: (keys: readonly string[]) => void;
  readonly onTrouble: (error: unknown) => void;
}

const retryMs = 2_000;

export function createFlusher({ ledger, clock, now, signal, onLost, onTrouble }: FlusherOptions): Flusher {
  let cancel: (() => void) | undefined;
  let plannedFor = Infinity;
  let writing: Promise<void> = Promise.resolve();

  const plan = (at: number): void => {
    if (at >= plannedFor) return;
    cancel?.();
    plannedFor = at;
    cancel = clock.after(Math.max(0, at - now()), () => {
      plannedFor = Infinity;
      writing = writing.then(write);
    });
  };
  const write = async (): Promise<void> => {
    try {
      onLost(await ledger.flush(now(), signal));
      flusher.poke();
    } catch (error) {
      if (signal.aborted) return;
      onTrouble(error);
      plan(now() + retryMs);
    }
  };
  const flusher: Flusher = {
    poke() {
      const due = ledger.dueAt();
      if (due !== undefined) plan(due);
    },
    async stop(deadline) {
      cancel?.();
      plannedFor = -Infinity;
      await writing;
      await ledger.flush(Infinity, deadline).catch(onTrouble);
    },
  };
  return flusher;
}
