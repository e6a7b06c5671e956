// Says of a first sight whether Reloader restarted the workload for exactly this content (RESTART-PROTOCOL.md rule 14). It only
// names what the ledger holds already: the reconcile does not wait for it, and what cannot be read stays a plain baseline.
import type { MarkQuestion, Reads } from '../core/cluster.ts';
import type { Acked } from '../core/decide-workload.ts';
import type { AckReason } from '../core/judge-pair.ts';
import { splitConfigName } from '../core/object.ts';
import { marksOf } from '../core/reloader-marks.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { WorkloadRecord } from '../core/snapshot.ts';
import type { Outcome } from './outcome.ts';

export interface MarkCheckDeps {
  readonly reads: Pick<Reads, 'compareMarks'>;
  readonly report: (outcome: Outcome) => void;
  /** Nothing waits for a comparison, so what it throws goes here: a bug. */
  readonly onTrouble: (error: unknown) => void;
}

export interface MarkChecks {
  /** Those that carry no mark. The others are compared in a while and reported then, one by one. */
  take(workload: SeenWorkload, seen: FirstSight, signal: AbortSignal): readonly Acked[];
}

interface FirstSight {
  readonly record: WorkloadRecord;
  readonly acked: readonly Acked[];
}

interface Check {
  readonly workload: SeenWorkload;
  readonly acked: Acked;
  readonly question: MarkQuestion;
  readonly signal: AbortSignal;
}

/** A migration asks once for each pair; restarts go first. */
const concurrency = 4;

export function createMarkChecks({ reads, report, onTrouble }: MarkCheckDeps): MarkChecks {
  const waiting: Check[] = [];
  let running = 0;
  const run = async ({ workload, acked, question, signal }: Check): Promise<void> => {
    const reason = await reads.compareMarks(question, signal).then(reasonOf, (): AckReason => acked.reason);
    report({ kind: 'recorded', workload: workload.ref, acked: [{ ...acked, reason }] });
  };
  const next = (): void => {
    while (running < concurrency) {
      const check = waiting.shift();
      if (check === undefined) return;
      running++;
      void run(check)
        .catch(onTrouble)
        .finally(() => {
          running--;
          next();
        });
    }
  };
  return {
    take(workload, { record, acked }, signal) {
      const checks = acked.flatMap((ack): Check[] => {
        const question = ask(workload, record, ack);
        return question === undefined ? [] : [{ workload, acked: ack, question, signal }];
      });
      waiting.push(...checks);
      next();
      return acked.filter((ack) => !checks.some((check) => check.acked === ack));
    },
  };
}

function ask({ ref, marks }: SeenWorkload, { acks }: WorkloadRecord, acked: Acked): MarkQuestion | undefined {
  if (acked.reason !== 'baseline' || marks.length === 0) return undefined;
  const named = splitConfigName(acked.name);
  if (named === undefined) return undefined;
  const config = { ...named, namespace: ref.namespace };
  const found = marksOf(marks, config);
  const ack = acks[acked.name];
  return found.length === 0 || ack === undefined
    ? undefined
    : { config, resourceVersion: ack.resourceVersion, marks: found };
}

function reasonOf(verdict: Awaited<ReturnType<Reads['compareMarks']>>): AckReason {
  switch (verdict) {
    case 'ack':
      return 'reloader-hash';
    case 'mismatch':
      return 'reloader-hash-differs';
    case 'none':
    case 'moved':
      return 'baseline';
  }
}
