// Sends alerts one after the other, beside the loop: a receiver that is slow or gone costs alerts, never a restart.
import { LockstepError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Notifier, Sink } from '../core/notification.ts';

export interface NotifierOptions {
  readonly sink: Sink;
  readonly log: Log;
  /** Ends the sending; what waits is dropped. */
  readonly signal: AbortSignal;
}

/** A fan-out over a large namespace; more than that nobody reads. */
export const mostWaiting = 1_000;

export function createNotifier({ sink, log, signal }: NotifierOptions): Notifier {
  const waiting: string[] = [];
  let isSending = false;
  /** Since the last one that was taken. The first is told, the others only counted. */
  let lost = 0;
  const lose = (why: Readonly<Record<string, unknown>>): void => {
    if (lost === 0) log.error({ sink: sink.host, ...why }, 'alert not delivered; told again when one is');
    lost++;
  };
  const send = async (text: string): Promise<void> => {
    try {
      await sink.send(text, signal);
    } catch (error) {
      if (signal.aborted) return;
      return lose(error instanceof LockstepError ? { err: error, advice: error.advice } : { err: error });
    }
    if (lost > 0) log.info({ sink: sink.host, lost }, 'alerts are delivered again');
    lost = 0;
  };
  const run = async (): Promise<void> => {
    isSending = true;
    for (let text = waiting.shift(); text !== undefined && !signal.aborted; text = waiting.shift()) await send(text);
    isSending = false;
  };
  return {
    notify(text) {
      if (signal.aborted) return;
      if (waiting.length >= mostWaiting) return lose({ waiting: mostWaiting });
      waiting.push(text);
      if (!isSending) void run();
    },
  };
}
