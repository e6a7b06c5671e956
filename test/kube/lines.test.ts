import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readLines } from '../../server/kube/lines.ts';

const options = { silenceMs: 60_000, onSilence: () => undefined };
async function* bytes(parts: readonly Uint8Array[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}
async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}
const collect = (parts: readonly Uint8Array[]): Promise<string[]> => all(readLines(bytes(parts), options));

test('lines come out as they went in, wherever the chunks are cut', async () => {
  const line = fc
    .string({ unit: 'binary', minLength: 1 })
    .filter((text) => !text.includes('\n') && text.isWellFormed());
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(50)), async (lines, cuts) => {
      const whole = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
      const parts = places.slice(1).map((end, index) => whole.subarray(places[index], end));
      assert.deepEqual(await collect(parts), lines);
    }),
  );
});

test('empty lines, and what follows the last newline, are dropped', async () => {
  assert.deepEqual(await collect([Buffer.from('a\n\nb\nhalf')]), ['a', 'b']);
});

test('a line that never ends is refused', async () => {
  const part = Buffer.alloc(1024 * 1024, 'x');
  await assert.rejects(collect(Array.from({ length: 17 }, () => part)), RangeError);
});

test('silence is told', async () => {
  const controller = new AbortController();
  async function* silent(): AsyncGenerator<Buffer> {
    yield Buffer.from('a\n');
    await new Promise<void>((resolve) => controller.signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  const lines = readLines(silent(), { silenceMs: 5, onSilence: () => controller.abort() });
  assert.deepEqual(await all(lines), ['a']);
});
