// One owner's comparison: what is told, remembered and read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { createRig, declared, key, owner, T, type Rig } from './drift-rig.ts';

const stranger = { kind: 'owned', owner: { ...owner, name: 'others' }, by: 'inventory' } as const;

const rows: [rule: string, act: (rig: Rig) => Promise<void> | void, told: string[]][] = [
  ['in step: nothing', () => undefined, []],
  [
    'an edited key is found, with its writer',
    ({ see }) => see('web', { a: 'x', b: '2' }),
    ['found web different [a] by kubectl-edit'],
  ],
  ['a removed key has no writer', ({ see }) => see('web', { a: '1' }), ['found web different [b] by nobody']],
  [
    'an added key is drift',
    ({ see }) => see('web', { a: '1', b: '2', c: '3' }),
    ['found web different [c] by kubectl-edit'],
  ],
  ['a deleted object is missing', ({ see }) => see('web', undefined), ['found web missing [a,b] by nobody']],
  [
    'what the owner still claims and Git declares no more',
    ({ world }) => void (world.declares = []),
    ['found web not-declared [] by kubectl-edit'],
  ],
  [
    'a manifest that cannot be read may declare it',
    ({ world }) => Object.assign(world, { declares: [], problems: ['apps/web.yaml: broken'] }),
    [],
  ],
  [
    'what an owned object made is not declared',
    ({ world }) => Object.assign(world, { declares: [], ownership: { kind: 'owned', owner, by: 'owner-reference' } }),
    [],
  ],
  [
    'what is another owner’s is its matter',
    (rig) => {
      rig.world.ownership = stranger;
      rig.see('web', { a: 'x' });
    },
    [],
  ],
  [
    'an object that is not watched is not missing',
    (rig) => {
      rig.world.watches = 'some';
      rig.see('web', undefined);
    },
    [],
  ],
  [
    'what the engine wrote is no drift',
    (rig) => {
      rig.world.manager = 'kustomize-controller';
      rig.see('web', { a: 'x', b: '2' });
    },
    [],
  ],
  [
    'drift is told once',
    async (rig) => {
      rig.see('web', { a: 'x', b: '2' });
      await rig.reconcile();
      rig.see('web', { a: 'y', b: '2' });
    },
    ['found web different [a] by kubectl-edit'],
  ],
  [
    'what is put back is gone',
    async (rig) => {
      rig.see('web', { a: 'x', b: '2' });
      await rig.reconcile();
      rig.see('web', { a: '1', b: '2' });
    },
    ['found web different [a] by kubectl-edit', 'gone web equal'],
  ],
  [
    'a commit that declares the live content ends drift, too',
    async (rig) => {
      rig.see('web', { a: 'x', b: '2' });
      await rig.reconcile();
      rig.world.declares = [declared('web', { a: 'x', b: '2' })];
    },
    ['found web different [a] by kubectl-edit', 'gone web equal'],
  ],
  [
    'what cannot be rendered any more is not drift any more, and that is told once',
    async (rig) => {
      rig.see('web', { a: 'x', b: '2' });
      await rig.reconcile();
      rig.world.answer = { kind: 'not-rendered', reason: 'not-rendered', detail: 'helm is missing' };
      await rig.reconcile();
    },
    ['found web different [a] by kubectl-edit', 'not-rendered not-rendered', 'gone web not-comparable'],
  ],
  [
    'a repository of a kind that is not read is not comparable, and not tried for ever',
    async (rig) => {
      rig.see('web', { a: 'x', b: '2' });
      await rig.reconcile();
      rig.world.answer = { kind: 'failed', error: new LockstepError('git-url-refused', { message: 'no' }) };
    },
    ['found web different [a] by kubectl-edit', 'not-rendered source-unreadable', 'gone web not-comparable'],
  ],
  [
    'and only the rest is',
    (rig) => {
      rig.world.leaves = [{ keys: ['a'], fields: [] }];
      rig.see('web', { a: 'x', b: 'y' });
    },
    ['found web different [b] by kubectl-edit'],
  ],
  [
    'once it is left it is drift no more',
    async (rig) => {
      rig.see('web', { a: 'x', b: '2' });
      await rig.reconcile();
      rig.world.leaves = [{ keys: 'all', fields: [] }];
    },
    ['found web different [a] by kubectl-edit', 'gone web not-comparable'],
  ],
  [
    'without its owner nothing is judged',
    async (rig) => {
      rig.see('web', { a: 'x', b: '2' });
      await rig.reconcile();
      rig.world.exists = false;
    },
    ['found web different [a] by kubectl-edit', 'gone web not-judged'],
  ],
];
for (const [rule, act, told] of rows) {
  test(rule, async () => {
    const rig = createRig();
    await act(rig);
    await rig.reconcile();
    assert.deepEqual(rig.told, told);
    const answers = [...rig.deps.drift.list()].map(({ answer }) => answer);
    assert.deepEqual(answers, answersAfter(told.at(-1) ?? ''));
  });
}

