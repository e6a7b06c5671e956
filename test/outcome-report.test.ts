import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterEvent } from '../server/core/cluster.ts';
import { LockstepError } from '../server/core/errors.ts';
import type { Telling } from '../server/core/notification.ts';
import type { SeenWorkload } from '../server/core/seen.ts';
import { createMetrics } from '../server/metrics.ts';
import type { Outcome } from '../server/reconcile/outcome.ts';
import { createReport } from '../server/outcome-report.ts';
import { workload as seenWorkload } from './reconcile/rig.ts';

const workload: SeenWorkload = seenWorkload(1);
const owed = [{ name: 'Secret/db', reason: 'changed' }] as const;
const error = new LockstepError('api-invalid', { message: 'cannot patch deployments shop/web: Invalid' });

const throttling = {
  flaps: [{ name: 'Secret/db', changes: 12, writers: ['cert-manager'] }],
  windowMs: 900_000,
  everyMs: 300_000,
};

const outcomes: [outcome: Outcome, logs: string[], reasons: string[], alerts: number, result: string | undefined][] = [
  [{ kind: 'restarting', workload, owed, n: 1 }, ['restart intended'], [], 0, undefined],
  [{ kind: 'restarted', workload, owed, n: 1 }, ['restarted'], ['Restarted'], 1, 'success'],
  [
    { kind: 'restarted', workload: { ...workload, waitsForDelete: true }, owed, n: 1 },
    ['restarted', 'its pods stay until they are deleted'],
    ['Restarted'],
    1,
    'success',
  ],
  [{ kind: 'would-restart', workload, owed, n: 1 }, ['would restart'], [], 0, 'observed'],
  [{ kind: 'held', workload, owed, reason: 'paused' }, ['restart owed but held'], [], 0, 'paused'],
  [
    { kind: 'held', workload, owed, reason: 'pause-period-invalid' },
    ['restart owed but held'],
    ['RestartHeld'],
    0,
    'pause-period-invalid',
  ],
  [{ kind: 'paused', workload, until: 1 }, ['paused for its period'], ['Paused'], 0, undefined],
  [{ kind: 'resumed', workload, reason: 'period-over' }, ['resumed'], ['Resumed'], 0, undefined],
  [{ kind: 'resumed', workload, reason: 'resumed-by-hand' }, ['mark of its pause removed'], [], 0, undefined],
  [{ kind: 'would-resume', workload, reason: 'no-period' }, ['would resume'], [], 0, undefined],
  [{ kind: 'resume-held', workload, reason: 'pause-switch' }, ['resume due but held'], [], 0, undefined],
  [{ kind: 'resume-refused', workload, error }, ['resume refused'], ['ResumeRefused'], 0, undefined],
  [{ kind: 'refused', workload, owed, error }, ['restart refused'], ['RestartRefused'], 0, 'refused'],
  [{ kind: 'held', workload, owed, reason: 'jitter' }, ['restart owed but held'], [], 0, 'jitter'],
  [{ kind: 'throttled', workload, throttling }, ['restarts throttled'], ['RestartsThrottled'], 1, undefined],
  [
    { kind: 'rollout-late', workload, reason: 'not-available-in-time' },
    ['rollout late'],
    ['RolloutLate'],
    0,
    undefined,
  ],
  [
    { kind: 'halted', workload, failed: ['Deployment/shop/web'] },
    ['restarts halted'],
    ['RestartsHalted'],
    1,
    undefined,
  ],
  [{ kind: 'halt-ended' }, ['restarts go on'], [], 1, undefined],
  [{ kind: 'conflict', workload: workload.ref }, ['workload changed meanwhile, deciding again'], [], 0, undefined],
];
for (const [outcome, logs, reasons, alerts, result] of outcomes) {
  const reason = 'reason' in outcome ? ` ${outcome.reason}` : '';
  test(`report: ${outcome.kind}${reason}${logs.length > 1 ? ', waiting for deletes' : ''}`, async () => {
    const told = tell('lockstep', outcome);
    assert.deepEqual(told.logs, logs);
    assert.deepEqual(
      told.events.map(({ reason }) => reason),
      reasons,
    );
    assert.equal(told.alerts.length, alerts);
    assert.deepEqual(told.counted, [outcome.kind]);
    const text = await told.metrics.registry.metrics();
    const series = `lockstep_restarts_total{kind="Deployment",namespace="shop",reason="changed",result="${result}"} 1`;
    if (result === undefined) assert.doesNotMatch(text, /lockstep_restarts_total\{/);
    else assert.ok(text.includes(series), series);
  });
}

test('report: resumes are counted by reason and result', async () => {
  const { metrics } = tell('lockstep', { kind: 'resumed', workload, reason: 'period-over' });
  const series = 'lockstep_resumes_total{namespace="shop",reason="period-over",result="success"} 1';
  assert.ok((await metrics.registry.metrics()).includes(series));
});

test('report: metrics of the circuit breaker, of late rollouts and of the halt', async () => {
  const text = async (outcome: Outcome): Promise<string> => tell('lockstep', outcome).metrics.registry.metrics();
  const of = 'kind="Deployment",namespace="shop"';
  const throttled = await text({ kind: 'throttled', workload, throttling });
  assert.ok(throttled.includes(`lockstep_throttles_total{${of}} 1`));
  const late = await text({ kind: 'rollout-late', workload, reason: 'progress-deadline-exceeded' });
  assert.ok(late.includes(`lockstep_late_rollouts_total{${of},reason="progress-deadline-exceeded"} 1`));
  assert.match(await text({ kind: 'halted', workload, failed: [] }), /^lockstep_halted 1$/m);
  assert.match(await text({ kind: 'halt-ended' }), /^lockstep_halted 0$/m);
});

test('report: with one of Reloader’s strategies Events have its words and its source', () => {
  const { events } = tell('annotations', { kind: 'restarted', workload, owed, n: 1 });
  assert.deepEqual(
    events.map(({ reason, component }) => ({ reason, component })),
    [{ reason: 'Reloaded', component: 'reloader-secrets' }],
  );
});

function tell(telling: Telling, outcome: Outcome) {
  const logs: string[] = [];
  const events: ClusterEvent[] = [];
  const alerts: string[] = [];
  const counted: string[] = [];
  const line = (_fields: object, message: string): void => void logs.push(message);
  const metrics = createMetrics({ version: '1', nodeVersion: 'v24' });
  createReport({
    log: { debug: line, info: line, warn: line, error: line },
    metrics,
    events: { record: (event) => void events.push(event) },
    telling,
    alerts: { notifier: { notify: (text) => void alerts.push(text) }, additionalInfo: '' },
    reloader: { outcome: ({ kind }) => void counted.push(kind) },
  })(outcome);
  return { logs, events, alerts, counted, metrics };
}
