import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../server/core/errors.ts';
import { createMetrics } from '../server/metrics.ts';
import { reportSparingly } from '../server/trouble.ts';

test('a cause is said when it begins and then every five minutes, and always counted', async () => {
  const said: string[] = [];
  const silent = (): void => undefined;
  const log = { debug: silent, info: silent, error: silent, warn: (_: unknown, text: string) => void said.push(text) };
  const metrics = createMetrics({ version: '1', nodeVersion: '1' });
  let now = 0;
  const report = reportSparingly({ log, metrics }, () => now, 'not written');
  const forbidden = new LockstepError('api-forbidden', { message: 'no' });
  for (; now < 300_000; now += 2_000) report(forbidden);
  assert.equal(said.length, 1);
  report(new LockstepError('api-unreachable', { message: 'no' }));
  assert.equal(said.length, 2, 'another cause');
  report(forbidden);
  assert.equal(said.length, 3, 'after five minutes');
  const { values } = await metrics.errors.get();
  assert.deepEqual(
    values.map(({ labels, value }) => [labels['code'], value]),
    [
      ['api-forbidden', 151],
      ['api-unreachable', 1],
    ],
  );
});
