import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAlarms } from '../../server/reconcile/alarms.ts';
import { createFakeClock } from './fake-clock.ts';

function start() {
  const clock = createFakeClock();
  const rung: string[] = [];
  const end = new AbortController();
  const alarms = createAlarms({ clock, ring: (key) => void rung.push(`${key} ${clock.now()}`), signal: end.signal });
  return { clock, rung, end, alarms };
}

test('each key rings once, when it was set to', async () => {
  const { clock, rung, alarms } = start();
  alarms.set('a', 200);
  alarms.set('b', 100);
  await clock.advance(1_000);
  assert.deepEqual([rung, clock.waiting], [['b 100', 'a 200'], 0]);
});

test('the last time that was set counts', async () => {
  const { clock, rung, alarms } = start();
  alarms.set('a', 100);
  alarms.set('a', 300);
  await clock.advance(1_000);
  assert.deepEqual(rung, ['a 300']);
});

test('what is far away rings within the hour: a timer of months would ring at once', async () => {
  const { clock, rung, alarms } = start();
  alarms.set('a', 90 * 86_400_000);
  await clock.advance(3_600_000);
  assert.deepEqual(rung, ['a 3600000']);
});

test('the end leaves no timer and takes no new one', async () => {
  const { clock, end, alarms } = start();
  alarms.set('a', 100);
  end.abort();
  alarms.set('b', 100);
  assert.equal(clock.waiting, 0);
});
