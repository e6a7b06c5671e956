// Flux's view: what changes for whom, who owns what, and who is about to write.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flux } from '../../flux/engine.ts';
import type { EngineRef, EngineResource, EngineView, OwnershipMarks } from '../../server/core/engine.ts';
import * as given from './resources.ts';
import { commit, condition, later, type Fields } from './resources.ts';

const shop: EngineRef = { engine: 'flux', kind: 'Kustomization', namespace: 'flux-system', name: 'shop' };
const podinfo: EngineRef = { engine: 'flux', kind: 'HelmRelease', namespace: 'apps', name: 'podinfo' };
const workload = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };

function resourceOf(kind: string): EngineResource {
  const resource = flux.resources.find((candidate) => candidate.kind === kind);
  assert.ok(resource);
  return resource;
}

function open(...objects: Fields[]): EngineView {
  const view = flux.open({ namespace: 'flux-system', runsHere: true, clusterNames: [], clusterServers: [] });
  for (const object of objects) put(view, object);
  return view;
}

function put(view: EngineView, object: Fields): readonly EngineRef[] {
  return view.put(resourceOf(String(object['kind'])), object);
}

const helmChart = (name: string, spec: Fields = {}): Fields => ({
  ...given.source('HelmChart', { spec }),
  metadata: { namespace: 'flux-system', name },
});

test('a change of an owner concerns it', () => {
  const view = open();
  assert.deepEqual(put(view, given.kustomization()), [shop]);
  assert.deepEqual(put(view, given.helmRelease()), [podinfo]);
  assert.deepEqual(view.owners(), [shop, podinfo]);
  assert.deepEqual(view.remove(resourceOf('Kustomization'), 'flux-system', 'shop'), [shop]);
  assert.deepEqual(view.owners(), [podinfo]);
});

test('a change of a source concerns those that apply it', () => {
  const view = open(given.kustomization(), given.helmRelease());
  assert.deepEqual(put(view, given.gitRepository()), [shop]);
  assert.deepEqual(put(view, given.source('Bucket')), []);
  assert.deepEqual(view.remove(resourceOf('GitRepository'), 'flux-system', 'fleet'), [shop]);
});

test('a change of a HelmChart, or of its source, concerns the release', () => {
  const view = open(given.helmRelease());
  assert.deepEqual(put(view, helmChart('apps-podinfo')), [podinfo]);
  assert.deepEqual(put(view, helmChart('another')), []);
  const chartRef = { kind: 'HelmChart', name: 'shared', namespace: 'flux-system' };
  put(view, given.helmRelease({ spec: { chart: undefined, chartRef } }));
  put(view, helmChart('shared', { chart: 'x', sourceRef: { kind: 'GitRepository', name: 'fleet' } }));
  assert.deepEqual(put(view, given.gitRepository()), [podinfo]);
});

test('what becomes unreadable is gone', () => {
  const view = open(given.kustomization(), given.helmRelease());
  assert.deepEqual(put(view, { kind: 'Kustomization', metadata: { namespace: 'flux-system', name: 'shop' } }), [shop]);
  assert.deepEqual(view.owners(), [podinfo]);
});

for (const value of [undefined, null, 1, 'x', [], {}, { metadata: null }, { metadata: { name: 1 } }]) {
  test(`never throws: ${JSON.stringify(value)}`, () => {
    for (const resource of flux.resources) open().put(resource, value);
  });
}

function marks(labels: Fields, annotations: Fields = {}): OwnershipMarks {
  return { ...workload, labels: labels as never, annotations: annotations as never, owners: [] };
}

