import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { LockstepError } from '../server/core/errors.ts';
import type { SeenConfig, SeenEvent } from '../server/core/seen.ts';
import { createFakeClient } from './kube/fake-client.ts';
import type { WorkQueue } from '../server/reconcile/workqueue.ts';
import { countRequest, createReloaderCounts, measureClient, type ReloaderCounts } from '../server/reloader-counts.ts';
import { createReloaderMetrics } from '../server/reloader-metrics.ts';
import { workload as seenWorkload } from './reconcile/rig.ts';

const workload = seenWorkload(1);
const key = 'Deployment/shop/web';
const owed = [{ name: 'Secret/db', reason: 'changed' }] as const;
const error = new LockstepError('api-invalid', { message: 'no' });

function start(countsByNamespace = false) {
  const registry = new Registry();
  const metrics = createReloaderMetrics(registry, { countsByNamespace });
  let time = 0;
  const now = (): number => time;
  const counts = createReloaderCounts({ metrics, now, namespaceLabel: (namespace) => namespace });
  const pass = (ms: number): void => void (time += ms);
  /** Samples without their comments and without the buckets. */
  const samples = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !/^#|_bucket\{/.test(line));
  return { registry, metrics, counts, now, pass, samples };
}

/** §5 of the contract: name -> type, labels, buckets. */
const reconcileBuckets = '0.001 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10';
const contract: Record<string, { type: string; labels?: string; buckets?: string }> = {
  reloader_reload_executed_total: { type: 'counter', labels: 'success' },
  reloader_reload_executed_total_by_namespace: { type: 'counter', labels: 'success namespace' },
  reloader_reconcile_total: { type: 'counter', labels: 'result' },
  reloader_reconcile_duration_seconds: { type: 'histogram', labels: 'result', buckets: reconcileBuckets },
  reloader_action_total: { type: 'counter', labels: 'workload_kind result' },
  reloader_action_latency_seconds: {
    type: 'histogram',
    labels: 'workload_kind',
    buckets: '0.01 0.05 0.1 0.25 0.5 1 2.5 5 10 30 60',
  },
  reloader_skipped_total: { type: 'counter', labels: 'reason' },
  reloader_workqueue_depth: { type: 'gauge' },
  reloader_workqueue_adds_total: { type: 'counter' },
  reloader_workqueue_latency_seconds: {
    type: 'histogram',
    buckets: '0.001 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5',
  },
  reloader_errors_total: { type: 'counter', labels: 'type' },
  reloader_retries_total: { type: 'counter' },
  reloader_events_received_total: { type: 'counter', labels: 'event_type resource_type' },
  reloader_events_processed_total: { type: 'counter', labels: 'event_type resource_type result' },
  reloader_workloads_scanned_total: { type: 'counter', labels: 'kind' },
  reloader_workloads_matched_total: { type: 'counter', labels: 'kind' },
  rest_client_requests_total: { type: 'counter', labels: 'code method host' },
  rest_client_request_duration_seconds: {
    type: 'histogram',
    labels: 'verb host',
    buckets: '0.001 0.01 0.05 0.1 0.5 1 5 10 30',
  },
};

test('reloader metrics: names, types, labels and buckets are those of §5', () => {
  const { registry } = start(true);
  const found = registry.getMetricsAsArray() as unknown as readonly {
    name: string;
    labelNames: string[];
    upperBounds?: number[];
  }[];
  const facts = found.map((metric) => ({
    name: metric.name,
    labels: metric.labelNames.join(' '),
    buckets: metric.upperBounds?.join(' '),
  }));
  const wanted = Object.entries(contract).map(([name, { labels = '', buckets }]) => ({ name, labels, buckets }));
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
  assert.deepEqual(facts.toSorted(byName), wanted.toSorted(byName));
});

test('reloader metrics: their types, and what stands at 0 from the start', async () => {
  const { registry } = start(true);
  const text = await registry.metrics();
  for (const [name, { type }] of Object.entries(contract)) assert.ok(text.includes(`# TYPE ${name} ${type}\n`), name);
  for (const success of ['true', 'false']) {
    assert.ok(text.includes(`reloader_reload_executed_total{success="${success}"} 0\n`));
  }
});

