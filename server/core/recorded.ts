// Whether the checksum that a workload carries for a config object is that of the live content.
import { keyIdOf } from './digest.ts';
import type { ConfigRef } from './object.ts';

/** `unknown`: its digest key is not held, or the content is not seen. */
export const recordedAnswers = ['outdated', 'unknown', 'current', 'not-recorded'] as const;
export type Recorded = (typeof recordedAnswers)[number];

/** One config object: what is worst among the workloads that use it. */
export interface RecordedConfig {
  readonly config: ConfigRef;
  readonly answer: Recorded;
}

/** `checksum`: the workload's annotation. `digests`: of the live content, under each held digest key; undefined: not seen. */
export function judgeChecksum(checksum: string | undefined, digests: readonly string[] | undefined): Recorded {
  if (checksum === undefined) return 'not-recorded';
  if (digests === undefined) return 'unknown';
  if (digests.includes(checksum)) return 'current';
  return digests.some((digest) => keyIdOf(digest) === keyIdOf(checksum)) ? 'outdated' : 'unknown';
}

/** A workload that records nothing says nothing about those that do. */
export function worstRecorded(answers: readonly Recorded[]): Recorded {
  return recordedAnswers.find((answer) => answers.includes(answer)) ?? 'not-recorded';
}
