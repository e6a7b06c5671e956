import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgress } from '../server/report-progress.ts';

function start(options: { isWatched: boolean }) {
  const said: string[] = [];
  let now = 0;
  const progress = createProgress({ ...options, stderr: (text) => void said.push(text), now: () => now });
  return { progress, said, pass: (ms: number) => void (now += ms) };
}

test('progress: told after a second, not too often, and cleared at the end', () => {
  const { progress, said, pass } = start({ isWatched: true });
  progress.tell('secrets', 100);
  pass(1_000);
  progress.tell('secrets', 200);
  progress.tell('secrets', 300);
  pass(200);
  progress.tell('pods', 500);
  progress.clear();
  progress.clear();
  assert.deepEqual(said, ['\r\u001b[Kreading secrets: 200', '\r\u001b[Kreading pods: 500', '\r\u001b[K']);
});

test('progress: nothing where nobody watches', () => {
  const { progress, said, pass } = start({ isWatched: false });
  pass(9_000);
  progress.tell('secrets', 100);
  progress.clear();
  assert.deepEqual(said, []);
});
