// The facts of rule 11: is a sync on its way to the workload? One row a rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findProgress } from '../../argocd/wait.ts';
import { application, deployment, first, operationState, read, running, second } from './examples.ts';

const result = (...resources: Json[]): Json => ({ syncResult: { revision: second, resources } });
const handled = { ...deployment, status: 'Synced', syncPhase: 'Sync' };
const other = { ...deployment, name: 'api', syncPhase: 'Sync' };
const hook = (syncPhase: string): Json => ({
  group: 'batch',
  kind: 'Job',
  namespace: 'shop',
  name: 'hook',
  hookType: syncPhase,
  syncPhase,
});
const selecting = (...resources: Json[]): Json => ({ operation: { sync: { revision: second, resources } } });
const outOfSync = { sync: { status: 'OutOfSync', revision: second } };
const automated = { spec: { syncPolicy: { automated: {} } } };
const failed = (revision: string): Json =>
  operationState({ phase: 'Failed', syncResult: { revision, resources: [] }, operation: { sync: { revision } } });
const state = (operation: unknown): Parts => ({ status: { operationState: operation } });
const asked = { operation: { sync: { revision: second } } };

type Json = Record<string, unknown>;
type Parts = NonNullable<Parameters<typeof application>[0]>;
const rows: [rule: string, parts: Parts, expected: string][] = [
  ['nothing runs', {}, 'none: idle'],
  ['it runs and has handled nothing', state(running()), 'ahead: not-handled'],
  ['it runs and has handled another', state(running(result(other))), 'ahead: not-handled'],
  ['it runs and has no result yet', state(running({ syncResult: undefined })), 'ahead: not-handled'],
  ['its PreSync hooks run', state(running(result(hook('PreSync')))), 'ahead: not-handled'],
  ['it has handled the workload', state(running(result(handled))), 'none: handled'],
  ['PostSync: its hook waits for us', state(running(result(other, hook('PostSync')))), 'none: post-sync'],
  ['PostSync, and the workload was handled', state(running(result(handled, hook('PostSync')))), 'none: handled'],
  ['its SyncFail hooks run', state(running(result(hook('SyncFail')))), 'none: failed'],
  [
    'an attempt failed and the next is awaited',
    state(running({ finishedAt: '2026-11-22T12:00:01Z' })),
    'none: retrying',
  ],
  [
    'a window blocks it',
    state(running({ message: 'Sync operation blocked by sync window' })),
    'none: blocked-by-window',
  ],
  ['a dry run', state(running({ operation: { sync: { dryRun: true } } })), 'none: dry-run'],
  ['terminating', state(running({ phase: 'Terminating' })), 'none: terminating'],
  [
    'a self-heal of another',
    state(running(selecting({ group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'api' }))),
    'none: not-selected',
  ],
  ['a self-heal of the workload', state(running(selecting(deployment))), 'ahead: not-handled'],
  [
    'a selection without a namespace',
    state(running(selecting({ group: 'apps', kind: 'Deployment', name: 'web' }))),
    'ahead: not-handled',
  ],
  ['a malformed selection selects nothing', state(running(selecting({ x: 1 }))), 'none: not-selected'],
  ['a phase of tomorrow', state(running({ phase: 'Pondering' })), 'none: unknown-phase'],
  ['a phase of another type', state(running({ phase: { a: 1 } })), 'none: unknown-phase'],
  ['asked for and not begun', asked, 'ahead: requested'],
  ['asked for while it runs', { ...asked, ...state(running(result(handled))) }, 'none: handled'],
  ['failed', state(failed(second)), 'none: failed'],
  ['a new revision that it will sync to', { ...automated, status: outOfSync }, 'ahead: not-attempted'],
  ['the first one ever', { ...automated, status: { ...outOfSync, operationState: undefined } }, 'ahead: not-attempted'],
  ['a new revision without automation', { status: outOfSync }, 'none: idle'],
  [
    'a new revision that failed',
    { ...automated, status: { ...outOfSync, operationState: failed(second) } },
    'none: failed',
  ],
  [
    'a new revision after one that failed',
    { ...automated, status: { ...outOfSync, operationState: failed(first) } },
    'ahead: not-attempted',
  ],
  [
    'drift at the revision that is applied',
    { ...automated, status: { sync: { status: 'OutOfSync', revision: first } } },
    'none: idle',
  ],
  [
    'manifests that cannot be made',
    { ...automated, status: { ...outOfSync, conditions: [{ type: 'ComparisonError' }] } },
    'none: failed',
  ],
  [
    'not reconciled at all',
    { metadata: { annotations: { 'argocd.argoproj.io/skip-reconcile': 'true' } }, ...asked },
    'none: skips-reconcile',
  ],
  ['being deleted', { metadata: { deletionTimestamp: 'x' }, ...state(running()) }, 'none: deleting'],
  ['of another workload', { status: { operationState: running(), resources: [other] } }, 'none: not-managed'],
  [
    'before the first comparison',
    { status: { operationState: running(), resources: undefined } },
    'ahead: not-handled',
  ],
];
for (const [rule, parts, expected] of rows) {
  test(`wait: ${rule}`, () => {
    const { kind, reason } = findProgress(read(application(parts)), deployment);
    assert.equal(`${kind}: ${reason}`, expected);
  });
}

test('wait: since when it runs is said, for the deadline', () => {
  assert.deepEqual(findProgress(read(application(state(running()))), deployment), {
    kind: 'ahead',
    reason: 'not-handled',
    startedAt: Date.parse('2026-11-22T12:00:00Z'),
  });
});
