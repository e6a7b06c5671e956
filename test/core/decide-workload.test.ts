// One row for each rule of the restart protocol that this decision implements, and for each reason of its unions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideWorkload, isUndone } from '../../server/core/decide-workload.ts';
import type { RestartKey } from '../../server/core/restart.ts';
import type { Snapshot } from '../../server/core/snapshot.ts';
import { ack, change, changed, now, object, pair, snapshot, tell } from './snapshot.ts';

const keyed = (restartKey: RestartKey | undefined): Snapshot['workload'] => ({ ...snapshot().workload, restartKey });
const record = (n: number, acks: RestartKey['acks'] = { 'Secret/db': ack }) => ({ uid: 'w', n, acks });
const fresh = { createdAt: now - 1_000, addedVersion: '201', reused: false };
const old = { createdAt: now - 900_000, addedVersion: undefined, reused: false };
const pod = (createdAt: number, current = true) => ({ createdAt, current });
const proven = { proven: true } as const;
const returned = object({ resourceVersion: '300', changes: [change('200', now - 10_000), change('300', now - 5_000)] });
const blind = { ...object({ resourceVersion: '300', watchedSince: '300', dataWrittenAt: now - 5_000 }) };
const ackB = { ...ack, digest: 'k1:B', resourceVersion: '200' };

const rows: [rule: string, Partial<Snapshot>, expected: string][] = [
  ['nothing changed', {}, 'in-step'],
  [
    '1: acks are for each workload: another object’s ack does not count',
    { record: record(0, { 'Secret/other': ack }), ...proven },
    'record n=0 baseline',
  ],
  [
    '1: a record of an earlier workload of this name does not count',
    { record: { ...record(3), uid: 'earlier' }, ...proven },
    'record n=0 baseline',
  ],
  [
    '1: other used keys are another ack, not other content',
    { pairs: [pair(object(), { projection: 'a' })], ...proven },
    'record n=0 baseline',
  ],
  ['2: a deleted object keeps its ack', { pairs: [pair(undefined)] }, 'in-step'],
  ['2: created anew with other content', { pairs: [pair(changed({ uid: 'u2' }))] }, 'restart n=1 changed'],
  [
    '3: n rises above the ledger',
    { pairs: [pair(changed())], record: record(4), workload: keyed({ n: 4, acks: {} }) },
    'restart n=5 changed',
  ],
  [
    '3: n rises above the key',
    { pairs: [pair(changed())], workload: keyed({ n: 7, acks: {} }) },
    'restart n=8 changed',
  ],
  ['3: what is no longer used leaves silently', { pairs: [], record: record(0) }, 'record n=0'],
  [
    '4: a key ahead of the ledger tells what was done',
    { pairs: [pair(changed())], workload: keyed({ n: 1, acks: { 'Secret/db': ackB } }) },
    'record n=1',
  ],
  [
    '4: a key behind the ledger tells nothing',
    {
      pairs: [pair(changed({ digests: ['k1:A'], changes: [] }))],
      record: record(2),
      workload: keyed({ n: 2, acks: { 'Secret/db': ackB } }),
    },
    'in-step',
  ],
  [
    '5: a cache older than the ack is not decided on',
    { pairs: [pair(object({ resourceVersion: '99', digests: ['k1:B'] }))] },
    'look at reads',
  ],
  [
    '5: proven older than the ack: left alone',
    { pairs: [pair(object({ resourceVersion: '99', digests: ['k1:B'] }))], ...proven },
    'in-step',
  ],
  ['5: a patch may rest on caches', { pairs: [pair(changed())] }, 'restart n=1 changed'],
  ['5: no patch needs proof', { pairs: [pair(changed())], revision: fresh }, 'look at reads'],
  ['6: changed', { pairs: [pair(changed())], ...proven }, 'restart n=1 changed'],
  ['7: changed and fresh', { pairs: [pair(changed())], revision: fresh, ...proven }, 'record n=0 fresh'],
  ['7: the pods may prove it', { pairs: [pair(changed({ changes: [change('200', now - 60_000)] }))] }, 'look at pods'],
  ['7: the pods prove it', { pairs: [pair(changed())], pods: [pod(now)], ...proven }, 'record n=0 fresh'],
  [
    '7: one pod does not',
    { pairs: [pair(changed())], pods: [pod(now), pod(now - 60_000)], ...proven },
    'restart n=1 changed',
  ],
  ['8: first sight without a known change', { record: undefined, ...proven }, 'record n=0 baseline'],
  ['8: first sight needs proof', { record: undefined }, 'look at reads'],
  [
    '8: first sight after a known change',
    { record: undefined, pairs: [pair(changed())] },
    'restart n=1 changed-before-first-sight',
  ],
  [
    '8: first sight after a change, fresh',
    { record: undefined, pairs: [pair(changed())], revision: fresh, ...proven },
    'record n=0 fresh',
  ],
  [
    '8: stale when it opted in',
    { record: undefined, pairs: [pair(changed())], optedInAt: '250', ...proven },
    'record n=0 stale-at-opt-in',
  ],
  [
    '8: changed since it opted in',
    { record: undefined, pairs: [pair(changed())], optedInAt: '150' },
    'restart n=1 changed-before-first-sight',
  ],
  [
    '8: opted in, order not known',
    { record: undefined, pairs: [pair(changed())], optedInAt: '150', oneOrder: false, ...proven },
    'record n=0 stale-at-opt-in',
  ],
  ['9: metadata only', { pairs: [pair(object({ resourceVersion: '300' }))] }, 'in-step'],
  ['9: left and returned: who was born in between?', { pairs: [pair(returned)] }, 'look at pods'],
  ['9: a pod was', { pairs: [pair(returned)], pods: [pod(now - 7_000)], ...proven }, 'restart n=1 returned'],
  ['9: none was', { pairs: [pair(returned)], pods: [pod(now - 60_000)], ...proven }, 'record n=0 returned-unread'],
  [
    '9: unwatched since the mark',
    { pairs: [pair(blind)], settledAt: now - 9_000, pods: [pod(now - 7_000)], ...proven },
    'restart n=1 blind-return',
  ],
  ['9: unwatched, unmarked', { pairs: [pair(blind)], pods: [pod(now - 7_000)], ...proven }, 'in-step'],
  [
    '10: key lost, pods may be old',
    { record: record(1, { 'Secret/db': ackB }), pairs: [pair(changed())] },
    'look at pods',
  ],
  [
    '10: key lost, a pod is old',
    { record: record(1, { 'Secret/db': ackB }), pairs: [pair(changed())], pods: [pod(now - 60_000)], ...proven },
    'restart n=2 undone',
  ],
  [
    '10: key lost, pods are newer: n is lowered',
    { record: record(1, { 'Secret/db': ackB }), pairs: [pair(changed())], pods: [pod(now)], ...proven },
    'record n=0 still-fresh',
  ],
  ['10: key lost, no change known', { record: record(1), ...proven }, 'record n=0 still-fresh'],
  [
    '10: key lost and content changed, time unknown',
    { record: record(1), pairs: [pair(changed({ changes: [] }))] },
    'restart n=2 changed',
  ],
  [
    '10: another template put back, its pods are older than the ack',
    {
      record: record(0, { 'Secret/db': ackB }),
      revision: { ...old, reused: true },
      pairs: [pair(changed())],
      pods: [pod(now - 60_000)],
      ...proven,
    },
    'restart n=1 undone',
  ],
  ['13: under the ack’s own key', { pairs: [pair(object({ digests: ['k2:X', 'k1:A'] }))] }, 'in-step'],
  [
    '13: changed under the ack’s own key',
    { pairs: [pair(changed({ digests: ['k2:X', 'k1:B'] }))] },
    'restart n=1 changed',
  ],
  [
    '13: unknown key: not comparable',
    { pairs: [pair(object({ digests: ['k2:X'] }))], ...proven },
    'record n=0 unknown-digest-key',
  ],
  [
    'two objects, one owed and one baseline: one restart',
    { pairs: [pair(changed()), pair(object(), { name: 'Secret/new' })] },
    'restart n=1 changed',
  ],
  [
    'a question about one pair comes before everything',
    {
      pairs: [pair(changed()), pair(returned, { name: 'Secret/two' })],
      record: record(0, { 'Secret/db': ack, 'Secret/two': ack }),
    },
    'look at pods',
  ],
];
for (const [rule, more, expected] of rows) {
  test(`rule ${rule}`, () => assert.equal(tell(decideWorkload(snapshot(more))), expected));
}

