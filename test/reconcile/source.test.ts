import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Proposal } from '../../server/core/record.ts';
import { createLocalForge } from '../../server/forge/local.ts';
import { createSourceReconciler } from '../../server/reconcile/source.ts';
import { branchOf } from '../../server/core/pull-request.ts';
import { createWorld } from '../git-server/world.ts';

const deployment = `# The shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web # the front
spec: {}
`;

test('a checksum goes from proposal to base by one pull request', async () => {
  using world = createWorld({ 'apps/shop/web.yaml': deployment });
  const repository = world.open();
  const clock = { now: () => 1_800_000_000_000 };
  const forge = createLocalForge({ repository, clock });
  const source = { repository: 'shop', branch: 'main', path: 'apps/shop', namespace: 'shop' };
  const proposals: Proposal[] = [
    {
      workload: { kind: 'Deployment', namespace: 'shop', name: 'web' },
      checksums: [{ config: { kind: 'Secret', namespace: 'shop', name: 'db' }, value: 'k1:abc', restarted: true }],
    },
  ];
  const reconciler = createSourceReconciler({
    source,
    repository,
    forge,
    proposals: () => proposals,
    clock,
    email: 'lockstep@lockstep.dev',
    mode: 'enforce',
  });
  const signal = AbortSignal.timeout(30_000);
  const first = await reconciler.reconcile(signal);
  assert.equal(first.decision.action, 'open');
  const refs = world.refs();
  const second = await reconciler.reconcile(signal);
  assert.equal(second.decision.reason, 'already-open-and-current');
  assert.equal(world.refs(), refs);
  assert.equal(world.git('diff', '--numstat', 'main', branchOf(source)), '2\t0\tapps/shop/web.yaml');
  assert.equal(await forge.merge(1, signal), 'merged');
  assert.equal(
    world.show('main', 'apps/shop/web.yaml'),
    deployment.replace('metadata:\n', 'metadata:\n  annotations:\n    checksum.lockstep.dev/secret.db: "k1:abc"\n'),
  );
  assert.equal((await reconciler.reconcile(signal)).decision.reason, 'nothing-to-record');
});