test('reloader metrics: counted by namespace only where asked for', async () => {
  const quiet = start();
  await quiet.counts.reconcile(key, () => restart(quiet.counts, 'restarted'));
  assert.doesNotMatch(await quiet.registry.metrics(), /by_namespace/);
  const asked = start(true);
  await asked.counts.reconcile(key, () => restart(asked.counts, 'restarted'));
  const series = 'reloader_reload_executed_total_by_namespace{success="true",namespace="shop"} 1';
  assert.ok((await asked.samples()).includes(series));
});

async function restart(counts: ReloaderCounts, end: 'restarted' | 'refused' | 'conflict' | 'failed'): Promise<void> {
  counts.outcome({ kind: 'restarting', workload, owed, n: 1 });
  if (end === 'restarted') counts.outcome({ kind: 'restarted', workload, owed, n: 1 });
  if (end === 'refused') counts.outcome({ kind: 'refused', workload, owed, error });
  if (end === 'conflict') counts.outcome({ kind: 'conflict', workload: workload.ref });
  if (end === 'failed') throw error;
}

const reconciles: [rule: string, run: (counts: ReloaderCounts) => Promise<void>, samples: string[]][] = [
  [
    'a restart',
    (counts) => restart(counts, 'restarted'),
    [
      'reloader_reload_executed_total{success="true"} 1',
      'reloader_action_total{workload_kind="Deployment",result="success"} 1',
      'reloader_action_latency_seconds_count{workload_kind="Deployment"} 1',
      'reloader_reconcile_total{result="success"} 1',
      'reloader_reconcile_duration_seconds_count{result="success"} 1',
      'reloader_workloads_scanned_total{kind="Deployment"} 1',
      'reloader_workloads_matched_total{kind="Deployment"} 1',
      'reloader_retries_total 0',
    ],
  ],
  [
    'a refusal',
    (counts) => restart(counts, 'refused'),
    [
      'reloader_reload_executed_total{success="false"} 1',
      'reloader_action_total{workload_kind="Deployment",result="error"} 1',
      'reloader_reconcile_total{result="error"} 1',
      'reloader_retries_total 0',
    ],
  ],
  [
    'a write that fails is tried again',
    (counts) => restart(counts, 'failed'),
    [
      'reloader_reload_executed_total{success="false"} 1',
      'reloader_action_total{workload_kind="Deployment",result="error"} 1',
      'reloader_reconcile_total{result="error"} 1',
      'reloader_errors_total{type="handler_error"} 1',
      'reloader_retries_total 1',
    ],
  ],
  [
    'a failure before any write is no restart that failed',
    () => Promise.reject(error),
    [
      'reloader_reload_executed_total{success="false"} 0',
      'reloader_reconcile_total{result="error"} 1',
      'reloader_retries_total 1',
    ],
  ],
  [
    'a conflict is neither',
    (counts) => restart(counts, 'conflict'),
    ['reloader_reload_executed_total{success="false"} 0', 'reloader_reconcile_total{result="skipped"} 1'],
  ],
  [
    'nothing to do',
    async () => undefined,
    ['reloader_reconcile_total{result="skipped"} 1', 'reloader_workloads_scanned_total{kind="Deployment"} 1'],
  ],
  [
    'held',
    async (counts) => counts.outcome({ kind: 'held', workload, owed, reason: 'paused' }),
    ['reloader_workloads_matched_total{kind="Deployment"} 1', 'reloader_reconcile_total{result="skipped"} 1'],
  ],
  [
    'content that the pods have already',
    async (counts) =>
      counts.outcome({
        kind: 'recorded',
        workload: workload.ref,
        acked: [
          { name: 'Secret/db', reason: 'fresh' },
          { name: 'Secret/tls', reason: 'baseline' },
        ],
      }),
    ['reloader_skipped_total{reason="strategy_not_updated"} 1'],
  ],
];
for (const [rule, run, wanted] of reconciles) {
  test(`reloader metrics: ${rule}`, async () => {
    const { counts, samples } = start();
    await counts.reconcile(key, () => run(counts)).catch((failure: unknown) => assert.equal(failure, error));
    const found = await samples();
    for (const sample of wanted) assert.ok(found.includes(sample), `${sample} in\n${found.join('\n')}`);
  });
}

