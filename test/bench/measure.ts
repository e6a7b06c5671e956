// What the audit log says about a run: how long after a change the patches were done, and who asked what.
import type { AuditEvent } from '../cluster/audit.ts';

/** A part of a run; times in ms since the epoch. */
export interface Phase {
  readonly name: 'start' | 'warm-up' | 'latency' | 'unused' | 'fan-out' | 'floor';
  readonly from: number;
  readonly until: number;
}

export interface Side {
  /** Who patches. */
  readonly user: string;
  /** The config object whose changes are answered, and its resource. */
  readonly config: { readonly resource: 'secrets' | 'configmaps'; readonly name: string };
  /** Names of the Deployments to be patched for each change. */
  readonly deployments: ReadonlySet<string>;
}

/** What followed one change. */
export interface Answer {
  /** From the end of the change's request to the end of the last patch's. */
  readonly ms: number;
  /** Successful patches: as many as Deployments when each was patched once. */
  readonly patches: number;
}

/** One for each change by the driver in these phases, in order; patches belong to the change before them. */
export function answersOf(
  events: readonly AuditEvent[],
  phases: readonly Phase[],
  { user, config, deployments }: Side,
): Answer[] {
  const isChange = (event: AuditEvent): boolean =>
    event.verb === 'patch' && event.user !== user && event.resource === config.resource && event.name === config.name;
  const changes = events.filter(isChange).sort((a, b) => a.receivedAt - b.receivedAt);
  const patches = events.filter(
    (event) =>
      event.verb === 'patch' && event.user === user && event.resource === 'deployments' && deployments.has(event.name),
  );
  return changes.flatMap((change, index) => {
    if (!isInside(change, phases)) return [];
    const next = changes[index + 1]?.receivedAt ?? Infinity;
    const own = patches.filter(({ receivedAt }) => receivedAt > change.receivedAt && receivedAt < next);
    const done = own.filter(({ status }) => status === 200);
    const doneAt = Math.max(...done.map(({ answeredAt }) => answeredAt));
    return [{ ms: doneAt - change.answeredAt, patches: done.length }];
  });
}

/** How many requests a user made, by verb and resource. */
export function countRequests(events: readonly AuditEvent[], user: string, phases: readonly Phase[]): Counts {
  const counts: Record<string, number> = {};
  for (const event of events) {
    if (event.user !== user || !isInside(event, phases)) continue;
    const name = `${event.verb} ${event.namespace === ownNamespace ? (ownNames[event.resource] ?? event.resource) : event.resource}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function isInside({ receivedAt }: AuditEvent, phases: readonly Phase[]): boolean {
  return phases.some(({ from, until }) => receivedAt >= from && receivedAt < until);
}

export type Counts = Readonly<Record<string, number>>;

const ownNamespace = 'lockstep-system';
const ownNames: Readonly<Record<string, string>> = { configmaps: 'ledger', leases: 'lease', secrets: 'digest key' };

/** Of sorted or unsorted numbers; the smallest that at least `share` of them do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
