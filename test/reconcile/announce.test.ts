// Which changes are posted under --webhook-url, and how often: over the real queue, with a receiver that can be down.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestValues } from '../../server/core/digest.ts';
import type { SeenConfig, SeenEvent } from '../../server/core/seen.ts';
import { everything } from '../../server/core/selector.ts';
import { createAnnouncer, type AnnouncerDeps } from '../../server/reconcile/announce.ts';
import { createWorkQueue } from '../../server/reconcile/workqueue.ts';
import { createConfigChanges, type ConfigChange } from '../../server/state/config-changes.ts';
import { createNamespaces } from '../../server/state/namespaces.ts';
import { createFakeClock } from './fake-clock.ts';

const key = { id: 'k', secret: Buffer.alloc(32, 1) };

interface Look {
  readonly name?: string;
  readonly namespace?: string;
  readonly ignored?: boolean;
  readonly how?: 'listed' | 'found' | 'added' | 'modified';
}

/** A Secret as a watch shows it. */
function see(text: string, { name = 'db', namespace = 'shop', ignored = false, how = 'modified' }: Look = {}) {
  const ref = { kind: 'Secret', namespace, name } as const;
  const contents = [digestValues(ref, [{ dataKey: 'a', field: 'data', value: Buffer.from(text) }], key)];
  const object = {
    ref,
    uid: 'u',
    resourceVersion: '1',
    createdAt: 0,
    contents,
    annotations: {},
    ignored,
    dataWrittenAt: undefined,
    writers: [],
  };
  return { present: true, how, object, version: '1' } as const satisfies SeenEvent<SeenConfig>;
}
const gone = (name = 'db') => ({ present: false, watched: true, key: `Secret/shop/${name}`, version: '2' }) as const;

interface RigOptions extends Partial<AnnouncerDeps> {
  readonly first?: 'listed-is-created' | 'listed-is-known';
}

function rig({ first = 'listed-is-known', ...more }: RigOptions = {}) {
  const clock = createFakeClock();
  const receiver = { isDown: false, got: [] as string[], tries: 0 };
  const changes = createConfigChanges(key, first);
  const queue = createWorkQueue({
    clock,
    random: () => 1,
    concurrency: 8,
    handle: (waiting) => announcer.announce(waiting, new AbortController().signal),
    onFailure: () => undefined,
  });
  const announcer = createAnnouncer({
    changes,
    namespaces: createNamespaces({ listed: [], ignored: ['hidden'], selector: everything }),
    queue,
    settle: { windowMs: 1_000, maxMs: 10_000 },
    counted: [],
    now: () => clock.now(),
    confirm: () => Promise.resolve(true),
    deliveredUntil: () => undefined,
    deliver: ({ ref, change }) => {
      receiver.tries++;
      if (receiver.isDown) return Promise.reject(new Error('down'));
      receiver.got.push(`${change} ${ref.name}`);
      return Promise.resolve();
    },
    ...more,
  });
  queue.start();
  return { clock, receiver, queue, see: announcer.see };
}

const both: readonly ConfigChange[] = ['created', 'deleted'];
const rows: [rule: string, events: SeenEvent<SeenConfig>[], options: RigOptions, posts: string[]][] = [
  ['changed content', [see('A', { how: 'listed' }), see('B')], {}, ['changed db']],
  ['metadata alone', [see('A', { how: 'listed' }), see('A')], {}, []],
  [
    'W22: ignored by annotation, and posted all the same',
    [see('A', { how: 'listed', ignored: true }), see('B', { ignored: true })],
    {},
    ['changed db'],
  ],
  ['a change in a gap of the watch', [see('A', { how: 'listed' }), see('B', { how: 'listed' })], {}, ['changed db']],
  ['the first list', [see('A', { how: 'listed' })], { counted: both }, []],
  [
    '--sync-after-restart: the first list',
    [see('A', { how: 'listed' })],
    { counted: both, first: 'listed-is-created' },
    ['created db'],
  ],
  ['created, not asked for', [see('A', { how: 'added' })], {}, []],
  ['--reload-on-create', [see('A', { how: 'added' })], { counted: ['created'] }, ['created db']],
  ['deleted, not asked for', [see('A', { how: 'listed' }), gone()], {}, []],
  ['--reload-on-delete', [see('A', { how: 'listed' }), gone()], { counted: ['deleted'] }, ['deleted db']],
  ['deleted, but never known', [gone()], { counted: both }, []],
  [
    'W25: a label was removed or put on',
    [see('A', { how: 'added' })],
    { counted: both, confirm: () => Promise.resolve(false) },
    [],
  ],
  [
    'a change needs no confirmation',
    [see('A', { how: 'listed' }), see('B')],
    { confirm: () => Promise.resolve(false) },
    ['changed db'],
  ],
  [
    'a namespace that is not watched',
    [see('A', { how: 'listed', namespace: 'hidden' }), see('B', { namespace: 'hidden' })],
    {},
    [],
  ],
  [
    'several changes within the window',
    [see('A', { how: 'listed' }), see('B'), see('C'), see('D')],
    {},
    ['changed db'],
  ],
  [
    'two objects',
    [see('A', { how: 'listed' }), see('A', { name: 'x', how: 'listed' }), see('B'), see('B', { name: 'x' })],
    {},
    ['changed db', 'changed x'],
  ],
  [
    'standing by: what the leader before delivered',
    [see('A', { how: 'listed' }), see('B')],
    { deliveredUntil: () => 1 },
    [],
  ],
];
for (const [rule, events, options, posts] of rows) {
  test(`posted: ${rule}`, async () => {
    const { clock, receiver, see: take } = rig(options);
    for (const event of events) take(event);
    await clock.advance(1_000);
    assert.deepEqual(receiver.got, posts);
  });
}

test('W13: what a later list finds was created in between', async () => {
  const { clock, receiver, see: take } = rig({ counted: ['created'] });
  take(see('A', { how: 'listed' }));
  take(see('A', { name: 'x', how: 'found' }));
  await clock.advance(1_000);
  assert.deepEqual(receiver.got, ['created x']);
});

test('the receiver is down for ten changes: one delivery when it is back', async () => {
  const { clock, receiver, queue, see: take } = rig();
  take(see('A', { how: 'listed' }));
  receiver.isDown = true;
  for (let round = 0; round < 10; round++) {
    take(see(`round ${round}`));
    await clock.advance(5_000);
  }
  assert.ok(receiver.tries >= 3, 'it is tried again');
  receiver.isDown = false;
  await clock.advance(30_000);
  assert.deepEqual([receiver.got, queue.depth], [['changed db'], 0]);
});

test('--settle=0: one post for each change that comes after the one before was posted', async () => {
  const { clock, receiver, see: take } = rig({ settle: { windowMs: 0, maxMs: 0 } });
  take(see('A', { how: 'listed' }));
  for (const text of ['B', 'C', 'D']) {
    take(see(text));
    await clock.advance(0);
  }
  assert.equal(receiver.got.length, 3);
});

test('what changes while a post is on its way is posted after it', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const got: string[] = [];
  const { clock, see: take } = rig({
    settle: { windowMs: 0, maxMs: 0 },
    deliver: async ({ change }) => {
      got.push(change);
      await promise;
    },
  });
  take(see('A', { how: 'listed' }));
  take(see('B'));
  take(see('C'));
  await clock.advance(0);
  assert.equal(got.length, 1);
  resolve();
  await clock.advance(0);
  assert.equal(got.length, 2);
});
