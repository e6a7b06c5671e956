// The metrics of Lockstep, in a registry of their own. Labels take few values: kinds, reason words, codes, verbs, and namespaces up to
// a bound; never the names of objects.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  readonly restarts: Counter<'kind' | 'namespace' | 'reason' | 'result'>;
  /** Deployments whose pause for a period was ended, or is not. */
  readonly resumes: Counter<'namespace' | 'reason' | 'result'>;
  readonly changes: Counter<'kind'>;
  readonly recorded: Counter<'reason'>;
  readonly reconcileSeconds: Histogram<'queue'>;
  /** Keys that wait or run, asked at each scrape: a value set by the last reconcile would still count that one. */
  readonly measureQueues: (depth: (queue: QueueName) => number) => void;
  readonly watchSynced: Gauge<'resource'>;
  readonly watchRestarts: Counter<'resource' | 'reason'>;
  /** What is owed, asked at each scrape. */
  readonly measureOwed: (list: () => Iterable<OwedFacts>) => void;
  readonly throttles: Counter<'kind' | 'namespace'>;
  readonly lateRollouts: Counter<'kind' | 'namespace' | 'reason'>;
  /** 1 while failed rollouts hold back all restarts. */
  readonly halted: Gauge;
  readonly apiRequests: Counter<'verb' | 'resource' | 'code'>;
  readonly pullRequests: Counter<'action'>;
  /** Config objects that are not in step with Git, asked at each scrape. */
  readonly measureDrift: (list: () => Iterable<CountedDrift>) => void;
  readonly driftFound: Counter<'origin'>;
  readonly driftGone: Counter;
  readonly reverts: Counter<'engine' | 'result'>;
  readonly hooks: Counter<'sender' | 'result'>;
  /** Posts to --webhook-url. */
  readonly webhooks: Counter<'result'>;
  readonly errors: Counter<'code'>;
  /** The namespace as a label's value: itself for the first thousand, `other` beyond, so that memory stays bounded. */
  readonly namespaceLabel: (namespace: string) => string;
}

export interface OwedFacts {
  readonly workload: { readonly namespace: string };
  readonly reason: string;
}

export interface CountedDrift {
  readonly namespace: string;
  readonly answer: string;
}

export type QueueName = 'workload' | 'source' | 'owner';

export interface BuildFacts {
  readonly version: string;
  readonly nodeVersion: string;
}

/** Series per metric grow with this; a thousand namespaces in one process are already an exception. */
const namespacesMost = 1000;

/** `process` adds Node's and the process's own metrics, which read timers and /proc: leave it out in tests. */
export function createMetrics(build: BuildFacts, extras: 'process' | 'none' = 'none'): Metrics {
  const registry = new Registry();
  if (extras === 'process') collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> =>
    new Counter({ name: `lockstep_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> =>
    new Gauge({ name: `lockstep_${name}`, help, labelNames, registers });
  const namespaceLabel = boundedLabel(namespacesMost);
  gauge('build_info', 'Always 1; the labels say what runs', ['version', 'node']).set(
    { version: build.version, node: build.nodeVersion },
    1,
  );
  return {
    registry,
    restarts: counter('restarts_total', 'Restarts of workloads', ['kind', 'namespace', 'reason', 'result']),
    resumes: counter('resumes_total', 'Deployments resumed after their pause period', [
      'namespace',
      'reason',
      'result',
    ]),
    changes: counter('changes_total', 'Content changes seen of config objects', ['kind']),
    recorded: counter('recorded_total', 'Config objects of workloads recorded without a restart', ['reason']),
    reconcileSeconds: new Histogram({
      name: 'lockstep_reconcile_seconds',
      help: 'Time of one reconcile',
      labelNames: ['queue'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    measureQueues: (depth) => openQueueDepth(registry, depth),
    watchSynced: gauge('watch_synced', '1 while a watch is synced, else 0', ['resource']),
    watchRestarts: counter('watch_restarts_total', 'Watches opened again', ['resource', 'reason']),
    measureOwed: (list) => openOwed(registry, namespaceLabel, list),
    throttles: counter('throttles_total', 'Workloads whose config objects began to change too often', [
      'kind',
      'namespace',
    ]),
    lateRollouts: counter('late_rollouts_total', 'Rollouts of restarts that did not get through in time', [
      'kind',
      'namespace',
      'reason',
    ]),
    halted: new Gauge({ name: 'lockstep_halted', help: '1 while failed rollouts hold back all restarts', registers }),
    apiRequests: counter('api_requests_total', 'Requests to the API server', ['verb', 'resource', 'code']),
    pullRequests: counter('pull_requests_total', 'What was done to pull requests', ['action']),
    ...countDrift(counter),
    measureDrift: (list) => openDrift(registry, namespaceLabel, list),
    hooks: counter('hooks_total', 'Webhooks received', ['sender', 'result']),
    webhooks: counter('webhooks_sent_total', 'Posts to --webhook-url: taken, refused (no 2xx), failed (no answer)', [
      'result',
    ]),
    errors: counter('errors_total', 'Errors by code of the catalogue; bug: anything else', ['code']),
    namespaceLabel,
  };
}

type MakeCounter = <L extends string>(name: string, help: string, labelNames: L[]) => Counter<L>;

function countDrift(counter: MakeCounter): Pick<Metrics, 'driftFound' | 'driftGone' | 'reverts'> {
  return {
    driftFound: counter('drift_found_total', 'Drift found of config objects, by who wrote what differs', ['origin']),
    driftGone: counter('drift_gone_total', 'Drift that is gone', []),
    reverts: counter('reverts_total', 'Asks to an engine to put Git’s content back: asked, busy, or why not', [
      'engine',
      'result',
    ]),
  };
}

function openQueueDepth(registry: Registry, depth: (queue: QueueName) => number): void {
  const queues: readonly QueueName[] = ['workload', 'source', 'owner'];
  void new Gauge({
    name: 'lockstep_queue_depth',
    help: 'Keys that wait or run',
    labelNames: ['queue'],
    registers: [registry],
    collect() {
      for (const queue of queues) this.set({ queue }, depth(queue));
    },
  });
}

function openOwed(
  registry: Registry,
  namespaceLabel: Metrics['namespaceLabel'],
  list: () => Iterable<OwedFacts>,
): void {
  void new Gauge({
    name: 'lockstep_owed',
    help: 'Workloads whose restart is owed or not yet available, by why',
    labelNames: ['namespace', 'reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { workload, reason } of list()) this.inc({ namespace: namespaceLabel(workload.namespace), reason });
    },
  });
}

function openDrift(
  registry: Registry,
  namespaceLabel: Metrics['namespaceLabel'],
  list: () => Iterable<CountedDrift>,
): void {
  void new Gauge({
    name: 'lockstep_drift',
    help: 'Config objects that differ from what Git declares, or cannot be compared with it',
    labelNames: ['namespace', 'answer'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { namespace, answer } of list()) this.inc({ namespace: namespaceLabel(namespace), answer });
    },
  });
}

function boundedLabel(most: number): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size >= most) return 'other';
    seen.add(value);
    return value;
  };
}
