// What a live object says about who owns it: the marks of engines, and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOwnershipMarks } from '../../server/kube/ingest-ownership.ts';

const parse = (metadata: object, more?: readonly string[]) =>
  parseOwnershipMarks(
    'apps',
    'Deployment',
    { metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1', ...metadata } },
    more,
  );

const kept: [rule: string, metadata: object, labels: object, annotations: object][] = [
  [
    'Argo CD: tracking id, installation id and label',
    {
      labels: { 'app.kubernetes.io/instance': 'web', app: 'web' },
      annotations: {
        'argocd.argoproj.io/tracking-id': 'web:apps/Deployment:shop/web',
        'argocd.argoproj.io/installation-id': 'i',
        note: 'c4n4ry',
      },
    },
    { 'app.kubernetes.io/instance': 'web' },
    {
      'argocd.argoproj.io/tracking-id': 'web:apps/Deployment:shop/web',
      'argocd.argoproj.io/installation-id': 'i',
    },
  ],
  [
    'Flux: its four labels',
    {
      labels: {
        'kustomize.toolkit.fluxcd.io/name': 'a',
        'kustomize.toolkit.fluxcd.io/namespace': 'b',
        'helm.toolkit.fluxcd.io/name': 'c',
        'helm.toolkit.fluxcd.io/namespace': 'd',
      },
    },
    {
      'kustomize.toolkit.fluxcd.io/name': 'a',
      'kustomize.toolkit.fluxcd.io/namespace': 'b',
      'helm.toolkit.fluxcd.io/name': 'c',
      'helm.toolkit.fluxcd.io/namespace': 'd',
    },
    {},
  ],
  [
    'Helm: its release and whether it is a hook',
    { annotations: { 'meta.helm.sh/release-name': 'r', 'helm.sh/hook': 'pre-install', x: 'y' } },
    {},
    { 'meta.helm.sh/release-name': 'r', 'helm.sh/hook': 'pre-install' },
  ],
  [
    'a mark of an absurd length is none',
    { labels: { 'argocd.argoproj.io/instance': 'x'.repeat(2_000) }, ownerReferences: [{}] },
    {},
    {},
  ],
];
for (const [rule, metadata, labels, annotations] of kept) {
  test(`marks: ${rule}`, () => {
    const marks = parse(metadata);
    assert.deepEqual([marks?.labels, marks?.annotations], [labels, annotations]);
    assert.deepEqual([marks?.group, marks?.kind, marks?.namespace, marks?.name], ['apps', 'Deployment', 'shop', 'web']);
  });
}

test('marks: owner references by group, kind and name', () => {
  const ownerReferences = [
    { apiVersion: 'bitnami.com/v1alpha1', kind: 'SealedSecret', name: 'db', uid: 'u' },
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'u' },
  ];
  assert.deepEqual(parse({ ownerReferences })?.owners, [
    { group: 'bitnami.com', kind: 'SealedSecret', name: 'db' },
    { group: '', kind: 'ConfigMap', name: 'x' },
  ]);
});

test('marks: the configured label of Argo CD counts too', () => {
  const labels = { 'example.com/app': 'web' };
  assert.equal(parse({ labels }), undefined);
  assert.deepEqual(parse({ labels }, ['example.com/app'])?.labels, labels);
});

test('marks: nothing is kept of an object without any', () => {
  assert.equal(parse({ labels: { app: 'web' }, annotations: { a: 'b' } }), undefined);
  assert.equal(parse({}), undefined);
});