test('rule 1: the ack holds digest, projection, uid and version as read', () => {
  const decision = decideWorkload(
    snapshot({ pairs: [pair(changed({ digests: ['k2:X', 'k1:B'] }), { projection: '*' })] }),
  );
  assert.deepEqual(decision.kind === 'restart' && decision.key.acks, {
    'Secret/db': { digest: 'k2:X', projection: '*', uid: 'u', resourceVersion: '200' },
  });
});

test('rule 3: the key holds what it held and what is owed; what is no longer used leaves with it', () => {
  const restartKey = { n: 1, acks: { 'Secret/gone': ack, 'Secret/kept': ack } };
  const acks = { 'Secret/db': ack, 'Secret/kept': ack, 'Secret/gone': ack, 'Secret/only-ledger': ack };
  const pairs = [pair(changed()), ...['Secret/kept', 'Secret/only-ledger'].map((name) => pair(object(), { name }))];
  const decision = decideWorkload(snapshot({ pairs, record: record(1, acks), workload: keyed(restartKey) }));
  assert.equal(decision.kind, 'restart');
  assert.deepEqual(Object.keys(decision.key.acks).sort(), ['Secret/db', 'Secret/kept']);
  assert.deepEqual(Object.keys(decision.record.acks).sort(), ['Secret/db', 'Secret/kept', 'Secret/only-ledger']);
  assert.equal(decision.resourceVersion, '150');
});

test('rule 10: undone is a key behind the ledger', () => {
  assert.equal(isUndone(record(2), { n: 1, acks: {} }), true);
  assert.equal(isUndone(record(2), undefined), true);
  assert.equal(isUndone(record(2), { n: 2, acks: {} }), false);
  assert.equal(isUndone(record(0), undefined), false);
});
