// What shadow mode answers when it is asked: the judgements of a time, how many of each, and what could not be seen.
import { parseDuration } from './duration.ts';
import { toChange, type History, type ShadowChange } from './shadow-history.ts';
import { shadowResults, type ShadowResult } from './shadow-pair.ts';

/** What could not be seen, so that nobody takes it for nothing. */
export const shadowGaps = [
  'not-watched-yet',
  'restarted',
  'history-damaged',
  'history-unwritten',
  'reload-failures-unreadable',
  'too-many',
] as const;
export type ShadowGap = (typeof shadowGaps)[number];

/** The answer of `GET /v1/shadow`; times are RFC 3339. */
export interface ShadowReport {
  readonly since: string;
  readonly until: string;
  /** Since when there are judgements; of the time before nothing is known. */
  readonly watchedSince: string;
  readonly summary: Readonly<Record<ShadowResult, number>>;
  /** Changes that Reloader has not answered yet and is still given time for. */
  readonly waiting: number;
  readonly gaps: readonly ShadowGap[];
  /** Oldest first. */
  readonly changes: readonly ShadowChange[];
}

interface Asked {
  readonly sinceMs: number;
  readonly now: number;
  readonly waiting: number;
  readonly gaps: readonly ShadowGap[];
}

export function reportShadow(history: History, { sinceMs, now, waiting, gaps }: Asked): ShadowReport {
  const since = now - sinceMs;
  const begins = history.begins ?? now;
  const entries = history.since(since);
  const changes = entries.flatMap((entry) => (entry.kind === 'judged' ? [toChange(entry.judgement)] : []));
  const isRestarted = entries.some((entry) => entry.kind === 'started' && entry.at > begins);
  const summary = Object.fromEntries(
    shadowResults.map((result) => [result, changes.filter((change) => change.result === result).length]),
  ) as Record<ShadowResult, number>;
  return {
    since: isoOf(since),
    until: isoOf(now),
    watchedSince: isoOf(begins),
    summary,
    waiting,
    gaps: [
      ...(begins > since ? ['not-watched-yet' as const] : []),
      ...(isRestarted ? ['restarted' as const] : []),
      ...gaps,
    ],
    changes,
  };
}

/** `7d`, `36h`, `90m`: a duration as Go writes it, or whole days, which Go does not know. Undefined when it is neither, or not above 0. */
export function parseSince(text: string): number | undefined {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  const ms = days === undefined ? parseDuration(text) : Number(days) * 86_400_000;
  return ms !== undefined && ms > 0 && ms <= sinceMost ? ms : undefined;
}

/** Ten years: dates stay dates. */
const sinceMost = 3650 * 86_400_000;

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
