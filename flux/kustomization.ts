// A Kustomization: which part of which source it applies, how it changes it on the way, what it applied, and where it is in its work.
// Source: fluxcd/kustomize-controller api/v1/kustomization_types.go.
import type { DeclaredSource, EngineRef } from '../server/core/engine.ts';
import { appliedRevision, isSpecNewer, type Attempts } from './applied.ts';
import { type Fields, type Reading, readResource } from './fields.ts';
import { type IgnoredPaths, type PatchTarget, readIgnored, readTarget } from './ignored.ts';
import { type Inventory, readInventory } from './inventory.ts';
import { type Reference, readReference } from './reference.ts';
import { commitOf } from './revision.ts';
import { readPath } from './source-path.ts';
import { type FluxSource, type SourceKind, type SourceReason, sourceKinds } from './sources.ts';
import { judgeSync, readProgress, type SyncState } from './sync-state.ts';

export const kustomizeGroup = 'kustomize.toolkit.fluxcd.io';

export interface Kustomization extends Attempts {
  readonly ref: EngineRef & { readonly kind: 'Kustomization' };
  readonly source: Reference<SourceKind> | undefined;
  /** Inside the source, '' is its root. Undefined when it cannot be read. */
  readonly path: string | undefined;
  readonly targetNamespace: string | undefined;
  /** Fields of its own with which it changes what kustomize builds. */
  readonly transforms: readonly Transform[];
  readonly patches: readonly PatchTarget[];
  readonly ignoreMissingComponents: boolean;
  readonly substitution: Substitution | undefined;
  readonly decryption: { readonly provider: string | undefined; readonly secretName: string | undefined } | undefined;
  /** Fields that it leaves as they are in the cluster. */
  readonly ignores: readonly IgnoredPaths[];
  /** Its objects are in another cluster: none here is its own. */
  readonly otherCluster: boolean;
  readonly serviceAccountName: string | undefined;
  readonly force: boolean;
  readonly prune: boolean;
  /** What the applied artifact says it was built from. */
  readonly appliedOriginRevision: string | undefined;
  /** The last value of `reconcile.fluxcd.io/requestedAt` that it took up, even where it then failed. */
  readonly handledRequest: string | undefined;
  readonly inventory: Inventory | undefined;
}

export const transforms = [
  'targetNamespace',
  'namePrefix',
  'nameSuffix',
  'commonMetadata',
  'patches',
  'images',
  'components',
] as const;
export type Transform = (typeof transforms)[number];

/** What replaces `${name}` after the build. Names only: what they stand for may be secret. */
export interface Substitution {
  readonly names: readonly string[];
  /** In the Kustomization's namespace; later ones win, and `names` over all. */
  readonly from: readonly SubstituteFrom[];
  readonly strategy: 'WithVariables' | 'Always';
}

export interface SubstituteFrom {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly optional: boolean;
}

/** A Kustomization with more of anything has outgrown what a person writes. */
const listMost = 1_000;

export function readKustomization(value: unknown): Reading<Kustomization> {
  const resource = { group: kustomizeGroup, kinds: ['Kustomization'] as const };
  return readResource(value, resource, (root, identity) => {
    const spec = root.map('spec');
    const status = root.map('status');
    return {
      ref: { engine: 'flux', ...identity },
      ...readSpec(spec, identity.namespace),
      generation: root.map('metadata').count('generation'),
      observedGeneration: status.count('observedGeneration'),
      lastApplied: status.text('lastAppliedRevision'),
      attemptedRevision: status.text('lastAttemptedRevision'),
      appliedOriginRevision: status.text('lastAppliedOriginRevision'),
      handledRequest: status.text('lastHandledReconcileAt'),
      inventory: readInventory(status),
      progress: readProgress(root),
    };
  });
}

