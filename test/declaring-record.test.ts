// From a plan to a declaration: what is opened for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnerPlan } from '../server/core/engine.ts';
import type { Renderer, RenderPart, SourceTrees, TreeRef } from '../server/core/rendering.ts';
import { createDeclaring } from '../server/declaring.ts';

const never = new AbortController().signal;

function planOf(tree: TreeRef): OwnerPlan {
  const tool = { tool: 'helm-release', storageNamespace: 'apps', releaseName: 'web', version: 1 } as const;
  const part: RenderPart = { tree, path: '', tool, substitution: undefined, decrypts: false };
  return { sources: [], overrides: [], finish: () => ({ namespace: 'shop', parts: [part] }) };
}

/** Answers with the repositories that were opened. */
async function openedFor(tree: TreeRef): Promise<string[]> {
  const opened: string[] = [];
  const trees: SourceTrees = {
    open: async (ref) => {
      opened.push(ref.repository);
      return { ref, entry: () => undefined, below: () => [], read: async () => new Map() };
    },
    resolve: () => Promise.reject(new Error('not asked')),
  };
  const renderer: Renderer = {
    identify: async ({ tree: ref }, ports, signal) => String((await ports.trees(ref, signal)).below('').length),
    render: async () => ({ kind: 'rendered', manifests: [] }),
  };
  const key = { id: 'k', secret: Buffer.alloc(32) };
  const cluster = async () => ({ kubeVersion: 'v1.36.3', apiVersions: [], uncertain: [] });
  const declaring = createDeclaring({
    trees,
    renderer,
    live: () => Promise.resolve(undefined),
    cluster,
    key,
    now: () => 0,
  });
  assert.equal((await declaring.declare(planOf(tree), never)).kind, 'declared');
  return opened;
}

test('a part in a repository has its tree opened', async () => {
  const repository = 'https://git.example.com/a';
  assert.deepEqual(await openedFor({ repository, revision: '1'.repeat(40) }), [repository]);
});

test('a part in no repository, such as Helm’s own record, has none', async () => {
  assert.deepEqual(await openedFor({ repository: '', revision: '' }), []);
});
