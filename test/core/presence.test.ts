// Creations and deletions of config objects, where flags make them count (stakater/Reloader’s three, contract §1 and §4).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideWorkload } from '../../server/core/decide-workload.ts';
import { saysDeleted } from '../../server/core/restart.ts';
import type { Gone, Pair, PresenceRules, Snapshot } from '../../server/core/snapshot.ts';
import { ack, change, changed, now, object, pair, snapshot, tell } from './snapshot.ts';

const onCreate: PresenceRules = { onCreate: true, onDelete: false, atStart: false };
const onDelete: PresenceRules = { onCreate: false, onDelete: true, atStart: false };
const atStart: PresenceRules = { onCreate: true, onDelete: false, atStart: true };

const proven = { proven: true } as const;
const nothingAcked = { record: { uid: 'w', n: 0, acks: {} } };
const deletedAck = { ...ack, digest: 'k1:deleted' };
const deletionAcked = { record: { uid: 'w', n: 1, acks: { 'Secret/db': deletedAck } } };
const keyed = { workload: { ...snapshot().workload, restartKey: { n: 1, acks: { 'Secret/db': deletedAck } } } };
const young = { createdAt: now - 1_000, addedVersion: '201', reused: false };
const oldPod = { createdAt: now - 900_000, current: true };

const gone = (more: Partial<Gone> = {}): Pair =>
  pair(undefined, { gone: { resourceVersion: '200', at: now - 10_000, confirmed: true, ...more } });
const whileDown = { resourceVersion: undefined, at: undefined };
const created = object({
  uid: 'u2',
  resourceVersion: '200',
  createdAt: now - 10_000,
  changes: [change('200', now - 10_000, { what: 'presence' })],
  dataWrittenAt: now - 10_000,
});
/** A label was added at 200: the watch calls it added. */
const selected = object({ resourceVersion: '200', changes: [change('200', now - 10_000, { what: 'presence' })] });
const foundAtStart = object({
  uid: 'u2',
  resourceVersion: '200',
  createdAt: now - 10_000,
  dataWrittenAt: now - 10_000,
});
const inherited = { inheritedAt: now - 60_000 };

type Row = readonly [rule: string, presence: PresenceRules, snapshot: Partial<Snapshot>, expected: string];

const deletions: Row[] = [
  ['a deletion does not count by itself', onCreate, { pairs: [gone()], ...proven }, 'in-step'],
  ['a deletion is a change', onDelete, { pairs: [gone()], ...proven }, 'restart n=1 deleted'],
  ['a cache is no proof of a deletion', onDelete, { pairs: [gone({ confirmed: false })] }, 'look at reads'],
  [
    'nor are the first lists: a selector may hide it',
    onDelete,
    { pairs: [gone({ confirmed: false })], ...proven },
    'look at reads',
  ],
  ['what a read found is not deleted', onDelete, { pairs: [pair(undefined)], ...proven }, 'in-step'],
  ['deleted while down', onDelete, { pairs: [gone(whileDown)], ...proven }, 'restart n=1 deleted'],
  [
    '7: deleted before the pods were born',
    onDelete,
    { pairs: [gone()], revision: young, ...proven },
    'record n=0 fresh',
  ],
  ['7: the pods may prove it', onDelete, { pairs: [gone({ at: now - 60_000 })], ...proven }, 'look at pods'],
  [
    '7: the controller has not taken up the template',
    onDelete,
    { pairs: [gone()], revision: undefined, ...proven },
    'look at revision',
  ],
  ['what was never there is not deleted', onDelete, { pairs: [gone()], ...nothingAcked, ...proven }, 'in-step'],
  ['nor for a workload that is new', onDelete, { pairs: [gone()], record: undefined, ...proven }, 'record n=0'],
  [
    'an acked deletion repeats nothing',
    onDelete,
    { pairs: [gone()], ...deletionAcked, ...keyed, ...proven },
    'in-step',
  ],
  ['4: the restart key carries it', onDelete, { pairs: [gone()], ...keyed, ...proven }, 'record n=1'],
  [
    '10: an earlier template was put back',
    onDelete,
    { pairs: [gone()], ...deletionAcked, pods: [oldPod], ...proven },
    'restart n=2 undone',
  ],
  [
    '10: put back, deleted nobody knows when',
    onDelete,
    { pairs: [gone(whileDown)], ...deletionAcked, ...proven },
    'record n=0 still-fresh',
  ],
  [
    '5: a cache that still shows it lags',
    onDelete,
    { pairs: [pair(object())], ...deletionAcked, ...keyed },
    'look at reads',
  ],
  [
    '5: and nothing is decided on it',
    onDelete,
    { pairs: [pair(object())], ...deletionAcked, ...keyed, ...proven },
    'in-step',
  ],
];

