import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inventoryId } from '../../flux/inventory.ts';
import { type HelmRelease, readHelmRelease } from '../../flux/helmrelease.ts';
import { type Kustomization, readKustomization } from '../../flux/kustomization.ts';
import {
  type ConfirmedBy,
  findOwner,
  type LiveObject,
  type OwnershipReason,
  type Owners,
} from '../../flux/ownership.ts';
import type { EngineRef, Ownership } from '../../server/core/engine.ts';
import { helmRelease, inventory, kustomization } from './resources.ts';

const byKustomize = {
  'kustomize.toolkit.fluxcd.io/name': 'shop',
  'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
};
const byHelmController = {
  'app.kubernetes.io/managed-by': 'Helm',
  'helm.toolkit.fluxcd.io/name': 'podinfo',
  'helm.toolkit.fluxcd.io/namespace': 'apps',
};
const byHelm = { 'meta.helm.sh/release-name': 'shop-podinfo', 'meta.helm.sh/release-namespace': 'shop' };

function live(changes: Partial<LiveObject>): LiveObject {
  return {
    group: '',
    kind: 'Secret',
    namespace: 'shop',
    name: 'db',
    labels: {},
    annotations: {},
    owners: [],
    ...changes,
  };
}

interface World {
  readonly kustomization?: Kustomization;
  readonly helmRelease?: HelmRelease;
}

function known({ kustomization: shop, helmRelease: podinfo }: World): Owners {
  return {
    kustomization: (namespace, name) => (`${namespace}/${name}` === 'flux-system/shop' ? shop : undefined),
    helmRelease: (namespace, name) => (`${namespace}/${name}` === 'apps/podinfo' ? podinfo : undefined),
    helmReleaseOf: (namespace, name) => (`${namespace}/${name}` === 'shop/shop-podinfo' ? podinfo : undefined),
    listing: (object) =>
      [shop, podinfo].flatMap((one) => (one?.inventory?.ids.has(inventoryId(object)) === true ? [one] : [])),
  };
}

function shop(changes: Parameters<typeof kustomization>[0] = {}): World {
  const reading = readKustomization(kustomization(changes));
  assert.ok(reading.kind === 'read');
  return { kustomization: reading.value };
}

function podinfo(changes: Parameters<typeof helmRelease>[0] = {}): World {
  const reading = readHelmRelease(helmRelease(changes));
  assert.ok(reading.kind === 'read');
  return { helmRelease: reading.value };
}

const without = { status: { inventory: undefined } };
const empty = { status: { inventory: { entries: [] } } };
const broken = { status: { inventory: { entries: [{ id: 'x' }] } } };
const elsewhere = { spec: { kubeConfig: { secretRef: { name: 'edge' } } } };

const external = { group: 'external-secrets.io', kind: 'ExternalSecret', name: 'db' };
const withExternal = {
  status: { inventory: { entries: [{ id: 'shop_db_external-secrets.io_ExternalSecret', v: 'v1' }] } },
};

const shopRef: EngineRef = { engine: 'flux', kind: 'Kustomization', namespace: 'flux-system', name: 'shop' };
const podinfoRef: EngineRef = { engine: 'flux', kind: 'HelmRelease', namespace: 'apps', name: 'podinfo' };
const owned = (owner: EngineRef, by: ConfirmedBy): Ownership => ({ kind: 'owned', owner, by });
const doubted = (owner: EngineRef, reason: OwnershipReason): Ownership => ({ kind: 'unconfirmed', owner, reason });
const nobody: Ownership = { kind: 'not-owned' };
const k = { labels: byKustomize };
const h = { labels: byHelmController, annotations: byHelm };

