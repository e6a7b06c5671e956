import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  findAbsence,
  changeMoment,
  judgeFreshness,
  wasBornIn,
  type Absence,
  type Freshness,
} from '../../server/core/freshness.ts';
import type { PairObject, Revision, Snapshot } from '../../server/core/snapshot.ts';
import { ack, change, changed, now, object, snapshot } from './snapshot.ts';

const T = now - 10_000;
const old = now - 900_000;
const revision = (createdAt: number, addedVersion?: string): Revision => ({ createdAt, addedVersion, reused: false });
const pod = (createdAt: number, current = true) => ({ createdAt, current });

const rows: [rule: string, Partial<Snapshot>, PairObject, Freshness][] = [
  ['7a: revision added after the change', { revision: revision(T, '201') }, changed(), 'fresh'],
  ['7a: in the version of the change', { revision: revision(T, '200') }, changed(), 'not-proven'],
  ['7a: before it', { revision: revision(T, '199') }, changed(), 'not-proven'],
  [
    '7a: only where versions are in one order',
    { revision: revision(T, '201'), oneOrder: false },
    changed(),
    'not-proven',
  ],
  [
    '7a: an unwatched change is bounded by the object',
    { revision: revision(T, '201') },
    changed({ resourceVersion: '300', changes: [change('200', T, { watched: false })] }),
    'not-proven',
  ],
  ['7b: created strictly after the allowance', { revision: revision(T + 2_001) }, changed(), 'fresh'],
  ['7b: created at the allowance', { revision: revision(T + 2_000) }, changed(), 'not-proven'],
  ['7b: unwatched, by the time of the data', { revision: revision(T + 3_000) }, changed({ changes: [] }), 'fresh'],
  ['7b: no time known', { revision: revision(now) }, changed({ changes: [], dataWrittenAt: undefined }), 'not-proven'],
  [
    '7b: a key vanished unwatched',
    { revision: revision(now) },
    changed({ changes: [change('200', undefined, { watched: false })] }),
    'not-proven',
  ],
  ['7c: every current pod is younger', { pods: [pod(T + 2_001), pod(old, false)] }, changed(), 'fresh'],
  ['7c: one is not', { pods: [pod(T + 2_001), pod(T + 2_000)] }, changed(), 'not-proven'],
  ['7c: no pod at all', { pods: [] }, changed(), 'fresh'],
  [
    '7c: pods are asked for when the change is old',
    {},
    changed({ changes: [change('200', now - 31_000)] }),
    'unknown-without-pods',
  ],
  ['7: no revision observed yet', { revision: undefined }, changed(), 'unknown-without-revision'],
  [
    '7: no revision observed, and a pod is old',
    { revision: undefined, pods: [{ createdAt: 0, current: true }] },
    changed(),
    'not-proven',
  ],
];
for (const [rule, more, of, freshness] of rows) {
  test(`rule ${rule}`, () => assert.equal(judgeFreshness(snapshot(more), changeMoment(of)), freshness));
}

const returned = (more: Partial<PairObject> = {}): PairObject =>
  object({
    resourceVersion: '300',
    changes: [change('200', T, { notBefore: T - 1_000 }), change('300', T + 4_000)],
    dataWrittenAt: T + 4_000,
    ...more,
  });
const absences: [rule: string, Partial<Snapshot>, PairObject, Absence | undefined][] = [
  ['same version: never left', {}, object(), undefined],
  ['watched, only metadata', {}, object({ resourceVersion: '300' }), undefined],
  [
    'watched: from the earliest time it can have left',
    {},
    returned(),
    { leftAt: T - 1_000, backAt: T + 4_000, blind: false },
  ],
  [
    'watched: what was before the ack does not count',
    {},
    object({ resourceVersion: '300', changes: [change('90', T)], watchedSince: '80' }),
    undefined,
  ],
  ['unwatched without a mark: nobody knows', {}, object({ resourceVersion: '300', watchedSince: '300' }), undefined],
  [
    'unwatched, data older than the mark',
    { settledAt: T },
    object({ resourceVersion: '300', watchedSince: '300', dataWrittenAt: T - 1 }),
    undefined,
  ],
  [
    'unwatched, data since the mark: back by now, since a removed key moves no time',
    { settledAt: T },
    object({ resourceVersion: '300', watchedSince: '300', dataWrittenAt: T + 5 }),
    { leftAt: T, backAt: now, blind: true },
  ],
  [
    'away at a list, back while watched',
    {},
    returned({ watchedSince: '200' }),
    { leftAt: T - 1_000, backAt: T + 4_000, blind: true },
  ],
];
for (const [rule, more, of, absence] of absences) {
  test(`rule 9: ${rule}`, () => assert.deepEqual(findAbsence(snapshot(more), of, ack), absence));
}

test('rule 9: born while it was away, give or take a second', () => {
  const absence = { leftAt: T, backAt: T + 4_000, blind: false };
  const born = (at: number, current = true): boolean => wasBornIn([pod(at, current)], absence);
  assert.deepEqual([born(T - 1_001), born(T - 1_000), born(T + 5_000), born(T + 5_001)], [false, true, true, false]);
  assert.equal(born(T, false), false);
});
