// How many git processes speak with one host at a time: a server is not flooded, and a dead one holds nobody else.

/** GitHub asks clients to stay far below 100; more at a time are not faster on two cores. */
const perHost = 8;

/** Runs the work when its host has a free slot, in the order of asking. */
export function createSlots(): <T>(host: string, work: () => Promise<T>) => Promise<T> {
  const hosts = new Map<string, { busy: number; readonly waiting: (() => void)[] }>();
  return async (host, work) => {
    const slots = hosts.get(host) ?? { busy: 0, waiting: [] };
    hosts.set(host, slots);
    if (slots.busy >= perHost) await new Promise<void>((resolve) => slots.waiting.push(resolve));
    else slots.busy += 1;
    try {
      return await work();
    } finally {
      const next = slots.waiting.shift();
      if (next !== undefined) next();
      else if (--slots.busy === 0) hosts.delete(host);
    }
  };
}
