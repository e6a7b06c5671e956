// The annotation by which Flux is asked to put content back, and when it is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planRevert } from '../../flux/refresh.ts';

const wish = {
  configs: [{ kind: 'ConfigMap', namespace: 'shop', name: 'web' }],
  why: '',
  now: Date.parse('2026-11-22T12:00:00Z'),
} as const;
const asked = {
  kind: 'patch',
  body: {
    metadata: {
      resourceVersion: '42',
      annotations: { 'reconcile.fluxcd.io/requestedAt': '2026-11-22T12:00:00.000Z' },
    },
  },
};

type Json = Record<string, unknown>;

function kustomization(spec: Json = {}, metadata: Json = {}, status: Json = {}): Json {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { namespace: 'flux-system', name: 'apps', resourceVersion: '42', ...metadata },
    spec: { path: './apps', sourceRef: { kind: 'GitRepository', name: 'shop' }, ...spec },
    status: { lastAppliedRevision: 'main@sha1:1111111111111111111111111111111111111111', ...status },
  };
}

function release(spec: Json = {}): Json {
  return {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { namespace: 'shop', name: 'web', resourceVersion: '42' },
    spec,
  };
}

const rows: [rule: string, owner: unknown, plan: object][] = [
  ['a Kustomization applies its artifact again', kustomization(), asked],
  ['a suspended one does not', kustomization({ suspend: true }), { kind: 'refused', reason: 'suspended' }],
  [
    'one of another cluster is not asked',
    kustomization({ kubeConfig: { secretRef: { name: 'far' } } }),
    { kind: 'refused', reason: 'other-cluster' },
  ],
  [
    'one that is being deleted is not asked',
    kustomization({}, { deletionTimestamp: '2026-11-22T12:00:00Z' }),
    { kind: 'refused', reason: 'owner-deleting' },
  ],
  [
    'one that has applied nothing has nothing to put back',
    kustomization({}, {}, { lastAppliedRevision: undefined }),
    { kind: 'refused', reason: 'revision-unknown' },
  ],
  ['a HelmRelease corrects drift where it is told to', release({ driftDetection: { mode: 'enabled' } }), asked],
  [
    'one that only warns does not',
    release({ driftDetection: { mode: 'warn' } }),
    { kind: 'refused', reason: 'drift-not-corrected' },
  ],
  [
    'nor by default: an upgrade would be more than asked',
    release(),
    { kind: 'refused', reason: 'drift-not-corrected' },
  ],
  ['anything else is no owner', [], { kind: 'refused', reason: 'owner-gone' }],
];
for (const [rule, owner, plan] of rows) test(rule, () => assert.deepEqual(planRevert(owner, wish), plan));
