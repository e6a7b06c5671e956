// What an explanation is under --webhook-url: nothing is restarted, and every change is posted whatever the rules say.
import type { ConfigExplanation, WorkloadExplanation } from './explanation.ts';

const ifChanged = { action: 'post' } as const;

export function explainPostedWorkload(explanation: WorkloadExplanation): WorkloadExplanation {
  const { uses, gaps } = explanation;
  return {
    ...explanation,
    pending: { kind: 'nothing', reason: 'webhook-url' },
    gaps: [...gaps, 'webhook-url'],
    uses: uses.map((use) => ({ ...use, ifChanged })),
  };
}

export function explainPostedConfig(explanation: ConfigExplanation): ConfigExplanation {
  const { workloads, gaps } = explanation;
  return {
    ...explanation,
    gaps: [...gaps, 'webhook-url'],
    workloads: workloads.map((user) => ({ ...user, ifChanged, waitsForDelete: false })),
  };
}