test('what its owner leaves to the cluster is no drift', async () => {
  const rig = createRig();
  rig.world.leaves = [{ keys: ['a'], fields: [] }];
  rig.see('web', { a: 'x', b: '2' });
  await rig.reconcile();
  assert.deepEqual(rig.told, []);
  assert.deepEqual(
    [...rig.deps.drift.list()].map(({ answer }) => answer),
    ['not-comparable'],
  );
});

function answersAfter(told: string): string[] {
  if (told.endsWith('not-comparable')) return ['not-comparable'];
  return told.startsWith('found') ? ['different'] : [];
}

test('while the owner is on its way nothing is told, and it is looked at again at the deadline', async () => {
  const rig = createRig();
  rig.world.progress = { kind: 'on-its-way', reason: 'syncing' };
  rig.see('web', { a: 'x', b: '2' });
  await rig.reconcile();
  rig.world.now = T + 10_000;
  await rig.reconcile();
  assert.deepEqual([rig.told, rig.retries], [[], [30_000, 20_000]]);
  rig.world.now = T + 30_000;
  await rig.reconcile();
  assert.deepEqual(rig.told, ['found web different [a] by kubectl-edit']);
});

test('who wrote it is read once for each version', async () => {
  const rig = createRig();
  rig.see('web', { a: 'x', b: '2' });
  await rig.reconcile();
  await rig.reconcile();
  assert.equal(rig.reads.length, 1);
  rig.see('web', { a: 'y', b: '2' });
  await rig.reconcile();
  assert.equal(rig.reads.length, 2);
});

test('a repository that is away changes nothing that was told, and frees restarts', async () => {
  const rig = createRig();
  rig.see('web', { a: 'x', b: '2' });
  await rig.reconcile();
  rig.deps.reversions.begin('ConfigMap/shop/web', T + 30_000);
  const error = new Error('git is away');
  rig.world.answer = { kind: 'failed', error };
  await assert.rejects(rig.reconcile(), error);
  assert.equal(rig.told.length, 1);
  assert.deepEqual([...rig.deps.drift.list()], [{ config: 'ConfigMap/shop/web', answer: 'different' }]);
  assert.deepEqual(rig.released, ['ConfigMap/shop/web']);
});

test('a branch that may not be looked up is not tried for ever, one that is away is', async () => {
  const failing = (code: 'git-url-refused' | 'git-unreachable') => {
    const error = new LockstepError(code, { message: 'no' });
    const owners = { ...createRig().deps.owners, plan: () => Promise.reject(error) };
    return { error, rig: createRig({ owners }) };
  };
  const refused = failing('git-url-refused').rig;
  await refused.reconcile();
  assert.equal(refused.deps.drift.comparison(key)?.notRendered, 'source-unreadable');
  const away = failing('git-unreachable');
  await assert.rejects(away.rig.reconcile(), away.error);
});

test('what cannot be compared is counted, not told', async () => {
  const rig = createRig();
  const web = declared('web', { a: '1' });
  rig.world.declares = [{ ...web, content: { ...web.content, rest: 'sealed' } }];
  await rig.reconcile();
  assert.deepEqual(
    [rig.told, [...rig.deps.drift.list()]],
    [[], [{ config: 'ConfigMap/shop/web', answer: 'not-comparable' }]],
  );
});

test('an owner’s last comparison is remembered, and forgotten with it', async () => {
  const rig = createRig();
  await rig.reconcile();
  const comparison = { comparedAt: T, revision: 'a'.repeat(40), declared: 1, notRendered: undefined };
  assert.deepEqual(rig.deps.drift.comparison(key), comparison);
  assert.deepEqual(rig.deps.claims.ownersOf('ConfigMap/shop/web'), [key]);
  rig.world.exists = false;
  await rig.reconcile();
  assert.equal(rig.deps.drift.comparison(key), undefined);
});
