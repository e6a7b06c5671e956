// Which Application a live object belongs to: a mark names it, its status confirms it. One row a rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '../../argocd/application.ts';
import { findMakersOwner, type Made } from '../../argocd/makers.ts';
import { findOwner, type ControlPlane, type LiveObject } from '../../argocd/ownership.ts';
import { readTrackingSettings } from '../../argocd/tracking.ts';
import type { Ownership } from '../../server/core/engine.ts';
import { application, deployment, read, secret } from './examples.ts';

type Marks = { labels?: Record<string, string>; annotations?: Record<string, string> };
const live = (id: LiveObject['id'], { labels = {}, annotations = {} }: Marks = {}): LiveObject => ({
  id,
  labels: new Map(Object.entries(labels)),
  annotations: new Map(Object.entries(annotations)),
});
const tracked = (text: string, more: Record<string, string> = {}): Marks => ({
  annotations: { 'argocd.argoproj.io/tracking-id': text, ...more },
});
const labelled = (value: string): Marks => ({ labels: { 'app.kubernetes.io/instance': value } });

interface Setting {
  readonly cm?: Record<string, string>;
  readonly applications?: readonly Application[];
  readonly missing?: 'absent' | 'unseen';
  readonly holdsApplications?: boolean;
}
function plane({ cm = {}, applications = [read(application())], missing = 'absent', ...rest }: Setting): ControlPlane {
  const known = new Map(applications.map((each) => [`${each.ref.namespace}/${each.ref.name}`, each]));
  return {
    namespace: 'argocd',
    tracking: readTrackingSettings(new Map(Object.entries(cm))),
    cluster: { holdsApplications: rest.holdsApplications ?? true, names: [], servers: [] },
    find: ({ namespace, name }) => known.get(`${namespace}/${name}`) ?? missing,
  };
}
const brief = (answer: ReturnType<typeof findOwner>): string => {
  if (answer.kind === 'not-owned') return `not-owned: ${answer.reason}`;
  const { namespace, name } = answer.owner;
  return `${answer.kind} ${namespace}/${name}: ${answer.kind === 'owned' ? answer.by : answer.reason}`;
};

const mine = tracked('web:/Secret:shop/db');
const byLabel = { 'application.resourceTrackingMethod': 'label' };
const withStatus = (status: Record<string, unknown>): Setting => ({ applications: [read(application({ status }))] });
const withParts = (parts: Parameters<typeof application>[0]): Setting => ({ applications: [read(application(parts))] });
const tenant = { metadata: { namespace: 'team-a' } };

