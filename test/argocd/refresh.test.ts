// The operation by which Argo CD is asked to put content back, and when it is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRevert } from '../../argocd/refresh.ts';
import { application, first, operationState, running, second, source } from './examples.ts';

const config = { kind: 'ConfigMap', namespace: 'shop', name: 'web' } as const;
const wish = { configs: [config], why: 'because', now: 0 };
const metadata = { resourceVersion: '42' };

function operationOf(value: unknown): Record<string, unknown> {
  const plan = planRevert(value, wish);
  assert.equal(plan.kind, 'patch');
  return plan.body['operation'] as Record<string, unknown>;
}

test('syncs the drifted objects alone, to the applied revision, under the version that was read', () => {
  const syncPolicy = { automated: {}, syncOptions: ['ServerSideApply=true', 'CreateNamespace=true'] };
  assert.deepEqual(planRevert(application({ metadata, spec: { syncPolicy } }), wish), {
    kind: 'patch',
    body: {
      metadata: { resourceVersion: '42' },
      operation: {
        initiatedBy: { username: 'lockstep' },
        info: [{ name: 'Reason', value: 'because' }],
        sync: {
          revision: first,
          syncOptions: ['ServerSideApply=true', 'CreateNamespace=true'],
          resources: [{ group: '', ...config }],
          prune: false,
          syncStrategy: { hook: {} },
        },
        retry: { limit: 0 },
      },
    },
  });
});

test('of several sources it names each revision', () => {
  const sources = [source, { ...source, path: 'more' }];
  const history = [{ id: 0, revisions: [first, second], sources, deployedAt: '2026-11-22T11:00:10Z' }];
  const several = application({ metadata, spec: { source: undefined, sources }, status: { history } });
  const { sync } = operationOf(several) as { sync: Record<string, unknown> };
  assert.deepEqual([sync['revisions'], sync['revision']], [[first, second], undefined]);
});

test('of a hydrator it names the commit that was made of the dry source', () => {
  const sourceHydrator = { drySource: source, syncSource: { targetBranch: 'env/prod', path: 'web' } };
  const hydrated = application({ metadata, spec: { source: undefined, sourceHydrator } });
  const { sync } = operationOf(hydrated) as { sync: Record<string, unknown> };
  assert.equal(sync['revision'], first);
});

const rows: [rule: string, owner: unknown, plan: object][] = [
  [
    'a sync runs',
    application({ status: { operationState: running() } }),
    { kind: 'busy', reason: 'operation-running' },
  ],
  [
    'a sync is being ended',
    application({ status: { operationState: operationState({ phase: 'Terminating' }) } }),
    { kind: 'busy', reason: 'operation-running' },
  ],
  ['a sync is asked for', application({ operation: { sync: {} } }), { kind: 'busy', reason: 'operation-requested' }],
  [
    'the Application is skipped',
    application({ metadata: { annotations: { 'argocd.argoproj.io/skip-reconcile': 'true' } } }),
    { kind: 'refused', reason: 'skips-reconcile' },
  ],
  [
    'the Application is being deleted',
    application({ metadata: { deletionTimestamp: '2026-11-22T11:00:10Z' } }),
    { kind: 'refused', reason: 'owner-deleting' },
  ],
  [
    'nothing is applied yet',
    application({ status: { history: [], operationState: undefined } }),
    { kind: 'refused', reason: 'revision-unknown' },
  ],
  ['no Application at all', 7, { kind: 'refused', reason: 'owner-gone' }],
];
for (const [rule, owner, plan] of rows) {
  test(`not asked: ${rule}`, () => assert.deepEqual(planRevert(owner, wish), plan));
}
