import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../server/metrics.ts';

const build = { version: '1.2.3', nodeVersion: 'v24.0.0' };

test('metrics: every name begins with lockstep_, and two registries do not meet', async () => {
  const one = createMetrics(build);
  const two = createMetrics(build);
  one.restarts.inc({ kind: 'Deployment', namespace: 'shop', reason: 'content-changed', result: 'patched' });
  const text = await one.registry.metrics();
  assert.match(text, /lockstep_build_info\{version="1\.2\.3",node="v24\.0\.0"\} 1/);
  assert.match(
    text,
    /lockstep_restarts_total\{kind="Deployment",namespace="shop",reason="content-changed",result="patched"\} 1/,
  );
  assert.doesNotMatch(await two.registry.metrics(), /lockstep_restarts_total\{/);
  for (const metric of await one.registry.getMetricsAsJSON()) assert.match(metric.name, /^lockstep_/);
});

test('metrics: namespaces beyond the bound share one label', () => {
  const { namespaceLabel } = createMetrics(build);
  for (let n = 0; n < 1000; n++) assert.equal(namespaceLabel(`n${n}`), `n${n}`);
  assert.equal(namespaceLabel('one-more'), 'other');
  assert.equal(namespaceLabel('n7'), 'n7');
});

test('metrics: what is owed is what it is when asked', async () => {
  const { registry, measureOwed, halted } = createMetrics(build);
  const one = { workload: { namespace: 'shop' }, reason: 'flapping' };
  let owed = [one, one, { workload: { namespace: 'blog' }, reason: 'paused' }];
  measureOwed(() => owed);
  const text = await registry.metrics();
  assert.match(text, /lockstep_owed\{namespace="shop",reason="flapping"\} 2/);
  assert.match(text, /lockstep_owed\{namespace="blog",reason="paused"\} 1/);
  assert.match(text, /^lockstep_halted 0$/m);
  owed = [];
  halted.set(1);
  assert.doesNotMatch(await registry.metrics(), /lockstep_owed\{/);
  assert.match(await registry.metrics(), /^lockstep_halted 1$/m);
});

test('metrics: the depth of the queue is what it is when asked', async () => {
  const { registry, measureQueues } = createMetrics(build);
  let waiting = 3;
  measureQueues((queue) => (queue === 'workload' ? waiting : 0));
  assert.match(await registry.metrics(), /lockstep_queue_depth\{queue="workload"\} 3/);
  waiting = 0;
  assert.match(await registry.metrics(), /lockstep_queue_depth\{queue="workload"\} 0/);
});
