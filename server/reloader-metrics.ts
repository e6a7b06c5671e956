// Reloader's metrics by its names, labels and buckets (stakater/Reloader, internal/pkg/metrics/prometheus.go), so that its dashboards
// and alerts keep working. What they count here is in reloader-counts.ts and README.md.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface ReloaderMetrics {
  readonly reloads: Counter<'success'>;
  /** Only where asked for. */
  readonly reloadsByNamespace: Counter<'success' | 'namespace'> | undefined;
  readonly reconciles: Counter<'result'>;
  readonly reconcileSeconds: Histogram<'result'>;
  readonly actions: Counter<'workload_kind' | 'result'>;
  readonly actionSeconds: Histogram<'workload_kind'>;
  readonly skipped: Counter<'reason'>;
  /** Asked at each scrape. */
  readonly measureQueue: (depth: () => number) => void;
  readonly queueAdds: Counter;
  readonly queueSeconds: Histogram;
  readonly errors: Counter<'type'>;
  readonly retries: Counter;
  readonly received: Counter<'event_type' | 'resource_type'>;
  readonly processed: Counter<'event_type' | 'resource_type' | 'result'>;
  readonly scanned: Counter<'kind'>;
  readonly matched: Counter<'kind'>;
  readonly requests: Counter<'code' | 'method' | 'host'>;
  readonly requestSeconds: Histogram<'verb' | 'host'>;
}

export interface ReloaderMetricsOptions {
  readonly countsByNamespace: boolean;
}

const reconcileBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const actionBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const queueBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const requestBuckets = [0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

export function createReloaderMetrics(registry: Registry, options: ReloaderMetricsOptions): ReloaderMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    { labelNames, buckets }: { labelNames: L[]; buckets: number[] },
  ): Histogram<L> => new Histogram({ name, help, labelNames, buckets, registers });
  return {
    ...openReloads(counter, options),
    reconciles: counter('reloader_reconcile_total', 'Reconciles by result', ['result']),
    reconcileSeconds: histogram('reloader_reconcile_duration_seconds', 'Time of one reconcile', {
      labelNames: ['result'],
      buckets: reconcileBuckets,
    }),
    actions: counter('reloader_action_total', 'Restarts by kind and result', ['workload_kind', 'result']),
    actionSeconds: histogram('reloader_action_latency_seconds', 'Time of one restart’s write', {
      labelNames: ['workload_kind'],
      buckets: actionBuckets,
    }),
    skipped: counter('reloader_skipped_total', 'What needed no restart, by reason', ['reason']),
    measureQueue: openQueueDepth(registers),
    queueAdds: counter('reloader_workqueue_adds_total', 'Keys added to the queue'),
    queueSeconds: histogram('reloader_workqueue_latency_seconds', 'Time in the queue, settling included', {
      labelNames: [],
      buckets: queueBuckets,
    }),
    errors: counter('reloader_errors_total', 'Errors by type', ['type']),
    retries: counter('reloader_retries_total', 'Reconciles tried again'),
    received: counter('reloader_events_received_total', 'Events of watches', ['event_type', 'resource_type']),
    processed: counter('reloader_events_processed_total', 'Updates dealt with', [
      'event_type',
      'resource_type',
      'result',
    ]),
    scanned: counter('reloader_workloads_scanned_total', 'Workloads looked at', ['kind']),
    matched: counter('reloader_workloads_matched_total', 'Workloads owed a restart', ['kind']),
    requests: counter('rest_client_requests_total', 'Requests to the API server', ['code', 'method', 'host']),
    requestSeconds: histogram('rest_client_request_duration_seconds', 'Time of requests to the API server', {
      labelNames: ['verb', 'host'],
      buckets: requestBuckets,
    }),
  };
}

type MakeCounter = <L extends string>(name: string, help: string, labelNames?: L[]) => Counter<L>;

/** Both results stand at 0 from the start, as Reloader's do. */
function openReloads(
  counter: MakeCounter,
  { countsByNamespace }: ReloaderMetricsOptions,
): Pick<ReloaderMetrics, 'reloads' | 'reloadsByNamespace'> {
  const reloads = counter('reloader_reload_executed_total', 'Restarts by success', ['success']);
  for (const success of ['true', 'false']) reloads.inc({ success }, 0);
  const name = 'reloader_reload_executed_total_by_namespace';
  const byNamespace = countsByNamespace
    ? counter(name, 'Restarts by success and namespace', ['success', 'namespace'])
    : undefined;
  return { reloads, reloadsByNamespace: byNamespace };
}

/** 0 until there is a queue. */
function openQueueDepth(registers: Registry[]): ReloaderMetrics['measureQueue'] {
  let measure = (): number => 0;
  void new Gauge({
    name: 'reloader_workqueue_depth',
    help: 'Keys that wait or run',
    registers,
    collect() {
      this.set(measure());
    },
  });
  return (depth) => {
    measure = depth;
  };
}
