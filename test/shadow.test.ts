// The wiring of shadow mode: what it hears, what it keeps, and what it answers when something is missing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import type { SeenMark, SeenWorkload } from '../server/core/seen.ts';
import { createShadowMetrics } from '../server/shadow-metrics.ts';
import { createShadowWatch } from '../server/shadow.ts';
import { T, workload } from './reconcile/rig.ts';

const mark = (hash: string): SeenMark => ({
  by: 'env-vars',
  kind: 'Secret',
  variable: 'STAKATER_DB_SECRET',
  hash: hash.repeat(40),
  byReloader: true,
});

function createRig(stored: readonly string[] | Error = []) {
  const time = { now: T };
  const written: string[] = [];
  const troubles: unknown[] = [];
  const logged: string[] = [];
  const log = (_fields: object, message: string): void => void logged.push(message);
  const registry = new Registry();
  const file = {
    broken: false,
    read: async () => {
      if (stored instanceof Error) throw stored;
      return stored;
    },
    async append(line: string) {
      if (file.broken) throw new Error('disk full');
      written.push(line);
    },
  };
  const shadow = createShadowWatch({
    limits: { lateMs: 60_000, missedMs: 600_000 },
    settle: { windowMs: 1000, maxMs: 10_000 },
    configs: { memorize: () => undefined, namesIn: () => ['db'] },
    file,
    metrics: createShadowMetrics(registry),
    log: { debug: log, info: log, warn: log, error: log },
    now: () => time.now,
    onTrouble: (error) => void troubles.push(error),
  });
  const see = (object: SeenWorkload): void =>
    shadow.workload({ present: true, how: 'modified', object, version: object.resourceVersion });
  const owe = (): void =>
    shadow.outcome({
      kind: 'would-restart',
      workload: workload(1),
      owed: [{ name: 'Secret/db', reason: 'changed' }],
      n: 1,
    });
  return { shadow, time, written, troubles, logged, registry, file, see, owe };
}

test('shadow watch: a change, then Reloader’s mark, with the delay between', async () => {
  const { shadow, time, written, registry, see, owe } = createRig();
  await shadow.open();
  see(workload(1));
  owe();
  time.now += 3000;
  see(workload(2, { marks: [mark('a')] }));
  const { changes, summary, gaps } = shadow.report(86_400_000);
  assert.deepEqual(
    changes.map(({ result, delaySeconds, config }) => ({ result, delaySeconds, config })),
    [{ result: 'matched', delaySeconds: 3, config: { kind: 'Secret', namespace: 'shop', name: 'db' } }],
  );
  assert.equal(summary.matched, 1);
  assert.deepEqual(gaps, ['not-watched-yet']);
  await shadow.close();
  assert.equal(written.length, 2);
  assert.doesNotMatch(written.join(), /aaaa/, 'no hash is kept');
  assert.match(await registry.metrics(), /lockstep_shadow_reloader_delay_seconds_sum 3/);
});

test('shadow watch: marks of a workload seen for the first time, or created anew, are no deeds', async () => {
  const { shadow, time, see } = createRig();
  await shadow.open();
  see(workload(1, { marks: [mark('a')] }));
  see(workload(2, { uid: 'another', marks: [mark('b')] }));
  time.now += 3_600_000;
  assert.deepEqual(shadow.report(86_400_000).changes, []);
});

test('shadow watch: a workload that is not opted in any more is not waited for', async () => {
  const { shadow, time, see, owe } = createRig();
  await shadow.open();
  see(workload(1));
  owe();
  see(workload(2, { reload: undefined }));
  time.now += 3_600_000;
  const { waiting, changes } = shadow.report(86_400_000);
  assert.deepEqual([waiting, changes], [0, []]);
});

test('shadow watch: a damaged line is left out and told; the others are kept', async () => {
  const first = createRig();
  await first.shadow.open();
  first.see(workload(1));
  first.owe();
  first.time.now += 600_000;
  first.shadow.tick();
  await first.shadow.close();
  const { shadow, time, logged } = createRig([...first.written, '{"at":"20', '{}', 'null']);
  time.now += 3_600_000;
  await shadow.open();
  const { changes, gaps } = shadow.report(86_400_000);
  assert.deepEqual(
    changes.map(({ result, reason }) => [result, reason]),
    [['missed', 'changed']],
  );
  assert.deepEqual(gaps, ['not-watched-yet', 'restarted', 'history-damaged']);
  assert.deepEqual(logged, ['damaged lines of the shadow history are left out']);
});

test('shadow watch: a file that cannot be read or written costs its history, and is told', async () => {
  const { shadow, time, troubles, file, see, owe } = createRig(new Error('no such disk'));
  file.broken = true;
  await shadow.open();
  see(workload(1));
  owe();
  time.now += 600_000;
  const { changes, gaps } = shadow.report(86_400_000);
  await shadow.close();
  assert.equal(changes.length, 1);
  assert.ok(gaps.includes('history-unwritten'));
  assert.equal(troubles.length, 3);
});

test('shadow watch: without the right to read Events, that is named until it is given', async () => {
  const { shadow } = createRig();
  await shadow.open();
  shadow.setFailuresReadable('unreadable');
  assert.ok(shadow.report(1000).gaps.includes('reload-failures-unreadable'));
  shadow.setFailuresReadable('readable');
  assert.deepEqual(shadow.report(1000).gaps, ['not-watched-yet']);
});
