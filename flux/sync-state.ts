// Where an owner is in its work, from its conditions: the facts by which a restart waits for an engine, or does not.
// Sources: kustomize-controller internal/controller/kustomization_controller.go, helm-controller internal/controller/helmrelease_controller.go.
import type { Fields } from './fields.ts';

/** Reasons of `failed` and `stalled` are Flux's own words. */
export type SyncState =
  | { readonly kind: 'applying' }
  /** Everything is applied; it waits for objects to become healthy. */
  | { readonly kind: 'health-checking' }
  | { readonly kind: 'revision-not-attempted' }
  /** Of a HelmRelease: its own spec (values, mostly) is newer than the last attempt. */
  | { readonly kind: 'spec-not-attempted' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'stalled'; readonly reason: string }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'deleting' }
  | { readonly kind: 'settled' }
  /** No usable Ready condition. */
  | { readonly kind: 'unknown' };

export interface Condition {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  /** Of the spec that it speaks of. */
  readonly generation: number | undefined;
}

/** What both kinds of owner know of themselves. */
export interface Progress {
  readonly suspended: boolean;
  readonly deleting: boolean;
  readonly ready: Condition | undefined;
  readonly reconciling: Condition | undefined;
  readonly stalled: Condition | undefined;
  /** Everything is applied and its health is awaited; only while it reconciles. */
  readonly awaitsHealth: boolean;
}

/** Flux has at most nine types. */
const conditionsMost = 50;

export function readProgress(root: Fields): Progress {
  const entries = new Map(
    root
      .map('status')
      .maps('conditions', conditionsMost)
      .map((entry) => [entry.text('type'), entry]),
  );
  const read = (type: string): Condition | undefined => {
    const entry = entries.get(type);
    const status = entry?.word('status', ['True', 'False', 'Unknown']);
    return status && { status, reason: entry?.text('reason') ?? '', generation: entry?.count('observedGeneration') };
  };
  const message = entries.get('Healthy')?.message();
  return {
    suspended: root.map('spec').flag('suspend'),
    deleting: root.map('metadata').has('deletionTimestamp'),
    ready: read('Ready'),
    reconciling: read('Reconciling'),
    stalled: read('Stalled'),
    // kustomize-controller gives both one message when it begins to wait. A check that was cut short leaves Healthy as it was,
    // while the message of Reconciling moves on: only the two together say which it is.
    awaitsHealth:
      read('Healthy')?.status === 'Unknown' &&
      message !== undefined &&
      message === entries.get('Reconciling')?.message(),
  };
}

/** These fail before an attempt is recorded, whatever is offered: nothing will be applied until somebody acts. */
const blocking = [
  'AccessDenied',
  'ArtifactFailed',
  'DependencyNotReady',
  'FeatureGateDisabled',
  'InvalidCELExpression',
  'SourceNotReady',
];

/** `pending` is what is offered and not yet attempted, if anything is. */
export function judgeSync(
  { suspended, deleting, ready, reconciling, stalled, awaitsHealth }: Progress,
  pending: 'revision-not-attempted' | 'spec-not-attempted' | undefined,
): SyncState {
  if (deleting) return { kind: 'deleting' };
  if (suspended) return { kind: 'suspended' };
  if (stalled?.status === 'True') return { kind: 'stalled', reason: stalled.reason };
  const running = reconciling?.status === 'True' && reconciling.reason !== 'ProgressingWithRetry';
  if (running) return { kind: awaitsHealth ? 'health-checking' : 'applying' };
  const failure = ready?.status === 'False' ? ready.reason : undefined;
  if (failure === 'HealthCheckCanceled') return { kind: 'applying' }; // by a newer request, which runs at once
  if (failure !== undefined && blocking.includes(failure)) return { kind: 'failed', reason: failure };
  if (pending !== undefined) return { kind: pending };
  if (failure !== undefined) return { kind: 'failed', reason: failure };
  return ready?.status === 'True' ? { kind: 'settled' } : { kind: 'unknown' };
}
