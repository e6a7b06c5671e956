import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnerPlan } from '../server/core/engine.ts';
import { LockstepError } from '../server/core/errors.ts';
import { Hidden } from '../server/core/hidden.ts';
import type { Renderer, RenderPart, RenderResult, SourceTrees } from '../server/core/rendering.ts';
import { createDeclaring } from '../server/declaring.ts';
import { fakeTree } from './fakes/source-tree.ts';

const tree = { repository: 'https://git.example.com/shop.git', revision: 'a'.repeat(40) };
const key = { id: 'k1', secret: new Uint8Array(32).fill(7) };
const signal = new AbortController().signal;

function part(path: string): RenderPart {
  const tool = { tool: 'plain', recurse: true, include: undefined, exclude: undefined } as const;
  return { tree, path, tool, substitution: undefined, decrypts: false };
}

function planOf(...paths: readonly string[]): OwnerPlan {
  return {
    sources: [{ repository: tree.repository, revision: tree.revision, path: paths[0], renderer: 'plain' }],
    overrides: [],
    finish: () => ({ namespace: 'shop', parts: paths.map(part) }),
  };
}

const configMap = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {value: ${value}}\n`;

/** What each path renders to, and what it is known by. */
function setUp(results: Record<string, RenderResult | string>, trees?: Partial<SourceTrees>, most?: number) {
  const rendered: string[] = [];
  const renderer: Renderer = {
    identify: async ({ path }) => path,
    render: async ({ path }) => {
      rendered.push(path);
      const result = results[path] ?? '';
      if (typeof result !== 'string') return result;
      return { kind: 'rendered', manifests: [{ path: `${path}/a.yaml`, text: new Hidden(result) }] };
    },
  };
  const opened: SourceTrees = {
    open: async () => fakeTree({ 'override.yaml': 'prefix: b' }),
    resolve: async () => tree.revision,
    ...trees,
  };
  const cluster = async () => ({ kubeVersion: 'v1.36.3', apiVersions: [], uncertain: [] });
  const clock = { now: 1_000_000 };
  const ports = {
    trees: opened,
    renderer,
    live: async () => undefined,
    cluster,
    key,
    now: () => clock.now,
    ...(most === undefined ? {} : { most }),
  };
  return { rendered, clock, declaring: createDeclaring(ports) };
}

test('of what was applied from another revision nothing is known', async () => {
  const { declaring } = setUp({ a: configMap('x', '1') + '---\n' + configMap('y', '2') });
  const elsewhere = ['x', 'gone'].map((name) => ({ kind: 'ConfigMap', namespace: 'shop', name }) as const);
  const plan = { ...planOf('a'), finish: () => ({ namespace: 'shop', parts: [part('a')], elsewhere }) };
  const declared = await declaring.declare(plan, signal);
  assert.equal(declared.kind, 'declared');
  assert.deepEqual(
    [...declared.declaration.configs].map(([name, { content }]) => [name, content.rest]),
    [
      ['ConfigMap/shop/x', 'partly-applied'],
      ['ConfigMap/shop/y', undefined],
    ],
  );
});

test('what is left to the cluster goes with what is declared', async () => {
  const { declaring } = setUp({ a: configMap('x', '1') });
  const leaves = [{ keys: ['value'], fields: [] }];
  const plan = { ...planOf('a'), finish: () => ({ namespace: 'shop', parts: [part('a')], leaves }) };
  const declared = await declaring.declare(plan, signal);
  assert.deepEqual(declared.kind === 'declared' && declared.declaration.leaves, leaves);
});

test('of an object that two parts declare, the last one’s counts', async () => {
  const { declaring } = setUp({
    a: configMap('x', 'old') + '---\n' + configMap('y', 'only'),
    b: configMap('x', 'new'),
  });
  const declared = await declaring.declare(planOf('a', 'b'), signal);
  assert.equal(declared.kind, 'declared');
  assert.deepEqual(
    [...declared.declaration.configs].map(([name, { path }]) => [name, path]),
    [
      ['ConfigMap/shop/x', 'b/a.yaml'],
      ['ConfigMap/shop/y', 'a/a.yaml'],
    ],
  );
});

test('what is known by the same is not rendered again', async () => {
  const { declaring, rendered } = setUp({ a: configMap('x', 'old') });
  await declaring.declare(planOf('a'), signal);
  await declaring.declare(planOf('a'), signal);
  assert.deepEqual([rendered, declaring.rendered()], [['a'], 1]);
});

test('what is remembered is bounded by what is in it, and what was used last stays', async () => {
  const many = Array.from({ length: 50 }, (_, n) => configMap(`x${n}`, 'v')).join('---\n');
  const { declaring, rendered } = setUp({ a: configMap('x', 'v'), b: many, c: many }, {}, 150);
  for (const path of ['a', 'b', 'a', 'c', 'a', 'c', 'b']) await declaring.declare(planOf(path), signal);
  assert.deepEqual(rendered, ['a', 'b', 'c', 'b']);
});

const refusal = { kind: 'not-rendered', reason: 'not-rendered', detail: 'helm took longer than 60 s' } as const;

test('one part that is not rendered leaves the whole owner open, and is tried again after five minutes', async () => {
  const { declaring, rendered, clock } = setUp({ a: configMap('x', 'old'), b: refusal });
  const declare = async () => assert.deepEqual(await declaring.declare(planOf('a', 'b'), signal), refusal);
  await declare();
  clock.now += 299_999;
  await declare();
  assert.deepEqual(rendered, ['a', 'b']);
  clock.now += 300_001;
  await declare();
  assert.deepEqual(rendered, ['a', 'b', 'b']);
});

test('what was refused is rendered when the time has come and what was in the way is gone', async () => {
  const results: Record<string, RenderResult | string> = { a: refusal };
  const { declaring, clock } = setUp(results);
  await declaring.declare(planOf('a'), signal);
  results['a'] = configMap('x', 'new');
  clock.now += 300_001;
  assert.equal((await declaring.declare(planOf('a'), signal)).kind, 'declared');
});

test('of refusals the last thousand are remembered', async () => {
  const paths = Array.from({ length: 1_001 }, (_, n) => `p${n}`);
  const { declaring, rendered } = setUp(Object.fromEntries(paths.map((path) => [path, refusal])));
  for (const path of [...paths, 'p1000', 'p1', 'p0']) await declaring.declare(planOf(path), signal);
  assert.deepEqual(rendered.slice(1_001), ['p0']);
});

test('files that change the plan are read before it is finished, where they are', async () => {
  const { declaring, rendered } = setUp({ b: configMap('x', 'new') });
  const overrides = ['override.yaml', 'missing.yaml'].map((path) => ({ tree, path }));
  const plan: OwnerPlan = {
    ...planOf('a'),
    overrides,
    finish: (texts) => {
      assert.deepEqual(texts, [{ tree, path: 'override.yaml', text: 'prefix: b' }]);
      return { namespace: 'shop', parts: [part('b')] };
    },
  };
  assert.equal((await declaring.declare(plan, signal)).kind, 'declared');
  assert.deepEqual(rendered, ['b']);
});

test('a remote that fails is an answer; anything else that is thrown is a bug', async () => {
  const error = new LockstepError('git-unreachable', { message: 'no answer' });
  const fail = (thrown: Error) => setUp({}, { open: () => Promise.reject(thrown) }).declaring;
  const plan: OwnerPlan = { ...planOf('a'), overrides: [{ tree, path: 'override.yaml' }] };
  assert.deepEqual(await fail(error).declare(plan, signal), { kind: 'failed', error });
  await assert.rejects(fail(new TypeError('bug')).declare(plan, signal), TypeError);
});
