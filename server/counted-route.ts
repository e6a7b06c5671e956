// The route from the watches into the loop, with what is counted of it, and shown to the shadow, on the way.
import type { Metrics } from './metrics.ts';
import { createRoute, type Route, type RouteDeps } from './reconcile/route.ts';
import type { ReloaderCounts } from './reloader-counts.ts';
import type { ShadowWatch } from './shadow.ts';

export interface Counters {
  readonly metrics: Metrics;
  /** Counts in Reloader's metrics. */
  readonly reloader: ReloaderCounts;
  readonly shadow: ShadowWatch | undefined;
}

export function countRoute(deps: Omit<RouteDeps, 'onChange'>, { metrics, reloader, shadow }: Counters): Route {
  let changes = 0;
  const route = createRoute({
    ...deps,
    onChange: (kind) => {
      changes++;
      metrics.changes.inc({ kind });
    },
  });
  const effectOf = (tell: () => void): 'changed' | 'unchanged' => {
    const before = changes;
    tell();
    return changes > before ? 'changed' : 'unchanged';
  };
  return {
    ...route,
    onWorkload(event) {
      shadow?.workload(event);
      route.onWorkload(event);
    },
    onConfig: (event) =>
      reloader.config(
        event,
        effectOf(() => route.onConfig(event)),
      ),
    onStatus: (event) =>
      reloader.status(
        event,
        effectOf(() => route.onStatus(event)),
      ),
    onNamespace(event) {
      route.onNamespace(event);
      reloader.namespace(event);
    },
  };
}
