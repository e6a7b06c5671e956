import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorkQueue, emptyUntilStarted, type WorkQueueOptions } from '../../server/reconcile/workqueue.ts';
import { createFakeClock, flush } from './fake-clock.ts';

const settle = { windowMs: 1_000, maxMs: 10_000 };

/** Not started. */
function newRig(more: Partial<WorkQueueOptions> = {}) {
  const clock = createFakeClock();
  const ran: string[] = [];
  const queue = createWorkQueue({
    clock,
    random: () => 1,
    concurrency: 2,
    handle: async (key) => void ran.push(`${key}@${clock.now()}`),
    onFailure: () => undefined,
    ...more,
  });
  return { clock, ran, queue };
}

function rig(more: Partial<WorkQueueOptions> = {}) {
  const made = newRig(more);
  made.queue.start();
  return made;
}

/** Notes when it is tried; its first try fails, and asks to wait. */
function failingOnce() {
  const tries: number[] = [];
  const made = rig({
    handle: async () => {
      tries.push(made.clock.now());
      if (tries.length === 1) throw new Error('no');
    },
    onFailure: () => 7_000,
  });
  return { ...made, tries };
}

/** A handler that each key waits in until it is let go. */
function gates() {
  const open = new Map<string, () => void>();
  const begun: string[] = [];
  return {
    begun,
    handle: (key: string) => {
      begun.push(key);
      return new Promise<void>((resolve) => open.set(key, resolve));
    },
    async let(key: string) {
      open.get(key)?.();
      await flush();
    },
  };
}

test('a key that is added runs at once, and once', async () => {
  const { queue, ran, clock } = rig();
  queue.add('a');
  await clock.advance(60_000);
  assert.deepEqual(ran, ['a@0']);
  assert.equal(queue.depth, 0);
});

test('before the start nothing runs, and a key waits once', async () => {
  const { ran, queue } = newRig();
  queue.add('a');
  queue.add('a');
  await flush();
  assert.deepEqual([ran, queue.depth], [[], 1]);
  queue.start();
  await flush();
  assert.deepEqual(ran, ['a@0']);
});

test('a process that stands by keeps no keys, and takes them from the start on', async () => {
  const { ran, clock, ...made } = newRig();
  const queue = emptyUntilStarted(made.queue);
  queue.add('a');
  queue.settle('b', settle);
  queue.addAfter('c', 10);
  await clock.advance(20_000);
  assert.deepEqual([queue.depth, clock.waiting], [0, 0]);
  queue.start();
  queue.add('d');
  queue.addAfter('e', 10);
  await clock.advance(10);
  queue.settle('f', settle);
  await clock.advance(20_000);
  assert.deepEqual(ran, ['d@20000', 'e@20010', 'f@21010']);
  await queue.stop();
});

const settling: [rule: string, changesAt: number[], ran: string[]][] = [
  ['one change: after the window', [0], ['a@1000']],
  ['each change restarts it', [0, 900, 1_800], ['a@2800']],
  ['but not beyond the longest wait', Array.from({ length: 15 }, (_, index) => index * 900), ['a@10000', 'a@13600']],
  ['a change afterwards settles anew', [0, 5_000], ['a@1000', 'a@6000']],
];
for (const [rule, changesAt, expected] of settling) {
  test(`rule 15: ${rule}`, async () => {
    const { queue, ran, clock } = rig();
    for (const at of changesAt) {
      await clock.advance(at - clock.now());
      queue.settle('a', settle);
    }
    await clock.advance(20_000);
    assert.deepEqual(ran, expected);
  });
}

test('rule 15: a shorter window does not cut short a longer one that has begun', async () => {
  const { queue, ran, clock } = rig();
  queue.settle('a', { windowMs: 5_000, maxMs: 10_000 });
  await clock.advance(1_000);
  queue.settle('a', settle);
  queue.settle('a', { windowMs: 0, maxMs: 10_000 });
  await clock.advance(20_000);
  assert.deepEqual(ran, ['a@5000']);
});

test('rule 15: a window of zero is no wait', async () => {
  const { queue, ran } = rig();
  queue.settle('a', { windowMs: 0, maxMs: 10_000 });
  await flush();
  assert.deepEqual(ran, ['a@0']);
});