test('reloader metrics: a failure leaves nothing behind for the next reconcile', async () => {
  const { counts, samples } = start();
  await assert.rejects(counts.reconcile(key, () => restart(counts, 'failed')));
  await counts.reconcile(key, async () => undefined);
  assert.ok((await samples()).includes('reloader_reconcile_total{result="skipped"} 1'));
});

const config: SeenConfig = {
  ref: { kind: 'ConfigMap', namespace: 'shop', name: 'app' },
  uid: 'c',
  resourceVersion: '1',
  createdAt: 0,
  contents: [],
  annotations: {},
  ignored: false,
  dataWrittenAt: undefined,
  writers: [],
};
const present = (how: 'listed' | 'added' | 'modified'): SeenEvent<SeenConfig> => ({
  present: true,
  how,
  object: config,
  version: '1',
});
const gone: SeenEvent<SeenConfig> = { present: false, watched: true, key: 'Secret/shop/db', version: '2' };
const processed = 'reloader_events_processed_total{event_type="unknown",resource_type="configmaps",result="success"} 1';
const received = (type: string, resource: string): string =>
  `reloader_events_received_total{event_type="${type}",resource_type="${resource}"} 1`;
const events: [rule: string, event: SeenEvent<SeenConfig>, effect: 'changed' | 'unchanged', samples: string[]][] = [
  ['listed', present('listed'), 'unchanged', [received('add', 'configmaps')]],
  ['added', present('added'), 'changed', [received('add', 'configmaps')]],
  ['modified', present('modified'), 'changed', [processed, received('update', 'configmaps')]],
  [
    'modified, same content',
    present('modified'),
    'unchanged',
    ['reloader_skipped_total{reason="no_data_change"} 1', processed, received('update', 'configmaps')],
  ],
  ['deleted', gone, 'changed', [received('delete', 'secrets')]],
];
for (const [rule, event, effect, wanted] of events) {
  test(`reloader metrics: a config object, ${rule}`, async () => {
    const { counts, samples } = start();
    counts.config(event, effect);
    const found = (await samples()).filter((line) => /events|skipped/.test(line));
    assert.deepEqual(found.toSorted(), wanted.toSorted());
  });
}

test('reloader metrics: a key counts once while it waits, and its wait is measured', async () => {
  const { counts, samples, pass } = start();
  let depth = 0;
  const asked: string[] = [];
  const inner: WorkQueue = {
    add: (added) => void asked.push(`add ${added}`),
    settle: (added) => void asked.push(`settle ${added}`),
    addAfter: (added) => void asked.push(`after ${added}`),
    start: () => undefined,
    stop: async () => undefined,
    get depth() {
      return depth;
    },
  };
  const queue = counts.queue(inner);
  queue.add(key);
  queue.settle(key, { windowMs: 1, maxMs: 1 });
  queue.addAfter(key, 1);
  depth = 4;
  assert.deepEqual(asked, [`add ${key}`, `settle ${key}`, `after ${key}`]);
  assert.equal(queue.depth, 4);
  pass(2_000);
  await counts.reconcile(key, async () => undefined);
  queue.add(key);
  const found = await samples();
  for (const sample of [
    'reloader_workqueue_adds_total 2',
    'reloader_workqueue_latency_seconds_sum 2',
    'reloader_workqueue_latency_seconds_count 1',
    'reloader_workqueue_depth 4',
  ])
    assert.ok(found.includes(sample), sample);
});

test('reloader metrics: requests by code, method and host, and their time', async () => {
  const { metrics, samples, now } = start();
  countRequest(metrics, { verb: 'list', code: 200, host: 'api:6443' });
  countRequest(metrics, { verb: 'patch', code: 0, host: 'api:6443' });
  const client = measureClient(createFakeClient([{}, error]), { metrics, now });
  const request = { resource: 'x', subject: '', path: '/', signal: new AbortController().signal };
  await client.send({ ...request, verb: 'create' });
  await assert.rejects(client.stream({ ...request, verb: 'watch' }));
  const found = await samples();
  for (const sample of [
    'rest_client_requests_total{code="200",method="GET",host="api:6443"} 1',
    'rest_client_requests_total{code="<error>",method="PATCH",host="api:6443"} 1',
    'rest_client_request_duration_seconds_count{verb="POST",host="test"} 1',
    'rest_client_request_duration_seconds_count{verb="GET",host="test"} 1',
  ])
    assert.ok(found.includes(sample), sample);
});
