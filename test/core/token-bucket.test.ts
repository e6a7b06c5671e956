import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFull, takeToken, tokenAt, type BucketSize, type FullAt } from '../../server/core/token-bucket.ts';

const size: BucketSize = { burst: 3, refillMs: 100 };
const T = 1_000_000;

const rows: [rule: string, takenAt: number[], now: number, tokenAt: number][] = [
  ['full at first', [], T, T],
  ['one left', [T, T], T, T],
  ['empty: until one is back', [T, T, T], T, T + 100],
  ['one is back', [T, T, T], T + 100, T + 100],
  ['never more than the burst', [T - 9_000, T, T, T], T, T + 100],
  ['the clock was turned back: nothing is known', [T, T, T], T - 3_600_000, T - 3_600_000],
];
for (const [rule, takenAt, now, expected] of rows) {
  test(`token bucket: ${rule}`, () => {
    const fullAt = takenAt.reduce<FullAt>((before, at) => takeToken(before, size, at), undefined);
    assert.equal(tokenAt(fullAt, size, now), expected);
  });
}

const sizes = fc.record({ burst: fc.integer({ min: 1, max: 20 }), refillMs: fc.integer({ min: 1, max: 1_000_000 }) });
/** Moments at which somebody asks. */
const moments = fc
  .array(fc.integer({ min: 0, max: 2_000_000 }), { maxLength: 200 })
  .map((pauses) => pauses.map((_, at) => T + pauses.slice(0, at + 1).reduce((sum, pause) => sum + pause, 0)));

/** Takes whenever a token is there. */
function spend(
  bucket: BucketSize,
  asked: readonly number[],
): { readonly taken: readonly number[]; readonly fullAt: FullAt } {
  const taken: number[] = [];
  let fullAt: FullAt;
  for (const now of asked) {
    if (tokenAt(fullAt, bucket, now) > now) continue;
    fullAt = takeToken(fullAt, bucket, now);
    taken.push(now);
  }
  return { taken, fullAt };
}

test('token bucket: between any two moments no more than the burst and what came back', () => {
  fc.assert(
    fc.property(sizes, moments, (bucket, asked) => {
      const { taken } = spend(bucket, asked);
      for (const [first, from] of taken.entries()) {
        for (const [last, to] of taken.entries()) {
          if (last < first) continue;
          const most = bucket.burst + Math.floor((to - from) / bucket.refillMs);
          assert.ok(last - first + 1 <= most, `${last - first + 1} taken, ${most} allowed`);
        }
      }
    }),
  );
});

test('token bucket: who waits until a token is there gets one, and a full bucket holds the burst', () => {
  fc.assert(
    fc.property(sizes, moments, (bucket, asked) => {
      const { fullAt } = spend(bucket, asked);
      const now = asked.at(-1) ?? T;
      const at = tokenAt(fullAt, bucket, now);
      assert.ok(at <= now + bucket.refillMs);
      assert.equal(tokenAt(fullAt, bucket, at), at);
      const quiet = now + bucket.burst * bucket.refillMs;
      assert.ok(isFull(fullAt, quiet));
      assert.equal(spendAt(fullAt, bucket, quiet), bucket.burst);
    }),
  );
});

/** How many there are at one moment. */
function spendAt(before: FullAt, bucket: BucketSize, now: number): number {
  let [fullAt, count] = [before, 0];
  for (; tokenAt(fullAt, bucket, now) <= now; count++) fullAt = takeToken(fullAt, bucket, now);
  return count;
}
