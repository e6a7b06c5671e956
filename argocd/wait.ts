// Is an Application in the middle of a sync that has not come to this workload yet? The facts for rule 11: the core waits, and no longer
// than its deadline.
import type { Application } from './application.ts';
import { resourceKey, type ResourceId } from './operation.ts';
import { isSameText } from './revision.ts';

export type Progress =
  | {
      readonly kind: 'ahead';
      /** not-handled: it runs, and the workload is not in its result. requested, not-attempted: it will begin. */
      readonly reason: 'not-handled' | 'requested' | 'not-attempted';
      /** Milliseconds since the epoch; undefined: it has not begun. */
      readonly startedAt: number | undefined;
    }
  | { readonly kind: 'none'; readonly reason: NoWaitReason };

export type NoWaitReason =
  | 'idle'
  | 'handled'
  /** A PostSync hook may be waiting for Lockstep. */
  | 'post-sync'
  | 'failed'
  | 'retrying'
  | 'terminating'
  | 'blocked-by-window'
  | 'dry-run'
  | 'not-selected'
  | 'not-managed'
  | 'deleting'
  | 'skips-reconcile'
  | 'unknown-phase';

export function findProgress(application: Application, workload: ResourceId): Progress {
  const { operation, policy } = application;
  if (application.deleting) return none('deleting');
  if (policy.skipsReconcile) return none('skips-reconcile');
  if (!isManaged(application, workload)) return none('not-managed');
  switch (operation.phase) {
    case 'Running':
      return judgeRunning(application, workload);
    case 'Terminating':
      return none('terminating');
    case 'unknown':
      return none('unknown-phase');
    case 'none':
    case 'Failed':
    case 'Error':
    case 'Succeeded':
      return judgeNext(application);
  }
}

/** Before its first comparison the status lists nothing, and all may yet come. */
function isManaged({ resources: { byKey, extent } }: Application, workload: ResourceId): boolean {
  return extent !== 'all' || byKey.has(resourceKey(workload));
}

function judgeRunning({ operation }: Application, workload: ResourceId): Progress {
  if (operation.retrying) return none('retrying');
  if (operation.blockedByWindow) return none('blocked-by-window');
  if (operation.dryRun) return none('dry-run');
  if (operation.selective && !isSelected(operation.selected, workload)) return none('not-selected');
  if (operation.handled.has(resourceKey(workload))) return none('handled');
  if (operation.stage === 'PostSync') return none('post-sync');
  if (operation.stage === 'SyncFail') return none('failed');
  return { kind: 'ahead', reason: 'not-handled', startedAt: operation.startedAt };
}

function isSelected(selected: ReadonlySet<string>, workload: ResourceId): boolean {
  return selected.has(resourceKey(workload)) || selected.has(resourceKey({ ...workload, namespace: '' }));
}

/** Nothing runs. Argo CD syncs by itself to a revision that it has compared, found different and not tried. */
function judgeNext({ operation, policy, compared, errors }: Application): Progress {
  if (operation.requested) return { kind: 'ahead', reason: 'requested', startedAt: undefined };
  if (errors.length > 0) return none('failed');
  const tried = operation.attempt?.revisions ?? [];
  const isTried = operation.phase !== 'none' && isSameText(tried, compared.revisions);
  if (policy.automated && compared.status === 'OutOfSync' && compared.revisions.length > 0 && !isTried) {
    return { kind: 'ahead', reason: 'not-attempted', startedAt: undefined };
  }
  return none(operation.phase === 'Failed' || operation.phase === 'Error' ? 'failed' : 'idle');
}

function none(reason: NoWaitReason): Progress {
  return { kind: 'none', reason };
}