const ofShop = { 'kustomize.toolkit.fluxcd.io/name': 'shop', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' };

test('ownership: by labels, and by what Helm calls the release, as long as it is so called', () => {
  const view = open(given.kustomization(), given.helmRelease());
  assert.deepEqual(view.ownerOf(marks(ofShop)), { kind: 'owned', owner: shop, by: 'inventory', heals: true });
  const annotations = { 'meta.helm.sh/release-name': 'shop-podinfo', 'meta.helm.sh/release-namespace': 'shop' };
  assert.deepEqual(view.ownerOf(marks({}, annotations)), { kind: 'owned', owner: podinfo, by: 'inventory' });
  put(view, given.helmRelease({ spec: { releaseName: 'other' } }));
  assert.deepEqual(view.ownerOf(marks({}, annotations)), { kind: 'not-owned' });
});

const ofPodinfo = { 'helm.toolkit.fluxcd.io/name': 'podinfo', 'helm.toolkit.fluxcd.io/namespace': 'apps' };
const healing: [rule: string, labels: Fields, object: Fields, heals: true | undefined][] = [
  ['a Kustomization', ofShop, given.kustomization(), true],
  ['one that is suspended', ofShop, given.kustomization({ spec: { suspend: true } }), undefined],
  ['a HelmRelease', ofPodinfo, given.helmRelease(), undefined],
  ['one that corrects drift', ofPodinfo, given.helmRelease({ spec: { driftDetection: { mode: 'enabled' } } }), true],
  [
    'one that only warns of it',
    ofPodinfo,
    given.helmRelease({ spec: { driftDetection: { mode: 'warn' } } }),
    undefined,
  ],
];
for (const [rule, labels, object, heals] of healing) {
  test(`rule 15: who takes live changes back: ${rule}`, () => {
    const ownership = open(object).ownerOf(marks(labels));
    assert.ok(ownership.kind === 'owned');
    assert.equal(ownership.heals, heals);
  });
}

test('owners whose objects are in another cluster are left out', () => {
  const spec = { kubeConfig: { secretRef: { name: 'edge' } } };
  const view = open(given.kustomization({ spec }), given.helmRelease({ spec }));
  assert.deepEqual(view.owners(), []);
  assert.equal(view.ownerOf(marks(ofShop)).kind, 'unconfirmed');
});

const reconciling = condition('Reconciling', 'True', 'Progressing', 'Running');
const working = { conditions: [reconciling, condition('Ready', 'Unknown', 'Progressing')] };
const waiting = condition('Reconciling', 'True', 'Progressing', 'Running health checks');
const checking = {
  conditions: [
    waiting,
    condition('Healthy', 'Unknown', 'Progressing', 'Running health checks'),
    condition('Ready', 'Unknown', 'Progressing'),
  ],
};
const failed = { conditions: [condition('Ready', 'False', 'BuildFailed')] };
const newer = { ...given.artifact, revision: `main@sha1:${later}` };

const progress: [rule: string, owner: EngineRef, objects: Fields[], answer: string][] = [
  ['settled', shop, [given.gitRepository(), given.kustomization()], 'idle'],
  ['applying', shop, [given.kustomization({ status: working })], 'syncing'],
  ['health checks', shop, [given.kustomization({ status: checking })], 'idle'],
  [
    'a source revision that it has not tried',
    shop,
    [given.gitRepository({ artifact: newer }), given.kustomization()],
    'revision-not-attempted',
  ],
  [
    'the same while it is suspended',
    shop,
    [given.gitRepository({ artifact: newer }), given.kustomization({ spec: { suspend: true } })],
    'idle',
  ],
  ['failed at this revision', shop, [given.gitRepository(), given.kustomization({ status: failed })], 'idle'],
  ['a release that is settled', podinfo, [given.helmRelease()], 'idle'],
  ['a release being upgraded', podinfo, [given.helmRelease({ status: working })], 'syncing'],
  ['values that it has not tried', podinfo, [given.helmRelease({ metadata: { generation: 4 } })], 'spec-not-attempted'],
  [
    'a chart that it has not tried',
    podinfo,
    [
      { ...helmChart('apps-podinfo'), status: { artifact: { ...given.artifact, revision: '6.6.0' } } },
      given.helmRelease(),
    ],
    'revision-not-attempted',
  ],
];
for (const [rule, owner, objects, answer] of progress) {
  test(`rule 11: ${rule}`, () => {
    const found = open(...objects).progressOf(owner, workload);
    assert.equal(found.kind === 'idle' ? 'idle' : found.reason, answer);
  });
}

test('what is not there has no plan and no progress', () => {
  const view = open();
  assert.equal(view.plan({ ...shop, kind: 'Bucket' }, { revisions: new Map() }), undefined);
  assert.equal(view.plan(shop, { revisions: new Map([['x', commit]]) }), undefined);
  assert.deepEqual(view.progressOf(podinfo, workload), { kind: 'idle' });
});
