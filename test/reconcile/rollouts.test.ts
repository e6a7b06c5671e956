// Places for rollouts: who gets one, when it is given back, and which rollouts are late.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkloadKind } from '../../server/core/object.ts';
import type { SeenWorkload } from '../../server/core/seen.ts';
import { createRollouts, type Rollouts } from '../../server/reconcile/rollouts.ts';
import { T, workload } from './rig.ts';

interface World {
  readonly seen: Map<string, SeenWorkload>;
  readonly rollouts: Rollouts;
  /** A restart is written at version 40. */
  readonly restart: (...keys: string[]) => void;
  readonly see: (key: string, more: Partial<SeenWorkload>) => void;
}

function world(maxRollouts: number, maxRolloutsPerNamespace: number): World {
  const seen = new Map<string, SeenWorkload>();
  const rollouts = createRollouts({ get: (key) => seen.get(key) }, { maxRollouts, maxRolloutsPerNamespace });
  const see: World['see'] = (key, more) => {
    const [kind, namespace = '', name = ''] = key.split('/');
    seen.set(key, workload(40, { ref: { kind: kind as WorkloadKind, namespace, name }, rolledOut: false, ...more }));
  };
  return {
    seen,
    rollouts,
    see,
    restart(...keys) {
      for (const key of keys) {
        see(key, {});
        assert.equal(rollouts.room(key), 'free');
        rollouts.enter(key);
        rollouts.start(key, '40', T);
      }
    },
  };
}
const [a1, a2, a3] = ['Deployment/a/1', 'Deployment/a/2', 'Deployment/a/3'] as const;
const [b1, b2] = ['Deployment/b/1', 'Deployment/b/2'] as const;

test('rule 17: a place is taken before the patch is sent', () => {
  const { rollouts } = world(1, 0);
  rollouts.enter(a1);
  assert.equal(rollouts.room(a2), 'rollout-cap');
  rollouts.leave(a1);
  assert.equal(rollouts.room(a2), 'free');
});

test('rule 17: without caps there is always room', () => {
  const { rollouts, restart } = world(0, 0);
  restart(a1, a2, a3, b1);
  assert.equal(rollouts.room(b2), 'free');
});

test('rule 17: a restart that its workload shows no event of gives its place back at once', () => {
  const { rollouts, restart, see } = world(1, 0);
  const cronJob = 'CronJob/a/1';
  restart(cronJob);
  see(cronJob, { rolledOut: true });
  rollouts.leave(cronJob);
  assert.equal(rollouts.room(a2), 'free');
  assert.deepEqual(rollouts.overdue(T + 600_000), []);
});

test('rule 17: a further restart of the same workload replaces its rollout', () => {
  const { rollouts, restart } = world(1, 0);
  restart(a1);
  assert.equal(rollouts.room(a1), 'free');
  rollouts.leave(a1);
  assert.equal(rollouts.room(a2), 'rollout-cap', 'a patch that failed does not end the rollout before it');
});

test('rule 17: a full namespace holds up only its own, oldest first', () => {
  const { rollouts, restart, see } = world(3, 1);
  restart(a1, b1);
  for (const key of [a2, a3, b2]) {
    assert.equal(rollouts.room(key), 'namespace-rollout-cap');
    see(key, {});
    rollouts.wait(key);
  }
  assert.deepEqual(rollouts.admit(), [], 'nothing ended');
  see(b1, { rolledOut: true });
  rollouts.look(b1, T);
  assert.deepEqual(rollouts.admit(), [b2]);
  see(a1, { rolledOut: true });
  rollouts.look(a1, T);
  assert.deepEqual(rollouts.admit(), [a2]);
  assert.equal(rollouts.room(a3), 'namespace-rollout-cap', 'nobody overtakes who was let in');
  rollouts.leave(a2);
  assert.deepEqual(rollouts.admit(), [a3], 'a place that is not needed goes to the next');
});

test('rule 17: who waits and is deleted waits no longer', () => {
  const { rollouts, restart, see, seen } = world(1, 0);
  restart(a1);
  for (const key of [a2, a3]) rollouts.wait(key);
  seen.delete(a2);
  rollouts.look(a2, T);
  see(a1, { rolledOut: true });
  rollouts.look(a1, T);
  assert.deepEqual(rollouts.admit(), [a3]);
});

const later = T + 600_000;
const rows: [
  rule: string,
  kind: WorkloadKind,
  more: Partial<SeenWorkload>,
  now: number,
  expected: { late?: string; room: 'free' | 'rollout-cap'; failed: boolean },
][] = [
  ['available', 'Deployment', { rolledOut: true }, T, { room: 'free', failed: false }],
  ['no replicas wanted', 'StatefulSet', { rolledOut: true }, T, { room: 'free', failed: false }],
  [
    'the cache is older',
    'Deployment',
    { rolledOut: true, resourceVersion: '39' },
    T,
    { room: 'rollout-cap', failed: false },
  ],
  [
    'an older verdict',
    'Deployment',
    { failed: true, resourceVersion: '39' },
    T,
    { room: 'rollout-cap', failed: false },
  ],
  ['in progress', 'DaemonSet', {}, later - 1, { room: 'rollout-cap', failed: false }],
  ['waits for deletes', 'StatefulSet', { waitsForDelete: true }, T, { room: 'free', failed: false }],
  [
    'deadline passed',
    'Deployment',
    { failed: true },
    T,
    { late: 'progress-deadline-exceeded', room: 'free', failed: true },
  ],
  ['slow, says no controller', 'Deployment', {}, later, { late: 'not-available-in-time', room: 'free', failed: false }],
  ['slow', 'StatefulSet', {}, later, { late: 'not-available-in-time', room: 'free', failed: true }],
  ['slow', 'DaemonSet', {}, later, { late: 'not-available-in-time', room: 'free', failed: true }],
];
for (const [rule, kind, more, now, { late, room, failed }] of rows) {
  test(`rule 17: ${kind}, ${rule}`, () => {
    const { rollouts, restart, see } = world(1, 0);
    const key = `${kind}/a/1`;
    restart(key);
    see(key, more);
    assert.deepEqual(rollouts.overdue(now), now >= later ? [key] : []);
    assert.equal(rollouts.look(key, now), late);
    assert.equal(rollouts.look(key, now), undefined, 'said once');
    assert.deepEqual(rollouts.overdue(now), []);
    assert.equal(rollouts.room(a2), room);
    assert.deepEqual([...rollouts.failed], failed ? [key] : []);
    see(key, { rolledOut: true });
    rollouts.look(key, now);
    assert.equal(rollouts.failed.size, 0, 'until it is available');
  });
}

test('halted: a failed rollout stays one through a further restart, until that is available', () => {
  const { rollouts, restart, see } = world(0, 0);
  restart(a1);
  see(a1, { failed: true });
  assert.equal(rollouts.look(a1, T), 'progress-deadline-exceeded');
  see(a1, { failed: false });
  assert.equal(rollouts.look(a1, later), undefined, 'a verdict stays');
  restart(a1);
  assert.deepEqual([...rollouts.failed], [a1]);
  see(a1, { failed: true });
  assert.equal(rollouts.look(a1, T), 'progress-deadline-exceeded', 'the new one failed, too');
  see(a1, { rolledOut: true });
  rollouts.look(a1, T);
  assert.equal(rollouts.failed.size, 0);
});
