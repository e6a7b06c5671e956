// What is remembered of parts that were rendered: what they declare, and for a while that they could not be.
import type { Declaration } from './core/declaration.ts';
import type { RenderRefusal } from './core/rendering.ts';

export type PartDeclared = { readonly kind: 'declared'; readonly declaration: Declaration } | RenderRefusal;

/** Config objects, their keys and workloads of all parts together, some 200 bytes each: 100 MB. */
export const rememberedMost = 500_000;

type Made = PartDeclared & { readonly kind: 'declared' };

export interface Memory {
  get(name: string): Made | undefined;
  put(name: string, made: Made): void;
}

/** What was not used for longest is forgotten first: each commit that touches a part makes one more. */
export function createMemory(most: number): Memory {
  const held = new Map<string, Made>();
  let size = 0;
  const take = (name: string): Made | undefined => {
    const made = held.get(name);
    if (made !== undefined) size -= weigh(made);
    held.delete(name);
    return made;
  };
  const put = (name: string, made: Made): void => {
    take(name);
    held.set(name, made);
    size += weigh(made);
    for (const oldest of held.keys()) {
      if (size <= most) break;
      take(oldest);
    }
  };
  return {
    get: (name) => {
      const made = take(name);
      if (made !== undefined) put(name, made);
      return made;
    },
    put,
  };
}

/** What failed for want of time or memory may pass, but a chart that always runs into its deadline must not hold up all others. */
const refusedForMs = 5 * 60_000;
const refusedMost = 1_000;

export interface Refusals {
  get(name: string): RenderRefusal | undefined;
  put(name: string, refusal: RenderRefusal): void;
}

export function createRefusals(now: () => number): Refusals {
  const held = new Map<string, { readonly refusal: RenderRefusal; readonly until: number }>();
  return {
    get: (name) => {
      const found = held.get(name);
      return found !== undefined && now() < found.until ? found.refusal : undefined;
    },
    put: (name, refusal) => {
      held.delete(name);
      held.set(name, { refusal, until: now() + refusedForMs });
      const [oldest] = held.keys();
      if (held.size > refusedMost && oldest !== undefined) held.delete(oldest);
    },
  };
}

function weigh({ declaration: { configs, workloads, problems } }: Made): number {
  const keys = [...configs.values()].reduce(
    (sum, { content }) => sum + content.content.values.size + content.unclear.size,
    0,
  );
  return 1 + configs.size + keys + workloads.size + problems.length;
}