const rows: [rule: string, object: LiveObject, world: World, expected: Ownership][] = [
  // a Kustomization
  ['in the inventory', live(k), shop(), owned(shopRef, 'inventory')],
  [
    'a workload in the inventory',
    live({ ...k, group: 'apps', kind: 'Deployment', name: 'web' }),
    shop(),
    owned(shopRef, 'inventory'),
  ],
  [
    'a name with colons',
    live({ ...k, group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', namespace: '', name: 'system:web:view' }),
    shop(),
    owned(shopRef, 'inventory'),
  ],
  ['a copy in another namespace', live({ ...k, namespace: 'other' }), shop(), doubted(shopRef, 'not-in-inventory')],
  [
    'the same name in another group',
    live({ ...k, group: 'example.com' }),
    shop(),
    doubted(shopRef, 'not-in-inventory'),
  ],
  ['the same name of another kind', live({ ...k, kind: 'ConfigMap' }), shop(), doubted(shopRef, 'not-in-inventory')],
  ['a copy of what Flux generated', live({ ...k, name: 'db-copy' }), shop(), doubted(shopRef, 'not-in-inventory')],
  ['nothing applied yet', live(k), shop(without), doubted(shopRef, 'no-inventory')],
  ['an inventory that is broken', live(k), shop(broken), doubted(shopRef, 'inventory-incomplete')],
  [
    'one that is broken elsewhere',
    live(k),
    shop({ status: { inventory: { entries: [{ id: 'x' }, ...inventory.entries] } } }),
    owned(shopRef, 'inventory'),
  ],
  ['a Kustomization that is not here', live(k), {}, doubted(shopRef, 'owner-unknown')],
  ['one that applies elsewhere', live(k), shop(elsewhere), doubted(shopRef, 'other-cluster')],
  [
    'no namespace label',
    live({ labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop' } }),
    shop(),
    doubted({ ...shopRef, namespace: '' }, 'half-labelled'),
  ],
  [
    'no name label',
    live({ labels: { 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' } }),
    shop(),
    doubted({ ...shopRef, name: '' }, 'half-labelled'),
  ],
  ['suspended, it is still the owner', live(k), shop({ spec: { suspend: true } }), owned(shopRef, 'inventory')],
  // a HelmRelease
  ['of a release, in the inventory', live(h), podinfo(), owned(podinfoRef, 'inventory')],
  ['of a release, a copy', live({ ...h, namespace: 'other' }), podinfo(), doubted(podinfoRef, 'not-in-inventory')],
  [
    'of a release, by annotations where there is no inventory',
    live(h),
    podinfo(without),
    owned(podinfoRef, 'helm-annotations'),
  ],
  [
    'of a release, no annotations and no inventory',
    live({ labels: byHelmController }),
    podinfo(without),
    doubted(podinfoRef, 'annotations-missing'),
  ],
  [
    'of a release, annotations of another',
    live({ ...h, annotations: { ...byHelm, 'meta.helm.sh/release-name': 'x' } }),
    podinfo(without),
    doubted(podinfoRef, 'release-mismatch'),
  ],
  [
    'of a release whose name is not known',
    live(h),
    podinfo({ spec: { releaseName: 'x'.repeat(54) }, ...without }),
    doubted(podinfoRef, 'release-unknown'),
  ],
  [
    'of a release, a hook',
    live({ ...h, annotations: { 'helm.sh/hook': 'pre-install' } }),
    podinfo(empty),
    doubted(podinfoRef, 'helm-hook'),
  ],
  ['of a release that is not here', live(h), {}, doubted(podinfoRef, 'owner-unknown')],
  ['of a release that is elsewhere', live(h), podinfo(elsewhere), doubted(podinfoRef, 'other-cluster')],
  [
    'of a release, half labelled',
    live({ labels: { 'helm.toolkit.fluxcd.io/name': 'podinfo' } }),
    podinfo(),
    doubted({ ...podinfoRef, namespace: '' }, 'half-labelled'),
  ],
  ['annotations only, in the inventory', live({ annotations: byHelm }), podinfo(), owned(podinfoRef, 'inventory')],
  [
    'annotations only, not in the inventory',
    live({ annotations: byHelm, name: 'x' }),
    podinfo(),
    doubted(podinfoRef, 'labels-missing'),
  ],
  ['annotations only, no such HelmRelease: Helm without Flux', live({ annotations: byHelm }), {}, nobody],
  ['annotations only, of a HelmRelease that is elsewhere', live({ annotations: byHelm }), podinfo(elsewhere), nobody],
  // both, and neither
  [
    'both, one of them confirmed',
    live({ labels: { ...byKustomize, ...byHelmController } }),
    { ...shop(empty), ...podinfo() },
    owned(podinfoRef, 'inventory'),
  ],
  [
    'both confirmed',
    live({ labels: { ...byKustomize, ...byHelmController } }),
    { ...shop(), ...podinfo() },
    doubted(shopRef, 'two-owners'),
  ],
  [
    'both claimed',
    live({ labels: { ...byKustomize, ...byHelmController } }),
    { ...shop(empty), ...podinfo(empty) },
    doubted(shopRef, 'not-in-inventory'),
  ],
  [
    'made by a producer that it applied',
    live({ owners: [external] }),
    shop(withExternal),
    owned(shopRef, 'owner-reference'),
  ],
  [
    'made by a producer, with labels copied from it',
    live({ labels: byKustomize, owners: [external] }),
    shop(withExternal),
    owned(shopRef, 'owner-reference'),
  ],
  [
    'made by a producer that two applied',
    live({ owners: [external] }),
    { ...shop(withExternal), ...podinfo(withExternal) },
    nobody,
  ],
  ['made by a producer that nobody applied', live({ owners: [external] }), shop(), nobody],
  ['made by a controller of another kind', live({ owners: [{ ...external, kind: 'X' }] }), shop(withExternal), nobody],
  ['no labels, though in the inventory', live({}), shop(), nobody],
  [
    'labels of somebody else',
    live({ labels: { 'app.kubernetes.io/managed-by': 'Helm' } }),
    { ...shop(), ...podinfo() },
    nobody,
  ],
  ['labels only inherited', live({ labels: Object.create(byKustomize) as Record<string, string> }), shop(), nobody],
  [
    'empty labels',
    live({ labels: { 'kustomize.toolkit.fluxcd.io/name': '', 'kustomize.toolkit.fluxcd.io/namespace': '' } }),
    shop(),
    nobody,
  ],
];
for (const [rule, object, world, expected] of rows) {
  test(`flux owner, ${expected.kind}: ${rule}`, () => assert.deepEqual(findOwner(object, known(world)), expected));
}
