// Argo CD's view: what changes for whom, who owns what, and who is about to write.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argocd } from '../../argocd/engine.ts';
import type { EngineOptions, EngineView, OwnershipMarks } from '../../server/core/engine.ts';
import { application, deployment, running, second } from './examples.ts';

const web = { engine: 'argocd', kind: 'Application', namespace: 'argocd', name: 'web' } as const;
const [settings, projects, applications] = argocd.resources;
assert.ok(settings && projects && applications);

function open(options: Partial<EngineOptions> = {}): EngineView {
  return argocd.open({ namespace: 'argocd', runsHere: true, clusterNames: [], clusterServers: [], ...options });
}

const config = (data: object) => ({ metadata: { name: 'argocd-cm', namespace: 'argocd' }, data });
const project = (name: string) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name, namespace: 'argocd' },
});

/** Of the cluster, as Argo CD's own words name it. */
const anywhere = {
  sourceRepos: ['*'],
  destinations: [
    { server: 'https://kubernetes.default.svc', namespace: 'shop' },
    { name: 'prod', namespace: 'shop' },
  ],
};
const known = { clusterNames: ['prod'], clusterServers: ['https://10.0.0.1:6443'] };

function marks(more: Partial<OwnershipMarks> = {}): OwnershipMarks {
  const annotations = { 'argocd.argoproj.io/tracking-id': 'web:apps/Deployment:shop/web' };
  return { ...deployment, labels: {}, annotations, owners: [], ...more };
}

test('a change of an Application concerns it', () => {
  const view = open();
  assert.deepEqual(view.put(applications, application()), [web]);
  assert.deepEqual(view.remove(applications, 'argocd', 'web'), [web]);
  assert.deepEqual(view.owners(), []);
});

test('a change of an AppProject concerns those that are in it', () => {
  const view = open();
  view.put(applications, application());
  assert.deepEqual(view.put(projects, project('shop')), [web]);
  assert.deepEqual(view.put(projects, project('bank')), []);
  assert.deepEqual(view.remove(projects, 'argocd', 'shop'), [web]);
});

test('a change of the settings concerns all, and another ConfigMap nobody', () => {
  const view = open();
  view.put(applications, application());
  assert.deepEqual(view.put(settings, config({})), [web]);
  assert.deepEqual(view.put(settings, { metadata: { name: 'argocd-cm', namespace: 'other' } }), []);
  assert.deepEqual(view.remove(settings, 'argocd', 'argocd-cm'), [web]);
});

test('what becomes unreadable is gone', () => {
  const view = open();
  view.put(applications, application());
  const broken = { kind: 'Application', metadata: { name: 'web', namespace: 'argocd' } };
  assert.deepEqual(view.put(applications, broken), [web]);
  assert.deepEqual(view.ownerOf(marks()), { kind: 'unconfirmed', owner: web, reason: 'application-absent' });
});

const hostile: unknown[] = [
  undefined,
  null,
  1,
  'x',
  [],
  {},
  { metadata: null },
  { metadata: { name: 1 } },
  { kind: 'Application', metadata: [] },
];
for (const value of hostile) {
  test(`never throws: ${JSON.stringify(value)}`, () => {
    for (const resource of argocd.resources) open().put(resource, value);
  });
}

test('the settings decide how objects are tracked', () => {
  const view = open();
  view.put(applications, application());
  assert.equal(view.ownerOf(marks()).kind, 'owned');
  const labelled = marks({ annotations: {}, labels: { 'example.com/app': 'web' } });
  assert.equal(view.ownerOf(labelled).kind, 'not-owned');
  view.put(
    settings,
    config({ 'application.resourceTrackingMethod': 'label', 'application.instanceLabelKey': 'example.com/app' }),
  );
  assert.equal(view.ownerOf(labelled).kind, 'owned');
  view.put(settings, config({ installationID: 'mine' }));
  assert.equal(view.ownerOf(marks()).kind, 'not-owned');
});

test('an Application of another control plane is none of this one’s owners', () => {
  const view = open();
  view.put(applications, application({ status: { controllerNamespace: 'argocd-2' } }));
  assert.deepEqual(view.owners(), []);
  assert.equal(view.ownerOf(marks()).kind, 'unconfirmed');
});

test('a hub’s Applications own what they put into this cluster', () => {
  const view = open({ runsHere: false, ...known });
  view.put(applications, application());
  assert.deepEqual([view.owners(), view.owners('elsewhere')], [[], [web]], 'in-cluster is the hub itself');
  for (const destination of [{ name: 'prod' }, { server: 'https://10.0.0.1:6443/' }]) {
    view.put(applications, application({ spec: { destination } }));
    assert.deepEqual(view.owners(), [web]);
    assert.equal(view.ownerOf(marks()).kind, 'owned');
  }
});

