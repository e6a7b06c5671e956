// What Reloader did, told from what is heard of it, in whatever order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createShadow } from '../../server/core/shadow.ts';
import type { Judgement } from '../../server/core/shadow-pair.ts';

const limits = { lateMs: 60_000, missedMs: 600_000 };
const workload = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;
const minute = 60_000;

type Step =
  | readonly ['need', at: number, more?: { changedAt?: number; reason?: string }]
  | readonly ['fresh', at: number, changedAt: number]
  | readonly ['deed', at: number, hash: string]
  | readonly ['failure', at: number, kind?: string]
  | readonly ['tick', at: number]
  | readonly ['forget', at: number];

function play(steps: readonly Step[]): Judgement[] {
  const shadow = createShadow(limits);
  const pair = { workload, config: 'Secret/db' };
  return steps.flatMap((step): readonly Judgement[] => {
    const at = step[1];
    switch (step[0]) {
      case 'need':
        return shadow.need({ ...pair, changedAt: step[2]?.changedAt ?? at, reason: step[2]?.reason ?? 'changed' });
      case 'fresh':
        return shadow.fresh({ ...pair, changedAt: step[2], reason: 'fresh' });
      case 'deed':
        return shadow.deed({ ...pair, at, hash: step[2], explainedBy: at + 25_000 });
      case 'failure':
        return (shadow.failure({ workload, kind: step[2] ?? 'Secret', at }), []);
      case 'tick':
        return shadow.tick(at);
      case 'forget':
        return (shadow.forget('Deployment/shop/web'), []);
    }
  });
}

const end = ['tick', 60 * minute] as const;
const rows: readonly [rule: string, steps: readonly Step[], results: readonly string[]][] = [
  ['a deed after the need is matched, with its delay', [['need', 1000], ['deed', 4000, 'B'], end], ['matched 3000']],
  ['a deed before the need, too', [['deed', 1300, 'B'], ['need', 2000, { changedAt: 1000 }], end], ['matched 300']],
  [
    'a deed heard of before its change is',
    [['deed', 900, 'B'], ['need', 2000, { changedAt: 1000 }], end],
    ['matched 0'],
  ],
  ['pods that the deed made fresh', [['deed', 1300, 'B'], ['fresh', 2000, 1000], end], ['matched 300']],
  ['pods that something else made fresh need nothing', [['fresh', 2000, 1000], end], []],
  ['and a deed after that is needless', [['fresh', 2000, 1000], ['deed', 3000, 'B'], end], ['needless']],
  ['exactly at the limit is in time', [['need', 0], ['deed', minute, 'B'], end], ['matched 60000']],
  ['beyond it is late', [['need', 0], ['deed', minute + 1, 'B'], end], ['late 60001']],
  ['no deed is missed', [['need', 0], ['tick', 10 * minute - 1], end], ['missed']],
  [
    'a deed after all is late',
    [['need', 0], ['tick', 10 * minute], ['deed', 11 * minute, 'B'], end],
    ['missed', 'late 660000'],
  ],
  ['no deed, and Reloader said that it failed', [['need', 0], ['failure', 500], end], ['failed']],
  ['it said so before the need', [['failure', 500], ['need', 1500, { changedAt: 0 }], end], ['failed']],
  ['it failed for another kind', [['need', 0], ['failure', 500, 'ConfigMap'], end], ['missed']],
  ['it failed for an earlier change', [['failure', 0], ['need', minute], end], ['missed']],
  ['it failed and came to it after all', [['need', 0], ['failure', 500], ['deed', 900, 'B'], end], ['matched 900']],
  ['the same content again', [['need', 0], ['deed', 300, 'B'], ['deed', 900, 'B'], end], ['matched 300', 'doubled']],
  [
    'twice before the need',
    [['deed', 300, 'B'], ['deed', 900, 'B'], ['need', 1300, { changedAt: 0 }], end],
    ['matched 300', 'doubled'],
  ],
  ['twice without a need', [['deed', 300, 'B'], ['deed', 900, 'B'], end], ['needless', 'doubled']],
  [
    'the last deed once more is no answer to the next change',
    [['need', 0], ['deed', 300, 'B'], ['need', 5000], ['deed', 6000, 'B'], ['deed', 7000, 'C'], end],
    ['matched 300', 'doubled', 'matched 2000'],
  ],
  [
    'content that came back is another change',
    [['need', 0], ['deed', 300, 'B'], ['need', 5000, { reason: 'returned' }], ['deed', 6000, 'B'], end],
    ['matched 300', 'matched 1000'],
  ],
  ['without any need', [['deed', 300, 'B'], ['tick', 20_000], ['tick', 25_300], end], ['needless']],
  [
    'a need long after does not excuse it',
    [['deed', 300, 'B'], ['need', 10_000], ['deed', 10_500, 'C'], end],
    ['matched 500', 'needless'],
  ],
  [
    'two changes that settle together need one',
    [['deed', 300, 'B'], ['deed', 1200, 'C'], ['need', 2000, { changedAt: 1000 }], end],
    ['matched 200', 'needless'],
  ],
  [
    'one deed brings all changes from before',
    [['need', 0], ['need', 5000], ['deed', 6000, 'C'], end],
    ['matched 6000', 'matched 1000'],
  ],
  [
    'a change that is held and let go is one',
    [['need', 500, { changedAt: 0 }], ['need', 9000, { changedAt: 0 }], ['deed', 9500, 'B'], end],
    ['matched 9500'],
  ],
  ['a workload that is gone needs nothing', [['need', 0], ['forget', 1], end], []],
];
for (const [rule, steps, results] of rows) {
  test(`shadow: ${rule}`, () => {
    const told = play(steps).map(({ result, delayMs }) => (delayMs === undefined ? result : `${result} ${delayMs}`));
    assert.deepEqual(told.sort(), [...results].sort());
  });
}

