import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeenWorkload } from '../../server/core/seen.ts';
import { createRuns } from '../../server/state/runs.ts';
import { createWorkloads } from '../../server/state/workloads.ts';
import { seen } from './workloads.test.ts';

const cronJob = 'CronJob/shop/report';
const run = (name: string, more: Partial<SeenWorkload> = {}): SeenWorkload =>
  seen(1, [], { ref: { kind: 'Job', namespace: 'shop', name }, uid: name, reload: undefined, runOf: cronJob, ...more });
const present = (object: SeenWorkload) => ({ present: true, how: 'modified', object, version: '1' }) as const;
const absent = (name: string) => ({ present: false, watched: true, key: `Job/shop/${name}`, version: '2' }) as const;
const finished = { dormant: 'finished' } as const;

const rows: [rule: string, events: Parameters<ReturnType<typeof createRuns>['apply']>[0][], isRunning: boolean][] = [
  ['none', [], false],
  ['one in progress', [present(run('a'))], true],
  ['told again', [present(run('a')), present(run('a')), absent('a')], false],
  ['finished', [present(run('a')), present(run('a', finished))], false],
  ['finished when first seen', [present(run('a', finished))], false],
  ['deleted', [present(run('a')), absent('a')], false],
  ['one of two', [present(run('a')), present(run('b')), absent('a')], true],
  ['a Job of its own', [present(seen(1, [], { ref: { kind: 'Job', namespace: 'shop', name: 'x' } }))], false],
];
for (const [rule, events, isRunning] of rows) {
  test(`runs: ${rule}`, () => {
    const runs = createRuns();
    for (const event of events) runs.apply(event);
    assert.equal(runs.isRunning(cronJob), isRunning);
  });
}

test('runs: only a CronJob that forbids it waits for them', () => {
  for (const [more, running] of [
    [{ runsAlone: true }, true],
    [{}, false],
  ] as const) {
    const workloads = createWorkloads();
    workloads.apply(present(seen(1, ['db'], { ref: { kind: 'CronJob', namespace: 'shop', name: 'report' }, ...more })));
    workloads.apply(present(run('a')));
    assert.equal(workloads.get(cronJob)?.running, running);
  }
});

test('what has finished takes no room: it is told once more, and forgotten', () => {
  const workloads = createWorkloads();
  const ref = { kind: 'Job', namespace: 'shop', name: 'import' } as const;
  assert.equal(workloads.apply(present(seen(1, ['db'], { ref }))), 'Job/shop/import');
  const ended = seen(2, [], { ref, reload: undefined, ...finished });
  assert.equal(workloads.apply(present(ended)), 'Job/shop/import');
  assert.equal(workloads.apply(present(ended)), undefined);
  assert.equal(workloads.apply(present(seen(3, ['db'], { ref }))), 'Job/shop/import');
  assert.equal(workloads.optedInAt('Job/shop/import'), undefined, 'no opt-in was seen');
});
