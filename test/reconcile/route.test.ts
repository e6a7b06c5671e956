import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRoute } from '../../server/reconcile/route.ts';
import { createProviderClasses } from '../../server/state/provider-classes.ts';
import type { SeenEvent } from '../../server/core/seen.ts';
import { config, createRig, key, T, workload } from './rig.ts';

async function rig() {
  const { state, namespaces } = await createRig();
  const [queued, changes, warnings]: [string[], string[], unknown[]] = [[], [], []];
  const queue = {
    add: (added: string) => void queued.push(`add ${added}`),
    settle: (settled: string, { windowMs }: { windowMs: number }) => void queued.push(`settle ${settled} ${windowMs}`),
    addAfter: () => undefined,
    start: () => undefined,
    stop: async () => undefined,
    depth: 0,
  };
  const silent = (): void => undefined;
  const log = { debug: silent, info: silent, error: silent, warn: (fields: unknown) => void warnings.push(fields) };
  const route = createRoute({
    classes: createProviderClasses(),
    state,
    namespaces,
    queue,
    settle: { windowMs: 1_000, maxMs: 10_000 },
    mayBeHealed: ({ writers }) => writers.includes('kubectl-edit'),
    now: () => T,
    log,
    onChange: (kind) => changes.push(kind),
    onRestartKey: () => undefined,
  });
  return { route, queued, changes, warnings };
}

const shop = { name: 'shop', resourceVersion: '1', labels: {}, paused: false };

const present = <O extends { resourceVersion: string }>(
  object: O,
  how: 'listed' | 'added' | 'modified' = 'modified',
): SeenEvent<O> => ({ present: true, how, object, version: object.resourceVersion });

test('a content change settles the workloads that use it, and is counted', async () => {
  const { route, queued, changes } = await rig();
  route.onConfig(present(config(30, 'B')));
  assert.deepEqual([queued, changes], [[`settle ${key} 1000`], ['Secret']]);
});

test('rule 16: metadata alone moves nothing', async () => {
  const { route, queued, changes } = await rig();
  route.onConfig(present(config(30, 'A')));
  assert.deepEqual([queued, changes], [[], []]);
});

test('rule 15: content that its engine may take back settles for at least 5 s', async () => {
  const { route, queued } = await rig();
  route.onConfig(present(config(30, 'B', { writers: ['kubectl-edit'] })));
  route.onConfig({ present: false, watched: true, key: 'Secret/shop/db', version: '31' });
  assert.deepEqual(queued, [`settle ${key} 5000`, `settle ${key} 1000`]);
});

test('rule 15: the workload’s own settle window', async () => {
  const { route, queued } = await rig();
  route.onWorkload(present(workload(21, { annotations: { 'lockstep.dev/settle': '3s' } })));
  route.onConfig(present(config(30, 'B')));
  assert.deepEqual(queued, [`add ${key}`, `settle ${key} 3000`]);
});

test('what a list finds is decided, but is no change that was seen', async () => {
  const { route, queued, changes } = await rig();
  route.onConfig(present(config(30, 'B'), 'listed'));
  assert.deepEqual([queued, changes], [[`settle ${key} 1000`], []]);
});

test('a deletion concerns the workloads too', async () => {
  const { route, queued } = await rig();
  route.onConfig({ present: false, watched: true, key: 'Secret/shop/db', version: '30' });
  assert.deepEqual(queued, [`settle ${key} 1000`]);
});

test('a revision leads to its workload', async () => {
  const { route, queued } = await rig();
  route.onWorkload(present(workload(21)));
  const revision = {
    uid: 'r',
    ownerUid: 'w',
    name: 'shop/web-1',
    number: '2',
    createdAt: 0,
    resourceVersion: '22',
    hash: 'web-1',
  };
  route.onRevision(present(revision, 'added'));
  route.onRevision(present({ ...revision, ownerUid: 'unknown', uid: 'q', name: 'shop/q' }, 'added'));
  assert.deepEqual(queued, [`add ${key}`, `add ${key}`]);
});

const left: [rule: string, event: Parameters<Awaited<ReturnType<typeof rig>>['route']['onWorkload']>[0]][] = [
  ['has finished', present(workload(22, { dormant: 'finished' }))],
  [
    'is opted out, and paused for its period',
    present(workload(22, { reload: undefined, pause: { pausedAt: 'then', period: 'none', isPaused: true } })),
  ],
  ['is deleted', { present: false, watched: true, key, version: '22' }],
];
for (const [rule, event] of left) {
  test(`a revision of a workload that ${rule} leads nowhere`, async () => {
    const { route, queued } = await rig();
    route.onWorkload(present(workload(21)));
    route.onWorkload(event);
    const told = queued.length;
    const revision = {
      uid: 'r',
      ownerUid: 'w',
      name: 'shop/web-1',
      number: '2',
      createdAt: 0,
      resourceVersion: '23',
      hash: '',
    };
    route.onRevision(present(revision, 'added'));
    assert.equal(queued.length, told);
  });
}

test('rule 17: turning the pause switch looks at every workload', async () => {
  const { route, queued } = await rig();
  const turn = (paused: boolean) =>
    route.onNamespace({ present: true, how: 'modified', object: { ...shop, paused }, version: '1' });
  turn(false);
  turn(true);
  assert.deepEqual(queued, [`add ${key}`]);
});

test('an annotation that makes no sense is told once for each wording', async () => {
  const { route, warnings } = await rig();
  const edit = (version: number, settle: string) =>
    route.onWorkload(present(workload(version, { annotations: { 'lockstep.dev/settle': settle } })));
  edit(21, 'soon');
  edit(22, 'soon');
  assert.equal(warnings.length, 1);
  edit(23, '1s');
  edit(24, 'soon');
  assert.equal(warnings.length, 2);
});