function readSpec(spec: Fields, namespace: string) {
  const decryption = spec.map('decryption');
  return {
    source: readReference(spec, 'sourceRef', { kinds: sourceKinds, namespace }),
    path: readPath(spec, 'path'),
    targetNamespace: spec.text('targetNamespace'),
    transforms: transforms.filter((name) => spec.has(name)),
    patches: spec.maps('patches', listMost).map(readTarget),
    ignoreMissingComponents: spec.flag('ignoreMissingComponents'),
    substitution: readSubstitution(spec),
    decryption: spec.has('decryption')
      ? { provider: decryption.text('provider'), secretName: decryption.map('secretRef').text('name') }
      : undefined,
    ignores: readIgnored(spec),
    otherCluster: spec.has('kubeConfig'),
    serviceAccountName: spec.text('serviceAccountName'),
    force: spec.flag('force'),
    prune: spec.flag('prune'),
  };
}

function readSubstitution(spec: Fields): Substitution | undefined {
  if (!spec.has('postBuild')) return undefined;
  const postBuild = spec.map('postBuild');
  return {
    names: postBuild.keys('substitute', listMost),
    from: postBuild.maps('substituteFrom', listMost).flatMap((entry) => {
      const kind = entry.word('kind', ['ConfigMap', 'Secret']);
      if (!entry.has('kind')) entry.report('kind', 'missing');
      const name = entry.need('name');
      return kind === undefined || name === '' ? [] : [{ kind, name, optional: entry.flag('optional') }];
    }),
    strategy: postBuild.word('substituteStrategy', ['WithVariables', 'Always']) ?? 'WithVariables',
  };
}

/** `offered` is the revision of its source's artifact, where the source is known. */
export function judgeKustomization(kustomization: Kustomization, offered: string | undefined): SyncState {
  const attempted = offered === undefined || offered === kustomization.attemptedRevision;
  return judgeSync(kustomization.progress, attempted ? undefined : 'revision-not-attempted');
}

/** Why what a Kustomization applied cannot be looked up in Git. */
export type DeclaredReason =
  SourceReason | 'source-unknown' | 'path-unreadable' | 'not-applied' | 'applied-no-commit' | 'spec-not-applied';

/** What it applied, in every engine's words. With a reason, nothing may be compared; what is known is given anyway. */
export function describeDeclared(kustomization: Kustomization, source: FluxSource | undefined): DeclaredSource {
  const { path, transforms: used } = kustomization;
  const own = source !== undefined && isSame(kustomization.source, source) ? source : undefined;
  const reason = whyNot(kustomization, own);
  const ofArtifact = own !== undefined && own.ref.kind !== 'GitRepository';
  return {
    repository: (ofArtifact ? own.artifact?.origin.repository : own?.url) ?? '',
    revision: commitOf(ofArtifact ? kustomization.appliedOriginRevision : appliedRevision(kustomization)),
    // An artifact may hold any part of its repository: the path inside one is no path inside the other.
    path: ofArtifact ? undefined : path,
    // Without a kustomization.yaml Flux writes one that lists every manifest below the path.
    renderer: used.length > 0 ? 'kustomize' : 'auto',
    ...(reason === undefined ? {} : { reason }),
  };
}

function isSame(wanted: Reference<SourceKind> | undefined, { ref }: FluxSource): boolean {
  return wanted?.kind === ref.kind && wanted.namespace === ref.namespace && wanted.name === ref.name;
}

function whyNot(kustomization: Kustomization, source: FluxSource | undefined): DeclaredReason | undefined {
  if (source === undefined) return 'source-unknown';
  if (source.comparability.kind === 'not-comparable') return source.comparability.reason;
  if (kustomization.path === undefined) return 'path-unreadable';
  const applied = appliedRevision(kustomization);
  if (applied === undefined) return 'not-applied';
  if (commitOf(applied) === undefined) return 'applied-no-commit';
  return isSpecNewer(kustomization) ? 'spec-not-applied' : undefined;
}
