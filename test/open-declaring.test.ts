// The programs that the configuration names are those that render, for the service and for `lockstep diff` alike.
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { OwnerPlan } from '../server/core/engine.ts';
import type { RenderPlan } from '../server/core/rendering.ts';
import { openDeclaring } from '../server/open-declaring.ts';
import { createWorld } from './git-server/world.ts';
import { createFakeClient } from './kube/fake-client.ts';

const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made-by-the-named-one}\ndata: {a: b}\n';

function planOf(repository: string, revision: string): OwnerPlan {
  const tool = { tool: 'kustomize', missing: 'refuse', overlay: undefined, ignoreMissingComponents: false } as const;
  const part = { tree: { repository, revision }, path: '', tool, substitution: undefined, decrypts: false };
  const plan: RenderPlan = { namespace: 'shop', parts: [part] };
  return { sources: [], overrides: [], finish: () => plan };
}

for (const [what, tools, expected] of [
  ['the one that is named', ['named'], ['ConfigMap/shop/made-by-the-named-one']],
  ['none where none is named, and none is on PATH', [], 'not-rendered'],
] as const) {
  test(`kustomize is ${what}`, async () => {
    using world = createWorld({ 'kustomization.yaml': 'resources: []\n' });
    const named = join(world.root, 'named');
    writeFileSync(named, `#!/bin/sh\nprintf '%s' '${manifest}'\n`);
    chmodSync(named, 0o755);
    const stop = new AbortController();
    const { declaring } = await openDeclaring(
      { env: {}, readFile: () => '', now: Date.now, randomBytes: (size) => Buffer.alloc(size, 1) },
      {
        client: createFakeClient([]),
        key: { id: 'k', secret: Buffer.alloc(32, 1) },
        file: {
          sources: [],
          repositories: [],
          render: { tools: tools.length === 0 ? {} : { kustomize: named }, ageKeyFile: undefined },
        },
        allowLocalGit: true,
        directory: join(world.root, 'state'),
        stop: stop.signal,
      },
    );
    const plan = planOf(`file://${world.bare}`, world.git('rev-parse', 'main'));
    const declared = await declaring.declare(plan, AbortSignal.timeout(30_000));
    assert.deepEqual(declared.kind === 'declared' ? [...declared.declaration.configs.keys()] : declared.kind, expected);
    stop.abort();
  });
}