const creations: Row[] = [
  [
    'a creation does not count by itself',
    onDelete,
    { pairs: [pair(selected)], ...nothingAcked, ...proven },
    'restart n=1 changed-before-first-sight',
  ],
  ['a creation is a change', onCreate, { pairs: [pair(created)], ...nothingAcked }, 'restart n=1 created'],
  [
    '7: created before the pods were born',
    onCreate,
    { pairs: [pair(created)], ...nothingAcked, revision: young, ...proven },
    'record n=0 fresh',
  ],
  [
    'W25: a label that comes is no creation: the pods are younger than the object',
    onCreate,
    { pairs: [pair(selected)], ...nothingAcked, ...proven },
    'record n=0 fresh',
  ],
  [
    'W13: what the first list shows was not created',
    onCreate,
    { pairs: [pair(foundAtStart)], ...nothingAcked, ...inherited, ...proven },
    'record n=0 baseline',
  ],
  [
    'created while down',
    atStart,
    { pairs: [pair(foundAtStart)], ...nothingAcked, ...inherited },
    'restart n=1 created',
  ],
  [
    'there before Lockstep went down',
    atStart,
    { pairs: [pair(object())], ...nothingAcked, ...inherited, ...proven },
    'record n=0 baseline',
  ],
  [
    'W2: never on a first install',
    atStart,
    { pairs: [pair(foundAtStart)], record: undefined, ...inherited, ...proven },
    'record n=0 baseline',
  ],
  [
    'other used keys are no creation',
    atStart,
    { pairs: [pair(foundAtStart, { projection: 'a' })], ...inherited, ...proven },
    'record n=0 baseline',
  ],
  [
    'equal content that came back unread',
    onCreate,
    {
      pairs: [
        pair(object({ ...created, changes: [change('190', now - 20_000, { what: 'presence' }), ...created.changes] })),
      ],
      pods: [oldPod],
      ...proven,
    },
    'record n=0 returned-unread',
  ],
  ['other content that came back', onCreate, { pairs: [pair(changed({ uid: 'u2' }))] }, 'restart n=1 changed'],
  [
    'back after an acked deletion',
    onCreate,
    { pairs: [pair(created)], ...deletionAcked, ...keyed },
    'restart n=2 created',
  ],
  [
    'back, and creations do not count',
    onDelete,
    { pairs: [pair(created)], ...deletionAcked, ...keyed, ...proven },
    'record n=1 reappeared',
  ],
  [
    'back, and pods started without it',
    onDelete,
    { pairs: [pair(created, { optional: true })], ...deletionAcked, ...keyed },
    'restart n=2 created',
  ],
  [
    'back without any flag',
    { onCreate: false, onDelete: false, atStart: false },
    { pairs: [pair(created)], ...deletionAcked, ...keyed, ...proven },
    'record n=1 reappeared',
  ],
];

for (const [rule, presence, more, expected] of [...deletions, ...creations]) {
  test(rule, () => assert.equal(tell(decideWorkload(snapshot({ presence, ...more }))), expected));
}

test('the ack of a deletion says deleted under the key id of the ack before, and keeps what was deleted', () => {
  const decision = decideWorkload(snapshot({ presence: onDelete, pairs: [gone()], ...proven }));
  assert.ok(decision.kind === 'restart');
  assert.deepEqual(decision.key.acks, { 'Secret/db': deletedAck });
  assert.deepEqual(decision.record.acks, decision.key.acks);
  assert.ok(saysDeleted(deletedAck) && !saysDeleted(ack));
});
