// Which revision a Kustomization has applied, and whether as its spec says now. `lastAppliedRevision` and `observedGeneration` move only when all
// is healthy; what is there by then was applied minutes before (kustomize-controller internal/controller/kustomization_controller.go).
import { judgeSync, type Progress } from './sync-state.ts';

/** What a Kustomization says of it. */
export interface Attempts {
  readonly generation: number | undefined;
  readonly observedGeneration: number | undefined;
  readonly attemptedRevision: string | undefined;
  /** Applied, and healthy. */
  readonly lastApplied: string | undefined;
  readonly progress: Progress;
}

/** As Flux writes it. While some of it may be applied and some not, the last one that was applied wholly. */
export function appliedRevision({ progress, attemptedRevision, lastApplied }: Attempts): string | undefined {
  return isWholeAttempt(progress) ? (attemptedRevision ?? lastApplied) : lastApplied;
}

/** What is applied was built from an older spec. Of a suspended one that cannot be told: suspending is a new spec, too. */
export function isSpecNewer({ progress, generation, observedGeneration }: Attempts): boolean {
  if (progress.suspended || generation === undefined) return false;
  const built = isWholeAttempt(progress) ? (progress.ready?.generation ?? observedGeneration) : observedGeneration;
  return built !== undefined && built < generation;
}

/** The attempt came through, but for health. */
function isWholeAttempt(progress: Progress): boolean {
  const state = judgeSync({ ...progress, suspended: false }, undefined);
  return state.kind === 'health-checking' || (state.kind === 'failed' && state.reason === 'HealthCheckFailed');
}
