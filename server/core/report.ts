// `lockstep report`: what was read of a cluster in, what its owner should know out. Each section is a file of its own.
import type { ConfigKind } from './object.ts';
import { findRenewed, findUnreadable } from './report-certificates.ts';
import { findFanOut } from './report-fan-out.ts';
import type { ReportFacts } from './report-facts.ts';
import type { Report } from './report-findings.ts';
import { findMisplaced } from './report-misplaced.ts';
import { findStale } from './report-stale.ts';
import { findUnmatched } from './report-unmatched.ts';

export interface ReportOptions {
  /** How many of the largest fan-outs. */
  readonly top: number;
}

export function makeReport(facts: ReportFacts, { top }: ReportOptions): Report {
  const refs = [...facts.configs.values()].map(({ seen }) => seen.ref);
  const count = (kind: ConfigKind): number => refs.filter((ref) => ref.kind === kind).length;
  return {
    ...(facts.namespace === undefined ? {} : { namespace: facts.namespace }),
    read: {
      workloads: facts.workloads.length,
      pods: facts.pods.length,
      secrets: count('Secret'),
      configMaps: count('ConfigMap'),
    },
    gaps: facts.gaps,
    ...findStale(facts),
    unmatched: [...findUnmatched(facts), ...findMisplaced(facts)],
    fanOut: findFanOut(facts, top),
    certificates: findRenewed(facts),
    unreadableCertificates: findUnreadable(facts),
  };
}
