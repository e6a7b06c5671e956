// What shadow mode counts: what Reloader did about each change, and how long it took.
import { Counter, Histogram, type Registry } from 'prom-client';

export interface ShadowMetrics {
  readonly changes: Counter<'result' | 'kind'>;
  readonly reloaderDelay: Histogram;
}

/** From what a quiet Reloader takes to what its throttle and retries make of it. */
const delayBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

export function createShadowMetrics(registry: Registry): ShadowMetrics {
  const registers = [registry];
  return {
    changes: new Counter({
      name: 'lockstep_shadow_changes_total',
      help: 'Changes beside Reloader by what it did, by kind of workload',
      labelNames: ['result', 'kind'],
      registers,
    }),
    reloaderDelay: new Histogram({
      name: 'lockstep_shadow_reloader_delay_seconds',
      help: 'Time from a change to Reloader’s restart',
      buckets: delayBuckets,
      registers,
    }),
  };
}