const shop = { namespace: 'shop' };
const destinations: [
  rule: string,
  destination: object,
  options: Partial<EngineOptions>,
  where: 'here' | 'elsewhere',
][] = [
  ['the usual server', { server: 'https://kubernetes.default.svc' }, {}, 'here'],
  ['the usual server, with more names', { server: 'https://kubernetes.default.svc' }, known, 'here'],
  ['the usual name, with more names', { name: 'in-cluster' }, known, 'here'],
  ['a name of its own', { name: 'prod' }, known, 'here'],
  ['a name of its own that was not told', { name: 'prod' }, {}, 'elsewhere'],
  ['its server from outside', { server: 'https://10.0.0.1:6443/' }, known, 'here'],
  ['its server from outside that was not told', { server: 'https://10.0.0.1:6443/' }, {}, 'elsewhere'],
  ['another name', { name: 'edge' }, known, 'elsewhere'],
];
for (const [rule, destination, options, where] of destinations) {
  test(`Argo CD in this cluster: ${rule} is ${where}`, () => {
    const view = open(options);
    view.put(projects, { ...project('shop'), spec: anywhere });
    view.put(applications, application({ spec: { destination: { ...destination, ...shop } } }));
    assert.deepEqual([view.owners(), view.owners('elsewhere')], where === 'here' ? [[web], []] : [[], [web]]);
    assert.equal(view.ownerOf(marks()).kind, where === 'here' ? 'owned' : 'not-owned');
    // No plan: nothing is compared, and nothing said of each.
    const plan = view.plan(web, { revisions: new Map() })?.finish([]);
    assert.equal(plan === undefined ? 'elsewhere' : 'parts' in plan ? 'here' : plan.detail, where);
  });
}

const healing: [rule: string, change: Parameters<typeof application>[0], heals: true | undefined][] = [
  ['self-heal is on', { spec: { syncPolicy: { automated: { selfHeal: true } } } }, true],
  ['it only syncs by itself', { spec: { syncPolicy: { automated: {} } } }, undefined],
  ['it is synced by hand', {}, undefined],
  [
    'it is skipped',
    {
      metadata: { annotations: { 'argocd.argoproj.io/skip-reconcile': 'true' } },
      spec: { syncPolicy: { automated: { selfHeal: true } } },
    },
    undefined,
  ],
];
for (const [rule, change, heals] of healing) {
  test(`rule 15: ${heals === true ? 'live changes are taken back' : 'nothing is taken back'}: ${rule}`, () => {
    const view = open();
    view.put(applications, application(change));
    const ownership = view.ownerOf(marks());
    assert.ok(ownership.kind === 'owned');
    assert.equal(ownership.heals, heals);
  });
}

test('what a producer made is owned through it, also where the mark was copied from the producer', () => {
  const view = open();
  const external = { group: 'external-secrets.io', kind: 'ExternalSecret', namespace: 'shop', name: 'db' };
  view.put(applications, application({ status: { resources: [external] } }));
  const copied = { 'argocd.argoproj.io/tracking-id': 'web:external-secrets.io/ExternalSecret:shop/db' };
  for (const annotations of [{}, copied]) {
    const found = view.ownerOf({ ...marks(), annotations, owners: [external] });
    assert.deepEqual([found.kind, found.kind === 'owned' && found.by], ['owned', 'owner-reference']);
  }
  view.put(applications, application({ spec: { destination: { name: 'edge' } }, status: { resources: [external] } }));
  assert.equal(view.ownerOf({ ...marks(), annotations: {}, owners: [external] }).kind, 'not-owned');
});

const outOfSync = { sync: { status: 'OutOfSync', revision: second } };
const progress: [rule: string, change: Parameters<typeof application>[0], answer: string][] = [
  ['synced', {}, 'idle'],
  ['a sync that has not come to the workload', { status: { operationState: running() } }, 'syncing'],
  ['a sync that is asked for', { operation: { sync: {} } }, 'sync-requested'],
  [
    'a new revision that it will sync by itself',
    { spec: { syncPolicy: { automated: {} } }, status: outOfSync },
    'revision-not-attempted',
  ],
  ['a new revision that nobody syncs', { status: outOfSync }, 'idle'],
  [
    'a failed sync',
    { status: { operationState: running({ phase: 'Failed', finishedAt: '2026-11-22T12:00:05Z' }) } },
    'idle',
  ],
  ['objects elsewhere', { spec: { destination: { name: 'edge' } }, status: { operationState: running() } }, 'idle'],
];
for (const [rule, change, answer] of progress) {
  test(`rule 11: ${rule}`, () => {
    const view = open();
    view.put(applications, application(change));
    const found = view.progressOf(web, deployment);
    assert.equal(found.kind === 'idle' ? 'idle' : found.reason, answer);
  });
}

test('what is not there has no plan and no progress', () => {
  const view = open();
  assert.equal(view.plan(web, { revisions: new Map() }), undefined);
  assert.deepEqual(view.progressOf(web, deployment), { kind: 'idle' });
});
