// Whose comparison does a config object matter to? An index of what live objects claim, and of what owners declare.
import { splitKey } from '../core/object.ts';

export interface Claims {
  /** What the object says, as it was seen last. `owner` undefined: it claims none, or is gone. */
  claim(config: string, owner: string | undefined): void;
  /** What an owner declares, as it was compared last; empty: nothing, or it is gone. */
  declare(owner: string, configs: Iterable<string>): void;
  claimedFrom(owner: string): Iterable<string>;
  declaredBy(owner: string): ReadonlySet<string>;
  ownersOf(config: string): readonly string[];
  /** Of all config objects there. */
  ownersIn(namespace: string): readonly string[];
}

export function createClaims(): Claims {
  const claims = createIndex();
  const declarations = createIndex();
  return {
    claim: (config, owner) => claims.setOf(config, owner === undefined ? [] : [owner]),
    declare: (owner, configs) => declarations.setOf(owner, configs),
    claimedFrom: (owner) => claims.having(owner),
    declaredBy: (owner) => declarations.of(owner),
    ownersOf: (config) => [...new Set([...claims.of(config), ...declarations.having(config)])],
    ownersIn(namespace) {
      const isThere = (config: string): boolean => splitKey(config)?.namespace === namespace;
      const claimed = [...claims.froms()].flatMap((config) => (isThere(config) ? [...claims.of(config)] : []));
      const declaring = [...declarations.froms()].filter((owner) => [...declarations.of(owner)].some(isThere));
      return [...new Set([...claimed, ...declaring])];
    },
  };
}

/** Many to many, found from either side. */
function createIndex() {
  const forward = new Map<string, ReadonlySet<string>>();
  const backward = new Map<string, Set<string>>();
  const none: ReadonlySet<string> = new Set();
  return {
    of: (from: string): ReadonlySet<string> => forward.get(from) ?? none,
    froms: (): Iterable<string> => forward.keys(),
    having: (to: string): ReadonlySet<string> => backward.get(to) ?? none,
    setOf(from: string, all: Iterable<string>): void {
      const now = new Set(all);
      for (const to of forward.get(from) ?? none) {
        const others = backward.get(to);
        if (now.has(to)) continue;
        others?.delete(from);
        if (others?.size === 0) backward.delete(to);
      }
      for (const to of now) backward.set(to, (backward.get(to) ?? new Set()).add(from));
      if (now.size === 0) forward.delete(from);
      else forward.set(from, now);
    },
  };
}
