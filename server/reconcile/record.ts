// Writes a decision into the ledger: the workload's acks, and the config objects that they are about.
import type { Acked } from '../core/decide-workload.ts';
import { objectKey } from '../core/object.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { WorkloadRecord } from '../core/snapshot.ts';
import type { LiveState } from './gather.ts';
import type { Outcome } from './outcome.ts';
import { listUses } from './uses.ts';

export interface RecordDeps {
  readonly state: LiveState;
  /** Wall clock (ms). */
  readonly now: () => number;
  /** The record of a workload moved: Git may have to follow. */
  readonly onRecorded: (key: string) => void;
  readonly report: (outcome: Outcome) => void;
}

interface NewRecord {
  readonly record: WorkloadRecord;
  readonly acked: readonly Acked[];
}

export function record(
  deps: RecordDeps,
  workload: SeenWorkload,
  { record: value, acked }: NewRecord,
  traced: 'traced' | 'untraced' = 'untraced',
): void {
  const { ledger, configs } = deps.state;
  const now = deps.now();
  const workloadKey = objectKey(workload.ref);
  ledger.put({ kind: 'workload', key: workloadKey, value }, now, traced);
  for (const { kind, name } of listUses(deps.state, workload)) {
    const key = objectKey({ kind, namespace: workload.ref.namespace, name });
    const memory = configs.memorize(key);
    if (memory !== undefined) ledger.put({ kind: 'object', key, value: memory }, now, traced);
  }
  deps.onRecorded(workloadKey);
  if (acked.length > 0) deps.report({ kind: 'recorded', workload: workload.ref, acked });
}
