import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { createLedger } from '../../server/state/ledger.ts';
import { createFlusher } from '../../server/reconcile/flusher.ts';
import type { Shard } from '../../server/core/ledger-store.ts';
import { createFakeClock } from './fake-clock.ts';

const acks = {};
function rig() {
  const clock = createFakeClock();
  const saved: number[] = [];
  const failures: Error[] = [];
  const troubles: unknown[] = [];
  const lost: string[] = [];
  let stored: Shard | undefined;
  const ledger = createLedger({
    load: async () => (stored === undefined ? [] : [stored]),
    async save(shard) {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      saved.push(clock.now());
      stored = { ...shard, version: String(saved.length) };
      return String(saved.length);
    },
  });
  const work = new AbortController();
  const flusher = createFlusher({
    ledger,
    clock,
    now: () => clock.now(),
    signal: work.signal,
    onLost: (keys) => lost.push(...keys),
    onTrouble: (error) => troubles.push(error),
  });
  const put = (key: string, traced: 'traced' | 'untraced', n = 0): void => {
    ledger.put({ kind: 'workload', key, value: { uid: 'w', n, acks } }, clock.now(), traced);
    flusher.poke();
  };
  return { clock, saved, failures, troubles, lost, flusher, put, work, text: () => stored?.text ?? '' };
}

test('writes when it is due, in one go', async () => {
  const { clock, saved, put } = rig();
  put('a', 'traced');
  await clock.advance(500);
  put('b', 'untraced');
  put('c', 'untraced');
  await clock.advance(60_000);
  assert.deepEqual(saved, [1_500]);
});

test('a failure is told, and tried again after 2 s', async () => {
  const { clock, saved, failures, troubles, put, text } = rig();
  failures.push(new LockstepError('api-failed', { message: 'no' }));
  put('a', 'untraced');
  await clock.advance(2_999);
  assert.deepEqual([saved, troubles.length], [[], 1]);
  await clock.advance(1);
  assert.deepEqual(saved, [3_000]);
  assert.match(text(), /"a"/);
});

test('keys whose record another process wrote are handed back', async () => {
  const { clock, failures, lost, put } = rig();
  failures.push(new LockstepError('api-conflict', { message: 'changed' }));
  put('a', 'untraced');
  await clock.advance(5_000);
  assert.deepEqual(lost, ['a']);
});

test('stop writes what is not due yet, and nothing afterwards', async () => {
  const { clock, saved, flusher, put } = rig();
  put('a', 'traced');
  await flusher.stop(new AbortController().signal);
  assert.deepEqual(saved, [0]);
  put('b', 'untraced');
  await clock.advance(60_000);
  assert.deepEqual(saved, [0]);
});

test('a failure at the stop is told', async () => {
  const { failures, troubles, flusher, put } = rig();
  failures.push(new Error('no'));
  put('a', 'traced');
  await flusher.stop(new AbortController().signal);
  assert.equal(troubles.length, 1);
});