const rows: [rule: string, marks: Marks, setting: Setting, expected: string][] = [
  ['tracked and listed', mine, {}, 'owned argocd/web: tracking-id'],
  ['no mark', {}, {}, 'not-owned: no-mark'],
  ['copied from another object', tracked('web:/Secret:other/db'), {}, 'not-owned: copied-tracking-id'],
  [
    'made of an ExternalSecret with its annotations',
    tracked('web:external-secrets.io/ExternalSecret:shop/db'),
    {},
    'not-owned: copied-tracking-id',
  ],
  ['malformed', tracked('web'), {}, 'not-owned: malformed-tracking-id'],
  ['named like a prototype', tracked('__proto__:/Secret:shop/db'), {}, 'not-owned: malformed-tracking-id'],
  ['the Application is gone', mine, { applications: [] }, 'unconfirmed argocd/web: application-absent'],
  [
    'the Application is in a hub that is not read',
    mine,
    { applications: [], missing: 'unseen' },
    'unconfirmed argocd/web: application-unseen',
  ],
  [
    'not listed: anyone can write a tracking id',
    mine,
    withStatus({ resources: [{ kind: 'Secret', namespace: 'shop', name: 'x' }] }),
    'unconfirmed argocd/web: not-in-status',
  ],
  [
    'listed as another kind',
    mine,
    withStatus({ resources: [{ ...secret, kind: 'ConfigMap' }] }),
    'unconfirmed argocd/web: not-in-status',
  ],
  ['a hook', mine, withStatus({ resources: [{ ...secret, hook: true }] }), 'unconfirmed argocd/web: hook'],
  ['nothing compared yet', mine, withStatus({ resources: undefined }), 'unconfirmed argocd/web: never-compared'],
  [
    'a list too long to read',
    mine,
    withStatus({ resources: Array.from({ length: 50_001 }, () => deployment) }),
    'unconfirmed argocd/web: resources-cut',
  ],
  [
    'about another cluster',
    mine,
    withParts({ spec: { destination: { server: 'https://eu.example.com' } } }),
    'not-owned: another-cluster',
  ],
  ['in-cluster of a hub is not here', mine, { holdsApplications: false }, 'not-owned: another-cluster'],
  [
    'a destination that says nothing',
    mine,
    withParts({ spec: { destination: {} } }),
    'unconfirmed argocd/web: destination-unknown',
  ],
  [
    'being deleted',
    mine,
    withParts({ metadata: { deletionTimestamp: '2026-11-22T12:00:00Z' } }),
    'unconfirmed argocd/web: application-deleting',
  ],
  [
    'the installation id',
    tracked('web:/Secret:shop/db', { 'argocd.argoproj.io/installation-id': 'eu' }),
    { cm: { installationID: 'eu' } },
    'owned argocd/web: tracking-id',
  ],
  [
    'another installation',
    tracked('web:/Secret:shop/db', { 'argocd.argoproj.io/installation-id': 'us' }),
    { cm: { installationID: 'eu' } },
    'not-owned: another-installation',
  ],
  ['no installation where one is needed', mine, { cm: { installationID: 'eu' } }, 'not-owned: another-installation'],
  [
    'an Application in any namespace',
    tracked('team-a_web:/Secret:shop/db'),
    withParts(tenant),
    'owned team-a/web: tracking-id',
  ],
  [
    'one of any namespace that is absent',
    tracked('team-b_web:/Secret:shop/db'),
    withParts(tenant),
    'unconfirmed team-b/web: application-absent',
  ],
  [
    'kept by another control plane',
    tracked('team-a_web:/Secret:shop/db'),
    withParts({ ...tenant, status: { controllerNamespace: 'argo-b' } }),
    'unconfirmed team-a/web: another-control-plane',
  ],
  [
    'with the namespace where none belongs',
    tracked('argocd_web:/Secret:shop/db'),
    {},
    'unconfirmed argocd/web: another-instance-name',
  ],
  ['label mode', labelled('web'), { cm: byLabel }, 'owned argocd/web: label'],
  ['label mode ignores the annotation', mine, { cm: byLabel }, 'not-owned: no-mark'],
  [
    'label mode, another key',
    { labels: { 'argo/app': 'web' } },
    { cm: { ...byLabel, 'application.instanceLabelKey': 'argo/app' } },
    'owned argocd/web: label',
  ],
  [
    'label mode, not listed',
    labelled('web'),
    { cm: byLabel, ...withStatus({ resources: [] }) },
    'unconfirmed argocd/web: not-in-status',
  ],
  ['label mode, malformed', labelled('a/b'), { cm: byLabel }, 'not-owned: malformed-label'],
  ['a label from before, and the status agrees', labelled('web'), {}, 'owned argocd/web: label'],
  ['a label that Helm writes too', labelled('nginx'), {}, 'not-owned: label-only'],
  ['a label, and the status does not agree', labelled('web'), withStatus({ resources: [] }), 'not-owned: label-only'],
  [
    'annotation and label',
    { ...mine, ...labelled('cut-short') },
    { cm: { 'application.resourceTrackingMethod': 'annotation+label' } },
    'owned argocd/web: tracking-id',
  ],
  [
    'a method of tomorrow is read like annotations',
    mine,
    { cm: { 'application.resourceTrackingMethod': 'hologram' } },
    'owned argocd/web: tracking-id',
  ],
];
for (const [rule, marks, setting, expected] of rows) {
  test(`owner: ${rule}`, () => {
    const answer = findOwner(live(secret, marks), plane(setting));
    assert.equal(brief(answer), expected);
    const shared: Ownership = answer;
    if (shared.kind !== 'not-owned') assert.equal(shared.owner.engine, 'argocd');
  });
}

const external = { group: 'external-secrets.io', kind: 'ExternalSecret', namespace: 'shop', name: 'db' };
const made = (kind = 'ExternalSecret', namespace = 'shop'): Made => ({
  namespace,
  owners: [
    { group: 'apps', kind: 'ReplicaSet', name: 'web' },
    { group: 'external-secrets.io', kind, name: 'db' },
  ],
});
const lists = (name: string, parts: { metadata?: Record<string, unknown> } = {}): Application =>
  read(application({ metadata: { name, ...parts.metadata }, status: { resources: [external] } }));
const makers: [rule: string, of: Made, applications: readonly Application[], expected: string | undefined][] = [
  ['the Application that lists the producer', made(), [lists('web')], 'owned argocd/web: owner-reference'],
  ['of another namespace', made('ExternalSecret', 'other'), [lists('web')], undefined],
  ['a producer that none lists', made(), [read(application())], undefined],
  ['a producer that two list', made(), [lists('a'), lists('b')], undefined],
  ['no kind of producer', made('PushSecret'), [lists('web')], undefined],
  ['one that is being deleted', made(), [lists('web', { metadata: { deletionTimestamp: 'x' } })], undefined],
];
for (const [rule, of, applications, expected] of makers) {
  test(`owner of what a producer made: ${rule}`, () => {
    const answer = findMakersOwner(of, applications);
    assert.equal(answer && brief(answer), expected);
  });
}

test('owner: what Git does not declare any more is said', () => {
  const answer = findOwner(
    live(secret, mine),
    plane(withStatus({ resources: [{ ...secret, requiresPruning: true }] })),
  );
  assert.ok(answer.kind === 'owned');
  assert.equal(answer.resource.requiresPruning, true);
});
