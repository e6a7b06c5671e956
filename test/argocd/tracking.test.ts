// The marks of Argo CD on live objects, one row a form.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applicationOf, isSelfReferencing, parseTrackingId, readTrackingSettings } from '../../argocd/tracking.ts';
import { deployment, secret } from './examples.ts';

const ids: [text: string, parsed: ReturnType<typeof parseTrackingId>][] = [
  ['web:apps/Deployment:shop/web', { instance: 'web', object: deployment }],
  ['web:/Secret:shop/db', { instance: 'web', object: secret }],
  ['team-a_web:/Secret:shop/db', { instance: 'team-a_web', object: secret }],
  [
    'web:rbac.authorization.k8s.io/ClusterRole:shop/system:web',
    {
      instance: 'web',
      object: { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', namespace: 'shop', name: 'system:web' },
    },
  ],
  ['', undefined],
  ['web', undefined],
  ['web:/Secret', undefined],
  [':/Secret:shop/db', undefined],
  ['web:Secret:shop/db', undefined],
  ['web:a/b/Secret:shop/db', undefined],
  ['web:/Secret:shop', undefined],
  ['web:/Secret:shop/', undefined],
  ['web:/Secret:shop/db/x', undefined],
  [`${'a:'.repeat(100_000)}/`, undefined],
];
for (const [text, parsed] of ids) {
  test(`tracking id ${text.slice(0, 60) || 'empty'}`, () => assert.deepEqual(parseTrackingId(text), parsed));
}

const references: [rule: string, text: string, object: typeof secret, answer: boolean][] = [
  ['the same', 'web:/Secret:shop/db', secret, true],
  ['another namespace', 'web:/Secret:other/db', secret, false],
  ['another name', 'web:/Secret:shop/copy', secret, false],
  ['another kind', 'web:/ConfigMap:shop/db', secret, false],
  ['another group', 'web:x.io/Secret:shop/db', secret, false],
  ['cluster-scoped', 'web:/Namespace:shop/prod', { group: '', kind: 'Namespace', namespace: '', name: 'prod' }, true],
];
for (const [rule, text, object, answer] of references) {
  test(`a tracking id speaks of its object: ${rule}`, () => {
    const id = parseTrackingId(text);
    assert.ok(id);
    assert.equal(isSelfReferencing(id, object), answer);
  });
}

const instances: [instance: string, place: string | undefined][] = [
  ['web', 'argocd/web'],
  ['team-a_web', 'team-a/web'],
  ['web.eu', 'argocd/web.eu'],
  ['__proto__', undefined],
  ['team_a_web', undefined],
  ['_web', undefined],
  ['team_', undefined],
  ['../web', undefined],
  ['Web', undefined],
  ['a'.repeat(254), undefined],
];
for (const [instance, place] of instances) {
  test(`instance ${instance.slice(0, 20)} is ${place ?? 'no Application'}`, () => {
    const found = applicationOf(instance, 'argocd');
    assert.equal(found && `${found.namespace}/${found.name}`, place);
  });
}

const settings: [data: [string, string][], expected: unknown][] = [
  [[], { method: 'annotation', labelKey: 'app.kubernetes.io/instance', installationId: undefined }],
  [
    [
      ['application.resourceTrackingMethod', 'label'],
      ['application.instanceLabelKey', 'argo/app'],
      ['installationID', 'eu-1'],
    ],
    { method: 'label', labelKey: 'argo/app', installationId: 'eu-1' },
  ],
  [
    [['application.resourceTrackingMethod', 'hologram']],
    { method: 'unknown', labelKey: 'app.kubernetes.io/instance', installationId: undefined },
  ],
];
for (const [data, expected] of settings) {
  test(`settings: ${JSON.stringify(data)}`, () => assert.deepEqual(readTrackingSettings(new Map(data)), expected));
}
