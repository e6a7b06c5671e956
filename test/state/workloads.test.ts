import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeenRevision, SeenWorkload } from '../../server/core/seen.ts';
import { createRevisions, createWorkloads, type Revisions, type Workloads } from '../../server/state/workloads.ts';
import { compileReload } from '../../server/core/reload-compile.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import { unremarkable } from '../core/seen.ts';

const reload = compileReload(
  { kind: 'Deployment', annotations: { 'secret.reloader.stakater.com/auto': 'true' }, templateAnnotations: {} },
  defaultReloadRules,
);

const key = 'Deployment/shop/web';

export function seen(version: number, uses: readonly string[], more: Partial<SeenWorkload> = {}): SeenWorkload {
  return {
    ...unremarkable,
    ref: { kind: 'Deployment', namespace: 'shop', name: 'web' },
    uid: 'w',
    resourceVersion: String(version),
    createdAt: 0,
    reload,
    references: uses.map((name) => ({ kind: 'Secret', name, keys: 'all', optional: false })),
    ...more,
  };
}

const optedOut = { reload: undefined, references: [] } as const;
const tell = (workloads: Workloads, object: SeenWorkload): string | undefined =>
  workloads.apply({ present: true, how: 'modified', object, version: object.resourceVersion });
const gone = (workloads: Workloads): string | undefined =>
  workloads.apply({ present: false, watched: true, key, version: '9' });

test('the index follows the references', () => {
  const workloads = createWorkloads();
  assert.equal(tell(workloads, seen(1, ['a', 'b'])), key);
  assert.deepEqual(workloads.usersOf('Secret/shop/a'), [key]);
  tell(workloads, seen(2, ['b']));
  assert.deepEqual([workloads.usersOf('Secret/shop/a'), workloads.usersOf('Secret/shop/b')], [[], [key]]);
  assert.equal(gone(workloads), key);
  assert.deepEqual(
    [workloads.usersOf('Secret/shop/b'), [...workloads.keys()], workloads.get(key)],
    [[], [], undefined],
  );
});

test('a workload that never opted in matters to nobody', () => {
  const workloads = createWorkloads();
  assert.equal(tell(workloads, seen(1, [], optedOut)), undefined);
  assert.equal(gone(workloads), undefined);
});

test('a Deployment that is to be resumed stays known, opted in or not, until its mark is gone', () => {
  const workloads = createWorkloads();
  const pause = { period: 'none', pausedAt: 'then', isPaused: true } as const;
  assert.equal(tell(workloads, seen(1, [], { ...optedOut, pause })), key);
  assert.deepEqual([[...workloads.toResume.keys()], [...workloads.keys()], workloads.get(key)], [[key], [], undefined]);
  assert.equal(tell(workloads, seen(2, [], optedOut)), key);
  assert.equal(tell(workloads, seen(3, [], optedOut)), undefined);
  tell(workloads, seen(4, [], { ...optedOut, pause }));
  assert.equal(gone(workloads), key);
  assert.equal(workloads.toResume.size, 0);
});

test('one that opts out is decided once more', () => {
  const workloads = createWorkloads();
  tell(workloads, seen(1, ['a']));
  assert.equal(tell(workloads, seen(2, [], optedOut)), key);
});

const optIns: [rule: string, objects: SeenWorkload[], optedInAt: string | undefined][] = [
  ['seen opted in from the start', [seen(1, ['a'])], undefined],
  ['an opt-in seen', [seen(1, [], optedOut), seen(2, ['a']), seen(3, ['a', 'b'])], '2'],
  ['opted out again', [seen(1, [], optedOut), seen(2, ['a']), seen(3, [], optedOut)], undefined],
  ['created anew, opted in', [seen(1, [], optedOut), seen(2, ['a'], { uid: 'w2' })], undefined],
  ['created anew after an opt-in', [seen(1, [], optedOut), seen(2, ['a']), seen(3, ['a'], { uid: 'w2' })], undefined],
];
for (const [rule, objects, optedInAt] of optIns) {
  test(`rule 8: ${rule}`, () => {
    const workloads = createWorkloads();
    for (const object of objects) tell(workloads, object);
    assert.equal(workloads.optedInAt(key), optedInAt);
  });
}

const revision = (name: string, number: string, more: Partial<SeenRevision> = {}): SeenRevision => ({
  uid: `uid-${name}`,
  ownerUid: 'w',
  name: `shop/${name}`,
  number,
  createdAt: 1_000,
  resourceVersion: '5',
  hash: name,
  ...more,
});
const see = (
  revisions: Revisions,
  object: SeenRevision,
  how: 'listed' | 'added' | 'modified' = 'added',
  version = '5',
): string | undefined => revisions.apply({ present: true, how, object, version });

test('rule 7a: only a watch without a gap tells the version of a creation', () => {
  const revisions = createRevisions();
  see(revisions, revision('web-1', '1'), 'listed');
  assert.equal(revisions.current(seen(1, []))?.addedVersion, undefined);
  see(revisions, revision('web-2', '2'), 'added', '7');
  see(revisions, revision('web-2', '2'), 'modified', '9');
  assert.equal(revisions.current(seen(1, [], { currentRevision: '2' }))?.addedVersion, '7');
});

const currents: [rule: string, currentRevision: string | undefined, uid: string | undefined][] = [
  ['Deployment: by number', '2', 'uid-web-2'],
  ['StatefulSet: by name', 'web-10', 'uid-web-10'],
  ['DaemonSet: the newest, by number', '', 'uid-web-10'],
  ['not observed yet', undefined, undefined],
  ['not seen yet', '11', undefined],
];
for (const [rule, currentRevision, uid] of currents) {
  test(`the current revision of a ${rule}`, () => {
    const revisions = createRevisions();
    for (const number of ['10', '2']) see(revisions, revision(`web-${number}`, number));
    assert.equal(revisions.current(seen(1, [], { currentRevision }))?.uid, uid);
  });
}

test('rule 10: a revision whose number rises was put back', () => {
  const revisions = createRevisions();
  assert.equal(see(revisions, revision('web-1', '1')), 'w');
  assert.equal(see(revisions, revision('web-1', '1'), 'modified'), undefined);
  assert.equal(revisions.current(seen(1, []))?.reused, false);
  assert.equal(see(revisions, revision('web-1', '3'), 'modified'), 'w');
  assert.equal(revisions.current(seen(1, [], { currentRevision: '3' }))?.reused, true);
});

test('a revision that is deleted is forgotten', () => {
  const revisions = createRevisions();
  see(revisions, revision('web-1', '1'));
  assert.equal(revisions.apply({ present: false, watched: true, key: 'shop/web-1', version: '8' }), 'w');
  assert.equal(revisions.current(seen(1, [])), undefined);
  assert.equal(revisions.apply({ present: false, watched: true, key: 'shop/web-1', version: '8' }), undefined);
});
