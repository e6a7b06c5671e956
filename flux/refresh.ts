// Asks Flux to put Git's content back: it looks at once at what it has applied, instead of at its next interval.
import type { PlanRevert, RevertPlan } from '../server/core/revert.ts';
import { readHelmRelease } from './helmrelease.ts';
import { readKustomization } from './kustomization.ts';

const requestedAt = 'reconcile.fluxcd.io/requestedAt';

/**
 * A Kustomization applies all of its last artifact again (kustomize-controller). A HelmRelease compares its objects only where its drift
 * detection is enabled; `forceAt` would upgrade the whole release, hooks and all, which is more than to put one object back.
 */
export const planRevert: PlanRevert = (owner, wish) => {
  const kustomization = readKustomization(owner);
  if (kustomization.kind === 'read') {
    const { progress, otherCluster, lastApplied } = kustomization.value;
    if (lastApplied === undefined) return { kind: 'refused', reason: 'revision-unknown' };
    return judge({ ...progress, otherCluster }) ?? request(owner, wish.now);
  }
  const release = readHelmRelease(owner);
  if (release.kind !== 'read') return { kind: 'refused', reason: 'owner-gone' };
  const { progress, otherCluster, driftDetection } = release.value;
  const refusal = judge({ ...progress, otherCluster });
  if (refusal !== undefined) return refusal;
  if (driftDetection !== 'enabled') return { kind: 'refused', reason: 'drift-not-corrected' };
  return request(owner, wish.now);
};

function judge(owner: {
  readonly suspended: boolean;
  readonly deleting: boolean;
  readonly otherCluster: boolean;
}): RevertPlan | undefined {
  if (owner.deleting) return { kind: 'refused', reason: 'owner-deleting' };
  if (owner.suspended) return { kind: 'refused', reason: 'suspended' };
  if (owner.otherCluster) return { kind: 'refused', reason: 'other-cluster' };
  return undefined;
}

function request(owner: unknown, now: number): RevertPlan {
  const { metadata } = owner as { readonly metadata: { readonly resourceVersion?: string } };
  return {
    kind: 'patch',
    body: {
      metadata: {
        resourceVersion: metadata.resourceVersion ?? '',
        annotations: { [requestedAt]: new Date(now).toISOString() },
      },
    },
  };
}