const anyHash = fc.constantFrom('A', 'B', 'C');
const anyStep = fc.oneof(
  fc.tuple(fc.constant('need' as const), fc.nat(90_000)),
  fc.tuple(fc.constant('deed' as const), fc.nat(90_000), anyHash),
  fc.tuple(fc.constant('failure' as const), fc.nat(90_000)),
  fc.tuple(fc.constant('tick' as const), fc.nat(90_000)),
);

test('shadow: each change and each deed is judged once, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
      // Gaps become times: no two at once, none going back.
      let now = 0;
      const timed = steps.map((step) => {
        now += step[1] + 1;
        return step.with(1, now) as unknown as Step;
      });
      const judged = play([...timed, ['tick', now + 60 * minute]]);
      const needs = timed.filter(([kind]) => kind === 'need');
      const answers = judged.filter(({ changedAt }) => changedAt !== undefined);
      const answered = new Set(answers.map(({ changedAt = 0 }) => changedAt));
      assert.deepEqual([...answered].sort(byNumber), needs.map(([, at]) => at).sort(byNumber), 'every need');
      const surplus = judged.filter(({ result }) => result === 'doubled' || result === 'needless');
      const deeds = new Set(timed.flatMap((step) => (step[0] === 'deed' ? [step[1]] : [])));
      for (const { at } of surplus) assert.ok(deeds.delete(at), 'a surplus deed once');
      for (const { at, result } of answers)
        if (result === 'matched' || result === 'late')
          assert.ok(!surplus.some((one) => one.at === at), 'or as an answer');
      for (const { changedAt } of answers) {
        const all = answers.filter((one) => one.changedAt === changedAt).map(({ result }) => result);
        const isOnce =
          all.length === 1 || (all.length === 2 && /^(missed|failed)$/.test(all[0] ?? '') && all[1] === 'late');
        assert.ok(isOnce, `once: ${all.join()}`);
      }
    }),
    { numRuns: 2000 },
  );
});

test('shadow: every deed is told of in the end', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(90_000), anyHash), { maxLength: 30 }), (deeds) => {
      let now = 0;
      const timed = deeds.map(([gap, hash]): Step => ['deed', (now += gap + 1), hash]);
      const judged = play([...timed, ['tick', now + 60 * minute]]);
      assert.equal(judged.length, deeds.length);
    }),
  );
});

test('shadow: within bounds, and says what it let go', () => {
  const shadow = createShadow(limits);
  for (let n = 0; n < 10_500; n++)
    shadow.need({ workload: { ...workload, name: `w${n}` }, config: 'Secret/db', changedAt: 0, reason: 'changed' });
  for (let n = 0; n < 100; n++) shadow.need({ workload, config: 'Secret/db', changedAt: n + 1, reason: 'changed' });
  assert.equal(shadow.waiting + shadow.dropped, 10_600);
  assert.ok(shadow.waiting <= 10_000 + 64);
});

function byNumber(a: number, b: number): number {
  return a - b;
}
