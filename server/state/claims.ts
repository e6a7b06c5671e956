// Which live config objects say that they belong to an owner: an index of their marks, as they were when the object was last seen.

export interface Claims {
  /** `owner` undefined: it claims none, or is gone. Returns the owner that it claimed before. */
  set(config: string, owner: string | undefined): string | undefined;
  configsOf(owner: string): Iterable<string>;
}

export function createClaims(): Claims {
  const ownerOf = new Map<string, string>();
  const claimed = new Map<string, Set<string>>();
  return {
    set(config, owner) {
      const before = ownerOf.get(config);
      if (before === owner) return before;
      if (before !== undefined) {
        const others = claimed.get(before);
        others?.delete(config);
        if (others?.size === 0) claimed.delete(before);
      }
      if (owner === undefined) ownerOf.delete(config);
      else {
        ownerOf.set(config, owner);
        claimed.set(owner, (claimed.get(owner) ?? new Set()).add(config));
      }
      return before;
    },
    configsOf: (owner) => claimed.get(owner) ?? [],
  };
}
