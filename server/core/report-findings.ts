// What a report consists of. Its field names and reason words are the stable form of `lockstep report -o json`.
import type { Projection } from './digest.ts';
import type { ConfigRef } from './object.ts';
import type { PodOwner, ReportGap, Way } from './report-facts.ts';

/** Times as the API server writes them: `2026-11-22T16:55:04Z`. */
export type Time = string;

/** Pods of one workload that started before content that they use was changed. */
export interface StaleFinding {
  readonly config: ConfigRef;
  readonly workload: PodOwner;
  readonly use: Way;
  readonly keys: Projection;
  readonly verdict: Verdict;
  readonly reason: StaleReason;
  /** No used key was changed later; absent when nothing tells. */
  readonly changedAt?: Time;
  /** The field manager of that change. */
  readonly changedBy?: string;
  readonly pods: number;
  readonly oldestStart: Time;
  readonly advice: string;
}

/** `live-volume`: the files have followed, and whether the program read them again cannot be seen. */
export type Verdict = 'stale' | 'may-be-stale' | 'live-volume';

export type StaleReason =
  /** The pods were made for other content, as Lockstep noted. */
  | 'restart-key-differs'
  /** The same, by Reloader's hash. */
  | 'reloader-hash-differs'
  /** A used key was written after the pods started. */
  | 'changed-after-start'
  /** The object was, or another key of it, by who owns a used key too. */
  | 'written-after-start'
  /** The object is younger than the pods. */
  | 'created-after-start';

/** An annotation that does nothing, or not what it says. */
export interface UnmatchedFinding {
  readonly object: PodOwner;
  /** Whose annotation it is. */
  readonly level: 'object' | 'template';
  readonly annotation: string;
  /** The part of its value that is meant. */
  readonly part?: string;
  readonly reason: UnmatchedReason;
  readonly advice: string;
}

export type UnmatchedReason =
  | 'names-nothing'
  | 'expression-matches-nothing'
  | 'excludes-nothing'
  | 'auto-without-reference'
  | 'search-without-reference'
  | 'search-finds-nothing'
  | 'match-unsearched'
  | 'unreadable-value'
  | 'not-exactly-true'
  | 'wrong-place'
  | 'deployment-only'
  | 'hidden-by-workload';

/** How much one change restarts. */
export interface FanOutFinding {
  readonly config: ConfigRef;
  readonly workloads: number;
  /** Absent when pods could not be read. */
  readonly pods?: number;
  readonly advice: string;
}

/** Pods that started before the certificate that their Secret holds now was valid: they started with another. */
export interface CertificateFinding {
  readonly config: ConfigRef;
  readonly workload: PodOwner;
  readonly use: Way;
  readonly reason: 'holds-old-certificate' | 'file-renewed';
  readonly notBefore: Time;
  readonly notAfter: Time;
  readonly pods: number;
  readonly oldestStart: Time;
  readonly advice: string;
}

export interface Report {
  /** Absent: all. */
  readonly namespace?: string;
  /** What was read. */
  readonly read: {
    readonly workloads: number;
    readonly pods: number;
    readonly secrets: number;
    readonly configMaps: number;
  };
  readonly gaps: readonly ReportGap[];
  readonly stale: readonly StaleFinding[];
  /** Config objects in use of which nothing tells when they were changed. */
  readonly undated: readonly ConfigRef[];
  readonly unmatched: readonly UnmatchedFinding[];
  /** The largest first. */
  readonly fanOut: readonly FanOutFinding[];
  readonly certificates: readonly CertificateFinding[];
  /** Secrets whose `tls.crt` is no certificate. */
  readonly unreadableCertificates: readonly ConfigRef[];
}

export function formatTime(at: number): Time {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
