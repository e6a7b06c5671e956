// Owners whose objects are in another cluster are left out: how many, in one line of each kind, since a hub may have thousands.
import type { DiffGap } from './core/diff-row.ts';
import type { EngineRef } from './core/engine.ts';
import type { Log } from './core/log.ts';

export function listElsewhere(owners: readonly EngineRef[]): readonly DiffGap[] {
  return [...countKinds(owners)].map(([kind, count]) => ({
    about: `${kind}s`,
    says: `${count} of another cluster ${count === 1 ? 'is' : 'are'} left out${adviceOf(kind)}`,
  }));
}

/** To be called once. */
export function tellElsewhere(log: Log, owners: readonly EngineRef[]): void {
  for (const [kind, count] of countKinds(owners)) log.info({ kind, count }, 'owners of another cluster are left out');
}

/** Only Argo CD names clusters. */
function adviceOf(kind: string): string {
  return kind === 'Application'
    ? '; if it is this one, give --engine-cluster-name the name or server that they say'
    : '';
}

function countKinds(owners: readonly EngineRef[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { kind } of owners) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
