import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgress } from '../server/report-progress.ts';
import { createFakeClock } from './reconcile/fake-clock.ts';

function start(options: { isWatched: boolean }) {
  const said: string[] = [];
  const clock = createFakeClock();
  const progress = createProgress({
    ...options,
    stderr: (text) => void said.push(text),
    after: (ms, run) => clock.after(ms, run),
  });
  return { progress, said, clock };
}

const line = (text: string): string => `\r\u001b[K${text}`;

test('progress: told after a second, not too often, and cleared at the end', async () => {
  const { progress, said, clock } = start({ isWatched: true });
  progress.tell('secrets', 100);
  progress.tell('secrets', 200);
  await clock.advance(1_000);
  progress.tell('secrets', 300);
  progress.tell('secrets', 400);
  await clock.advance(200);
  await clock.advance(200);
  progress.tell('pods', 500);
  progress.clear();
  progress.clear();
  await clock.advance(9_000);
  assert.deepEqual(said, ['reading secrets: 200', 'reading secrets: 400', 'reading pods: 500', ''].map(line));
  assert.equal(clock.waiting, 0);
});

test('progress: what takes long is told though it says nothing meanwhile', async () => {
  const { progress, said, clock } = start({ isWatched: true });
  progress.say('rendering what is declared: 0 of 1 owners');
  await clock.advance(1_000);
  assert.deepEqual(said, [line('rendering what is declared: 0 of 1 owners')]);
});

test('progress: nothing where nobody watches', async () => {
  const { progress, said, clock } = start({ isWatched: false });
  progress.tell('secrets', 100);
  await clock.advance(9_000);
  progress.clear();
  assert.deepEqual([said, clock.waiting], [[], 0]);
});
