// Reproducible randomness: the same seed and case number give the same case, without the cases before it.

export interface Random {
  /** True with this probability. */
  chance(probability: number): boolean;
  /** 0 <= n < limit. */
  below(limit: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** Each item on its own with this probability. */
  some<Item>(items: readonly Item[], probability: number): Item[];
}

/** Mulberry32, started at a mix of both numbers. */
export function createRandom(seed: number, number: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    chance: (probability) => next() < probability,
    below,
    pick: (items) => {
      if (items.length === 0) throw new Error('nothing to pick from');
      return items[below(items.length)] as (typeof items)[number];
    },
    some: (items, probability) => items.filter(() => next() < probability),
  };
}
