// How long a workload's config objects must be quiet before it is restarted. RESTART-PROTOCOL.md rule 15.
import { parseDuration } from './duration.ts';
import { annotation } from './reload.ts';

export interface Settle {
  /** Quiet time needed (ms); restarted by each change. */
  readonly windowMs: number;
  /** From the first change, however noisy (ms). */
  readonly maxMs: number;
}

/** The workload's own window where its annotation makes sense; a longer window than the longest wait stretches that too. */
export function settleOf(annotations: Readonly<Record<string, string>>, otherwise: Settle): Settle {
  const windowMs = ownWindow(annotations);
  return windowMs === undefined ? otherwise : { windowMs, maxMs: Math.max(otherwise.maxMs, windowMs) };
}

/** Self-heal of Argo CD begins within about a second. */
const healMs = 5_000;

/** Content that its engine may be about to take back must not roll twice: at least so long, whatever was asked for. */
export function settleForHeal({ windowMs, maxMs }: Settle): Settle {
  const least = Math.max(windowMs, healMs);
  return { windowMs: least, maxMs: Math.max(maxMs, least) };
}

/** One sentence when the annotation cannot be used. */
export function settleProblem(annotations: Readonly<Record<string, string>>): string | undefined {
  const text = annotations[annotation.settle];
  if (text === undefined || ownWindow(annotations) !== undefined) return undefined;
  return `annotation ${annotation.settle} is no duration between 0s and 10m, such as 1s or 500ms, and is ignored`;
}

/** A typing error must not hold back a restart for days. */
const longestMs = 600_000;

function ownWindow(annotations: Readonly<Record<string, string>>): number | undefined {
  const ms = parseDuration(annotations[annotation.settle] ?? '');
  return ms === undefined || ms < 0 || ms > longestMs ? undefined : ms;
}