test('what is added while it settles waits until it has settled', async () => {
  const { queue, ran, clock } = rig();
  queue.settle('a', settle);
  queue.add('a');
  queue.addAfter('a', 10);
  await clock.advance(20_000);
  assert.deepEqual(ran, ['a@1000']);
});

test('a change takes a key that is ready back into settling', async () => {
  const { begun, handle } = gates();
  const { queue, clock } = rig({ handle, concurrency: 1 });
  queue.add('a');
  queue.add('b');
  queue.settle('b', settle);
  assert.deepEqual([begun, queue.depth, clock.waiting], [['a'], 2, 1]);
});

test('the sooner of two waits counts', async () => {
  const { queue, ran, clock } = rig();
  queue.addAfter('a', 5_000);
  queue.addAfter('a', 2_000);
  queue.addAfter('a', 9_000);
  await clock.advance(20_000);
  assert.deepEqual(ran, ['a@2000']);
});

test('adding does not wait for a wait', async () => {
  const { queue, ran, clock } = rig();
  queue.addAfter('a', 5_000);
  queue.add('a');
  await clock.advance(20_000);
  assert.deepEqual(ran, ['a@0']);
});

test('a key that runs does not run twice at a time: it runs again afterwards, once', async () => {
  const gate = gates();
  const { queue } = rig(gate);
  queue.add('a');
  queue.add('a');
  queue.add('a');
  assert.deepEqual(gate.begun, ['a']);
  await gate.let('a');
  assert.deepEqual(gate.begun, ['a', 'a']);
  await gate.let('a');
  assert.deepEqual([gate.begun.length, queue.depth], [2, 0]);
});

test('no more keys run at a time than allowed', async () => {
  const gate = gates();
  const { queue } = rig(gate);
  for (const key of ['a', 'b', 'c']) queue.add(key);
  assert.deepEqual(gate.begun, ['a', 'b']);
  await gate.let('b');
  assert.deepEqual(gate.begun, ['a', 'b', 'c']);
});

test('a failure is tried again, later each time, up to 30 s; a success forgets it', async () => {
  const tries: number[] = [];
  let isBroken = true;
  const { queue, clock } = rig({
    handle: async () => {
      tries.push(clock.now());
      if (isBroken) throw new Error('no');
    },
  });
  queue.add('a');
  await clock.advance(110_000);
  const waits = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
  assert.deepEqual(waits, [800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000]);
  isBroken = false;
  await clock.advance(30_000);
  isBroken = true;
  queue.add('a');
  const before = tries.length;
  await clock.advance(800);
  assert.equal(tries.length, before + 1);
});

const asked: [by: string, ask: (queue: ReturnType<typeof rig>['queue']) => void][] = [
  ['time alone', () => undefined],
  ['an event', (queue) => queue.add('a')],
  ['a change', (queue) => queue.settle('a', settle)],
  ['a place among the rollouts that became free', (queue) => queue.addAfter('a', 0)],
];
for (const [by, ask] of asked) {
  test(`I14: a failure that says how long to wait is believed, whatever asks meanwhile: ${by}`, async () => {
    const { queue, clock, tries } = failingOnce();
    queue.add('a');
    await clock.advance(1_000);
    ask(queue);
    await clock.advance(60_000);
    assert.deepEqual(tries, [0, 7_000]);
  });
}

test('stop takes no more keys and waits for those that run', async () => {
  const gate = gates();
  const { queue, clock } = rig({ ...gate, concurrency: 1 });
  queue.add('a');
  queue.add('b');
  queue.addAfter('c', 10);
  let isStopped = false;
  const stopped = queue.stop().then(() => (isStopped = true));
  await clock.advance(1_000);
  assert.deepEqual([gate.begun, isStopped], [['a'], false]);
  await gate.let('a');
  await stopped;
  assert.deepEqual([gate.begun, queue.depth, clock.waiting], [['a'], 0, 0]);
});

test('a queue that has stopped sets no timer', async () => {
  const { queue, clock } = rig();
  await queue.stop();
  queue.addAfter('a', 10);
  queue.settle('b', settle);
  assert.equal(clock.waiting, 0);
});
