// Snapshots for tables: everything in step, to be changed in one place.
import type { Decision } from '../../server/core/decide-workload.ts';
import type { Change, Pair, PairObject, Snapshot } from '../../server/core/snapshot.ts';

/** The time of the decision; 1,000 s before it everything was quiet. */
export const now = 1_700_000_000_000;
export const ack = { digest: 'k1:A', projection: '*', uid: 'u', resourceVersion: '100' };

export const change = (resourceVersion: string, at: number | undefined, more: Partial<Change> = {}): Change => ({
  resourceVersion,
  at,
  notBefore: at ?? 0,
  watched: true,
  what: 'content',
  ...more,
});

export const object = (more: Partial<PairObject> = {}): PairObject => ({
  uid: 'u',
  resourceVersion: '100',
  createdAt: now - 2_000_000,
  digests: ['k1:A'],
  changes: [],
  watchedSince: '100',
  dataWrittenAt: now - 1_000_000,
  ...more,
});

/** The object holds B since 10 s. */
export const changed = (more: Partial<PairObject> = {}): PairObject =>
  object({
    digests: ['k1:B'],
    resourceVersion: '200',
    changes: [change('200', now - 10_000)],
    dataWrittenAt: now - 10_000,
    ...more,
  });

export const pair = (of: PairObject | undefined, more: Partial<Pair> = {}): Pair => ({
  name: 'Secret/db',
  projection: '*',
  optional: false,
  object: of,
  gone: undefined,
  ...more,
});

export const snapshot = (more: Partial<Snapshot> = {}): Snapshot => ({
  now,
  workload: {
    ref: { kind: 'Deployment', namespace: 'shop', name: 'web' },
    uid: 'w',
    resourceVersion: '150',
    createdAt: 0,
    restartKey: undefined,
  },
  revision: { createdAt: now - 900_000, addedVersion: undefined, reused: false },
  pods: undefined,
  pairs: [pair(object())],
  record: { uid: 'w', n: 0, acks: { 'Secret/db': ack } },
  optedInAt: undefined,
  settledAt: undefined,
  proven: false,
  oneOrder: true,
  presence: { onCreate: false, onDelete: false, atStart: false },
  inheritedAt: undefined,
  ...more,
});

/** A decision in one line. */
export function tell(decision: Decision): string {
  switch (decision.kind) {
    case 'nothing':
      return decision.reason;
    case 'look':
      return `look at ${decision.facts}`;
    case 'record':
      return `record n=${decision.record.n} ${decision.acked.map(({ reason }) => reason).join()}`.trim();
    case 'restart':
      return `restart n=${decision.key.n} ${decision.owed.map(({ reason }) => reason).join()}`;
  }
}
