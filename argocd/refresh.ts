// Asks Argo CD to put Git's content back: a sync of the drifted objects and nothing else, to the revision that is applied.
import type { PlanRevert } from '../server/core/revert.ts';
import { readApplication, type Application } from './application.ts';
import { readAttempt } from './operation.ts';
import { isFields, Problems, Section } from './section.ts';

/** The operation field is how Argo CD's own server asks its controller (argo-cd util/argo/argo.go, SetAppOperation). */
export const planRevert: PlanRevert = (owner, wish) => {
  const reading = readApplication(owner);
  if (reading.kind === 'unreadable' || !isFields(owner)) return { kind: 'refused', reason: 'owner-gone' };
  const { application } = reading;
  if (application.deleting) return { kind: 'refused', reason: 'owner-deleting' };
  if (application.policy.skipsReconcile) return { kind: 'refused', reason: 'skips-reconcile' };
  const { phase, requested } = application.operation;
  if (requested) return { kind: 'busy', reason: 'operation-requested' };
  if (phase === 'Running' || phase === 'Terminating') return { kind: 'busy', reason: 'operation-running' };
  const root = new Section(owner, '', new Problems());
  const revisions = appliedRevisions(application, root);
  if (revisions === undefined) return { kind: 'refused', reason: 'revision-unknown' };
  const sync = {
    ...(application.shape === 'multiple' ? { revisions } : { revision: revisions[0] }),
    // A raw operation does not take them from the spec, and without them it might replace where it should apply.
    syncOptions: root.section('spec')?.section('syncPolicy')?.texts('syncOptions') ?? [],
    resources: wish.configs.map(({ kind, namespace, name }) => ({ group: '', kind, namespace, name })),
    prune: false,
    syncStrategy: { hook: {} },
  };
  return {
    kind: 'patch',
    body: {
      metadata: { resourceVersion: root.section('metadata')?.text('resourceVersion') ?? '' },
      operation: {
        initiatedBy: { username: 'lockstep' },
        info: [{ name: 'Reason', value: wish.why }],
        sync,
        retry: { limit: 0 },
      },
    },
  };
};

/** Of a hydrator the commit that it made: its dry source is not what is synced. */
function appliedRevisions({ shape, sources }: Application, root: Section): readonly string[] | undefined {
  const last = root.section('status')?.sections('history').at(-1);
  const revisions =
    shape === 'hydrated'
      ? last === undefined
        ? []
        : readAttempt(last).revisions
      : sources.map(({ revision }) => revision ?? '');
  return revisions.length === 0 || revisions.includes('') ? undefined : revisions;
}
