// Of which config objects Git is to carry a checksum. Not of those whose content an owner declares and that can be compared: there Git
// holds the content itself, what differs from it is drift, and a checksum of drift would contradict the branch that it is merged into.
import { splitKey } from '../core/object.ts';
import type { Claims } from '../state/claims.ts';
import type { DriftState } from '../state/drift.ts';

export interface RecordableDeps {
  readonly claims: Pick<Claims, 'ownersOf' | 'declaredBy' | 'claimedFrom'>;
  readonly drift: Pick<DriftState, 'comparison' | 'entry'>;
  /** Whether there is an owner of this key. */
  readonly exists: (owner: string) => boolean;
  /** Keys of owners that may declare objects of a namespace, and that no object names. */
  readonly sourcesIn: (namespace: string) => readonly string[];
  /** In these namespaces other config objects are recordable than before. */
  readonly onChanged: (namespaces: readonly string[]) => void;
}

export interface Recordable {
  /** False too while an owner was not compared yet: what is not proposed need not be taken back. */
  is(config: string): boolean;
  /** To be called after each comparison of an owner. */
  compared(owner: string): void;
}

export function createRecordable(deps: RecordableDeps): Recordable {
  const { claims, sourcesIn, onChanged } = deps;
  const known = new Map<string, string>();
  return {
    is(config) {
      const owners = [...claims.ownersOf(config), ...sourcesIn(splitKey(config)?.namespace ?? '')];
      return owners.every((owner) => isLeftToLockstep(deps, owner, config));
    },
    compared(owner) {
      const now = summarize(deps, owner);
      if (known.get(owner) === now) return;
      if (now === undefined) known.delete(owner);
      else known.set(owner, now);
      const configs = [...claims.declaredBy(owner), ...claims.claimedFrom(owner)];
      onChanged([...new Set(configs.flatMap((config) => splitKey(config)?.namespace ?? []))]);
    },
  };
}

function isLeftToLockstep({ claims, drift, exists }: RecordableDeps, owner: string, config: string): boolean {
  if (!exists(owner)) return true;
  const comparison = drift.comparison(owner);
  if (comparison === undefined) return false;
  const isCompared = comparison.notRendered === undefined && drift.entry(owner, config).reasons.length === 0;
  return !(isCompared && claims.declaredBy(owner).has(config));
}

/** Equal texts: nothing of this owner became recordable, or ceased to be. Undefined: it was not compared. */
function summarize({ claims, drift }: RecordableDeps, owner: string): string | undefined {
  const comparison = drift.comparison(owner);
  if (comparison?.notRendered !== undefined) return comparison.notRendered;
  const declared = [...claims.declaredBy(owner)].filter((config) => drift.entry(owner, config).reasons.length === 0);
  return comparison === undefined ? undefined : JSON.stringify(declared.sort());
}
