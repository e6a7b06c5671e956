// Whose is a live object? Labels claim, since anybody may copy them; what the owner says it applied confirms.
import { valueOf } from '../server/core/annotations.ts';
import type { EngineRef, Ownership } from '../server/core/engine.ts';
import { isProducer, type Owner } from '../server/core/producer.ts';
import { helmGroup, type HelmRelease } from './helmrelease.ts';
import { inventoryId, type Inventory, type InventoryObject } from './inventory.ts';
import { kustomizeGroup, type Kustomization } from './kustomization.ts';

export interface LiveObject extends InventoryObject {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly owners: readonly Owner[];
}

/** What is known of Flux's resources in this cluster. */
export interface Owners {
  kustomization(namespace: string, name: string): Kustomization | undefined;
  helmRelease(namespace: string, name: string): HelmRelease | undefined;
  /** By the release that it installs. */
  helmReleaseOf(releaseNamespace: string, releaseName: string): HelmRelease | undefined;
  /** Those that applied the object, by their inventories. */
  listing(object: InventoryObject): readonly (Kustomization | HelmRelease)[];
}

/** What confirms: the owner's inventory; of a helm-controller too old for one, Helm's annotations, which are weaker; or that of its producer. */
export type ConfirmedBy = 'inventory' | 'helm-annotations' | 'owner-reference';

/** Why a claim is not confirmed. */
export const ownershipReasons = [
  /** One of the two labels is missing. */
  'half-labelled',
  /** Its labels are missing; Helm's annotations name a release of Flux. */
  'labels-missing',
  /** No such resource here: deleted, not seen yet, or in the cluster that manages this one. */
  'owner-unknown',
  /** The owner's objects are in another cluster. */
  'other-cluster',
  'no-inventory',
  /** Some of the inventory cannot be read, or is more than is read. */
  'inventory-incomplete',
  'not-in-inventory',
  /** Hooks are in no inventory. */
  'helm-hook',
  'annotations-missing',
  /** The name by which Helm knows the release cannot be told. */
  'release-unknown',
  /** Labels and Helm's annotations name different releases. */
  'release-mismatch',
  /** Both a Kustomization and a HelmRelease list it. */
  'two-owners',
] as const;
export type OwnershipReason = (typeof ownershipReasons)[number];

type Verdict = { readonly by: ConfirmedBy } | { readonly reason: OwnershipReason };
type Claim = Exclude<Ownership, { readonly kind: 'not-owned' }>;

/** A confirmed owner goes before a claimed one, and of two claims the Kustomization's is told. */
export function findOwner(object: LiveObject, owners: Owners): Ownership {
  const claims = [claimKustomization(object, owners), claimHelmRelease(object, owners)].filter(
    (claim) => claim !== undefined,
  );
  const [first, second] = claims.filter(({ kind }) => kind === 'owned');
  if (first !== undefined && second !== undefined) return answer(first.owner, { reason: 'two-owners' });
  return first ?? claimMade(object, owners) ?? claims[0] ?? { kind: 'not-owned' };
}

/** Of what a producer made, the owner is who applied the producer: an ExternalSecret in Git, whose Secret is in no inventory. */
function claimMade({ namespace, owners: makers }: LiveObject, owners: Owners): Claim | undefined {
  for (const { group, kind, name } of makers.filter(isProducer)) {
    const [lister, another] = owners
      .listing({ group, kind, namespace, name })
      .filter(({ otherCluster }) => !otherCluster);
    if (lister !== undefined && another === undefined) return answer(lister.ref, { by: 'owner-reference' });
  }
  return undefined;
}

function claimKustomization(object: LiveObject, owners: Owners): Claim | undefined {
  const owner = readLabels(object, { kind: 'Kustomization', group: kustomizeGroup });
  if (owner === undefined) return undefined;
  if (isHalf(owner)) return answer(owner, { reason: 'half-labelled' });
  const kustomization = owners.kustomization(owner.namespace, owner.name);
  if (kustomization === undefined) return answer(owner, { reason: 'owner-unknown' });
  if (kustomization.otherCluster) return answer(owner, { reason: 'other-cluster' });
  return answer(owner, lookUp(object, kustomization.inventory));
}

function claimHelmRelease(object: LiveObject, owners: Owners): Claim | undefined {
  const owner = readLabels(object, { kind: 'HelmRelease', group: helmGroup });
  if (owner === undefined) return claimByAnnotations(object, owners);
  if (isHalf(owner)) return answer(owner, { reason: 'half-labelled' });
  const release = owners.helmRelease(owner.namespace, owner.name);
  if (release === undefined) return answer(owner, { reason: 'owner-unknown' });
  if (release.otherCluster) return answer(owner, { reason: 'other-cluster' });
  return answer(owner, confirmRelease(object, release));
}

/** Helm writes its annotations for everybody: without a HelmRelease of that release, it is none of Flux's business. */
function claimByAnnotations(object: LiveObject, owners: Owners): Claim | undefined {
  const { name, namespace } = readHelm(object);
  if (name === undefined || namespace === undefined) return undefined;
  const release = owners.helmReleaseOf(namespace, name);
  if (release === undefined || release.otherCluster) return undefined;
  const verdict = lookUp(object, release.inventory);
  return answer(release.ref, 'by' in verdict ? verdict : { reason: 'labels-missing' });
}

function confirmRelease(object: LiveObject, { inventory, release }: HelmRelease): Verdict {
  const found = lookUp(object, inventory);
  if (valueOf(object.annotations, 'helm.sh/hook') !== undefined && !('by' in found)) return { reason: 'helm-hook' };
  if (inventory !== undefined) return found;
  const { name, namespace } = readHelm(object);
  if (name === undefined || namespace === undefined) return { reason: 'annotations-missing' };
  if (release.name === undefined) return { reason: 'release-unknown' };
  const same = name === release.name && namespace === release.namespace;
  return same ? { by: 'helm-annotations' } : { reason: 'release-mismatch' };
}

function lookUp(object: LiveObject, inventory: Inventory | undefined): Verdict {
  if (inventory === undefined) return { reason: 'no-inventory' };
  if (inventory.ids.has(inventoryId(object))) return { by: 'inventory' };
  return { reason: inventory.complete ? 'not-in-inventory' : 'inventory-incomplete' };
}

interface Labelled {
  readonly kind: 'Kustomization' | 'HelmRelease';
  readonly group: string;
}

/** Undefined without either label; of one that is missing, the part is ''. */
function readLabels({ labels }: LiveObject, { kind, group }: Labelled): EngineRef | undefined {
  const name = valueOf(labels, `${group}/name`) ?? '';
  const namespace = valueOf(labels, `${group}/namespace`) ?? '';
  return name === '' && namespace === '' ? undefined : { engine: 'flux', kind, namespace, name };
}

function isHalf({ namespace, name }: EngineRef): boolean {
  return namespace === '' || name === '';
}

function readHelm({ annotations }: LiveObject): {
  readonly name: string | undefined;
  readonly namespace: string | undefined;
} {
  return {
    name: valueOf(annotations, 'meta.helm.sh/release-name'),
    namespace: valueOf(annotations, 'meta.helm.sh/release-namespace'),
  };
}

function answer(owner: EngineRef, verdict: Verdict): Claim {
  return 'by' in verdict
    ? { kind: 'owned', owner, by: verdict.by }
    : { kind: 'unconfirmed', owner, reason: verdict.reason };
}
