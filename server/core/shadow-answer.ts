// Reads the answer of `GET /v1/shadow`, which may come from an older or newer Lockstep, or from something else.
import { LockstepError } from './errors.ts';
import { parseChange, recordOf, toChange } from './shadow-history.ts';
import { shadowResults, type ShadowResult } from './shadow-pair.ts';
import { shadowGaps, type ShadowReport } from './shadow-report.ts';

/** Throws `report-answer-invalid`. */
export function parseReport(value: unknown): ShadowReport {
  const { since, until, watchedSince, summary, waiting, gaps, changes } = recordOf(value);
  if (!isText(since) || !isText(until) || !isText(watchedSince) || typeof waiting !== 'number') throw unreadable();
  if (!Array.isArray(gaps) || !Array.isArray(changes)) throw unreadable();
  const counts = recordOf(summary);
  return {
    since,
    until,
    watchedSince,
    summary: Object.fromEntries(shadowResults.map((result) => [result, countOf(counts[result])])) as Record<
      ShadowResult,
      number
    >,
    waiting,
    gaps: shadowGaps.filter((gap) => gaps.includes(gap)),
    changes: changes.map((change: unknown) => {
      const judgement = parseChange(recordOf(change));
      if (judgement === undefined) throw unreadable();
      return toChange(judgement);
    }),
  };
}

function countOf(value: unknown): number {
  if (typeof value !== 'number') throw unreadable();
  return value;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function unreadable(): LockstepError {
  return new LockstepError('report-answer-invalid', { message: 'the server’s answer is not what Lockstep answers' });
}
