import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnerRef } from '../../server/core/engine.ts';
import { createReverter } from '../../server/kube/engine-patches.ts';
import { createFakeClient } from './fake-client.ts';

const wish = { configs: [], why: '', now: 0 };
const plan = () => ({ kind: 'busy', reason: 'operation-running' }) as const;
const plans = { argocd: plan, flux: plan };
const application: OwnerRef = { engine: 'argocd', kind: 'Application', namespace: 'argocd', name: 'shop' };

const rows: readonly [what: string, owner: OwnerRef, reason: string][] = [
  ['no engine applies a source of the configuration', { ...application, engine: 'none', kind: 'source' }, 'no-engine'],
  ['its engine is in another cluster', application, 'engine-elsewhere'],
];
for (const [what, owner, reason] of rows) {
  test(`nobody is asked to revert where ${what}`, async () => {
    const client = createFakeClient([]);
    const reverter = createReverter(client, { plans, resourceOf: () => undefined });
    const asked = await reverter.ask(owner, wish, new AbortController().signal);
    assert.deepEqual(asked, { kind: 'refused', reason });
    assert.deepEqual(client.requests, []);
  });
}
