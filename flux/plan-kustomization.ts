// A Kustomization as a plan: the tree at the commit that it applied, what it puts on top, and the variables that it fills in afterwards.
import type { OwnerPlan, PlanOptions } from '../server/core/engine.ts';
import { everything, type LeaveRule } from '../server/core/leave-rule.ts';
import type { KustomizeTool, RenderPart, RenderRefusal } from '../server/core/rendering.ts';
import type { Build } from './build.ts';
import type { Problem } from './fields.ts';
import { toLeaves } from './ignored.ts';
import { describeDeclared, type Kustomization } from './kustomization.ts';
import { explainReason, refuse, refuseProblem, simplePlan } from './refusal.ts';
import type { FluxSource } from './sources.ts';

export interface KustomizationEntry {
  readonly owner: Kustomization;
  readonly build: Build;
  readonly problems: readonly Problem[];
}

/** Reasons that say what is applied is unknown, and so are none where another commit is asked for. */
const aboutApplied: ReadonlySet<string | undefined> = new Set([
  'no-artifact',
  'artifact-not-a-commit',
  'not-applied',
  'applied-no-commit',
  'spec-not-applied',
]);

export function planKustomization(
  entry: KustomizationEntry,
  source: FluxSource | undefined,
  { revisions }: PlanOptions,
): OwnerPlan {
  const declared = describeDeclared(entry.owner, source);
  const asked = revisions.get(declared.repository);
  const reason = asked !== undefined && aboutApplied.has(declared.reason) ? undefined : declared.reason;
  const { reason: _, ...place } = declared;
  const revision = asked ?? declared.revision;
  const described = { ...place, revision, ...(reason === undefined ? {} : { reason }) };
  const { path } = entry.owner;
  if (reason !== undefined || source === undefined || revision === undefined || path === undefined) {
    return simplePlan([described], refuse(explainReason(reason ?? 'path-unreadable')));
  }
  const refusal = findHindrance(entry, source);
  const tree = { repository: declared.repository, revision };
  const part: RenderPart = { tree, path, ...buildOf(entry, source) };
  const namespace = entry.owner.targetNamespace ?? 'default';
  return simplePlan(
    [described],
    refusal ?? { namespace, parts: [part], leaves: [...leaves, ...toLeaves(entry.owner.ignores)] },
  );
}

const ssa = 'kustomize.toolkit.fluxcd.io/ssa';

/**
 * Labels or annotations of single objects (fluxcd/pkg ssa, shouldSkipApply; kustomize-controller, apply). `Merge` keeps what kubectl added,
 * which is taken back otherwise; what Git declares is put back as always.
 */
const leaves: readonly LeaveRule[] = [
  {
    mark: { key: 'kustomize.toolkit.fluxcd.io/reconcile', value: 'disabled', on: 'either' },
    ...everything,
    absent: 'left',
  },
  { mark: { key: ssa, value: 'Ignore', on: 'either' }, ...everything, absent: 'left' },
  { mark: { key: ssa, value: 'IfNotPresent', on: 'declared' }, ...everything },
  { mark: { key: ssa, value: 'Merge', on: 'either' }, keys: 'undeclared', fields: [] },
];

function buildOf({ owner, build }: KustomizationEntry, { ignore }: FluxSource): Omit<RenderPart, 'tree' | 'path'> {
  const { substitution, ref } = owner;
  const tool: KustomizeTool = {
    tool: 'kustomize',
    // What is ignored would be listed too; a kustomization of the path's own names its files itself.
    missing: ignore === undefined ? 'list-manifests' : 'refuse',
    overlay: build.overlay,
    ignoreMissingComponents: owner.ignoreMissingComponents,
  };
  const from = substitution?.from.map((entry) => ({ ...entry, namespace: ref.namespace })) ?? [];
  return {
    tool,
    substitution: substitution && { inline: build.variables, from, strategy: substitution.strategy },
    decrypts: owner.decryption?.provider === 'sops',
  };
}

function findHindrance({ owner, problems }: KustomizationEntry, source: FluxSource): RenderRefusal | undefined {
  const problem = problems.find(({ path }) => path === '' || path.startsWith('spec.'));
  if (problem !== undefined) return refuseProblem(problem);
  if (!isCheckedOut(owner.path ?? '', source)) return refuse('the source has only a part of the path (sparseCheckout)');
  const provider = owner.decryption?.provider;
  return provider === undefined || provider === 'sops' ? undefined : refuse('spec.decryption has an unknown provider');
}

/** All below the path is in the artifact. */
export function isCheckedOut(path: string, { sparseCheckout }: FluxSource): boolean {
  const within = (folder: string): boolean => folder === '' || path === folder || path.startsWith(`${folder}/`);
  return sparseCheckout.length === 0 || sparseCheckout.some((folder) => within(folder.replace(/^\.?\/+|\/+$/g, '')));
}
