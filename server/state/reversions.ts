// Config objects whose drift is about to be reverted: restarts for them wait, so that content that is taken back does not roll twice.

export interface Reversions {
  /** Once for each drift: a second call before the end changes nothing, so that no writer can hold a restart for ever. */
  begin(config: string, until: number): void;
  /** True when it had begun. */
  end(config: string): boolean;
  has(config: string): boolean;
  /** Until when restarts for it wait (ms); undefined: they do not. */
  until(config: string, now: number): number | undefined;
}

export function createReversions(): Reversions {
  const begun = new Map<string, number>();
  return {
    begin(config, until) {
      if (!begun.has(config)) begun.set(config, until);
    },
    end: (config) => begun.delete(config),
    has: (config) => begun.has(config),
    until(config, now) {
      const until = begun.get(config);
      return until === undefined || until <= now ? undefined : until;
    },
  };
}
