// What to do with failures outside of decisions: say so once, count, try again.
import { LockstepError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import type { Metrics } from './metrics.ts';
import { errorCode } from './outcome-report.ts';

export interface TroublePorts {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

type Fields = Readonly<Record<string, unknown>>;

/** Errors of the catalogue are expected; anything else is a bug, logged with its stack. */
export function reportTrouble(
  { log, metrics }: Pick<TroublePorts, 'log' | 'metrics'>,
  error: unknown,
  message: string,
  fields: Fields = {},
): void {
  metrics.errors.inc({ code: errorCode(error) });
  if (error instanceof LockstepError) log.warn({ ...fields, err: error, advice: error.advice }, message);
  else log.error({ ...fields, err: error }, message);
}

/** Long enough not to fill the log, short enough that somebody who looks now sees it. */
const sameTroubleMs = 300_000;

/** Says each cause when it begins, and again only every five minutes; counts every time. `elapsed`: monotonic (ms). */
export function reportSparingly(
  ports: Pick<TroublePorts, 'log' | 'metrics'>,
  elapsed: () => number,
  message: string,
): (error: unknown) => void {
  const saidAt = new Map<string, number>();
  return (error) => {
    const cause = errorCode(error);
    const said = saidAt.get(cause);
    if (said !== undefined && elapsed() - said < sameTroubleMs) return ports.metrics.errors.inc({ code: cause });
    saidAt.set(cause, elapsed());
    reportTrouble(ports, error, message);
  };
}

/** Repeats what may pass, with full-jitter backoff up to 30 s. Throws what no waiting mends, and when aborted. */
export async function untilDone<T>(ports: TroublePorts, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof LockstepError) || error.retry === 'fatal') throw error;
      const retryMs = error.afterMs ?? ports.random() * Math.min(30_000, 800 * 2 ** Math.min(attempt, 6));
      reportTrouble(ports, error, 'cannot start yet, trying again', { retryMs: Math.round(retryMs) });
      await ports.sleep(retryMs, signal);
      signal.throwIfAborted();
    }
  }
}
