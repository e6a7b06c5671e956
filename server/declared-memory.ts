// What is remembered of parts that were rendered: what they declare, and for a while that they could not be.
import { LRUCache } from 'lru-cache';
import type { Declaration } from './core/declaration.ts';
import type { RenderRefusal } from './core/rendering.ts';

export type PartDeclared = { readonly kind: 'declared'; readonly declaration: Declaration } | RenderRefusal;

/** Config objects, their keys and workloads of all parts together, some 200 bytes each: 100 MB. */
export const rememberedMost = 500_000;

type Made = PartDeclared & { readonly kind: 'declared' };

export type Memory = LRUCache<string, Made>;

/** What was not used for longest is forgotten first: each commit that touches a part makes one more. */
export function createMemory(most: number): Memory {
  return new LRUCache({ maxSize: most, sizeCalculation: (made) => Math.min(weigh(made), most) });
}

/** What failed for want of time or memory may pass, but a chart that always runs into its deadline must not hold up all others. */
const refusedForMs = 5 * 60_000;
const refusedMost = 1_000;

export type Refusals = LRUCache<string, RenderRefusal>;

export function createRefusals(now: () => number): Refusals {
  return new LRUCache({ max: refusedMost, ttl: refusedForMs, ttlResolution: 0, perf: { now } });
}

function weigh({ declaration: { configs, workloads, problems } }: Made): number {
  const keys = [...configs.values()].reduce(
    (sum, { content }) => sum + content.content.values.size + content.unclear.size,
    0,
  );
  return 1 + configs.size + keys + workloads.size + problems.length;
}
