// What Reloader takes for a use of a config object, and the container that it changes: section 3 of its contract.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReloaderKind } from '../../server/core/reloader-keys.ts';
import {
  findChangedContainer,
  findReloaderUse,
  type ReloaderContainer,
  type ReloaderPodSpec,
  type ReloaderVolume,
} from '../../server/core/reloader-references.ts';

const bare = { name: 'bare' };
const mounting = (name: string): ReloaderContainer => ({ name: 'mounts', volumeMounts: [{ name }] });
const fromConfigMap: ReloaderVolume = { name: 'v', configMap: { name: 'app' } };
const fromSecret: ReloaderVolume = { name: 'v', secret: { secretName: 'app' } };
const fromClass: ReloaderVolume = { name: 'v', csi: { volumeAttributes: { secretProviderClass: 'app' } } };
const mapKey: ReloaderContainer = {
  name: 'key',
  env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'app' } } }],
};
const secretKey: ReloaderContainer = {
  name: 'key',
  env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'app' } } }],
};
const mapAll: ReloaderContainer = { name: 'all', envFrom: [{ configMapRef: { name: 'app' } }] };
const secretAll: ReloaderContainer = { name: 'all', envFrom: [{ secretRef: { name: 'app' } }] };

type Row = readonly [rule: string, kind: ReloaderKind, spec: ReloaderPodSpec, found: string];

const rows: readonly Row[] = [
  ['volume configMap', 'ConfigMap', { volumes: [fromConfigMap], containers: [bare, mounting('v')] }, '1 mount'],
  ['volume secret', 'Secret', { volumes: [fromSecret], containers: [bare, mounting('v')] }, '1 mount'],
  ['volume CSI', 'SecretProviderClass', { volumes: [fromClass], containers: [bare, mounting('v')] }, '1 mount'],
  [
    'projected configMap',
    'ConfigMap',
    { volumes: [{ name: 'v', projected: { sources: [{ configMap: { name: 'app' } }] } }], containers: [mounting('v')] },
    '0 mount',
  ],
  [
    'projected secret',
    'Secret',
    {
      volumes: [{ name: 'v', projected: { sources: [{ configMap: { name: 'x' } }, { secret: { name: 'app' } }] } }],
      containers: [mounting('v')],
    },
    '0 mount',
  ],
  ['a volume of the other kind', 'Secret', { volumes: [fromConfigMap], containers: [mounting('v')] }, 'nothing'],
  [
    'a volume of another name',
    'ConfigMap',
    { volumes: [{ name: 'v', configMap: { name: 'x' } }], containers: [mounting('v')] },
    'nothing',
  ],
  ['a volume that nothing mounts', 'ConfigMap', { volumes: [fromConfigMap], containers: [bare] }, 'nothing'],
  [
    'a mount in an init container changes the first container',
    'ConfigMap',
    { volumes: [fromConfigMap], containers: [bare, mapKey], initContainers: [mounting('v')] },
    '0 init-mount',
  ],
  [
    'containers before init containers',
    'ConfigMap',
    { volumes: [fromConfigMap], containers: [bare, mounting('v')], initContainers: [mounting('v')] },
    '1 mount',
  ],
  [
    'a mount in an init container before an env in a container',
    'ConfigMap',
    { volumes: [fromConfigMap], containers: [bare, mapAll], initContainers: [mounting('v')] },
    '0 init-mount',
  ],
  ['a mount before an env', 'ConfigMap', { volumes: [fromConfigMap], containers: [mapKey, mounting('v')] }, '1 mount'],
  [
    'only the first volume of a source',
    'ConfigMap',
    { volumes: [{ ...fromConfigMap, name: 'first' }, fromConfigMap], containers: [mounting('v')] },
    'nothing',
  ],
  [
    'an env still counts beside an unmounted volume',
    'ConfigMap',
    { volumes: [fromConfigMap], containers: [bare, mapKey] },
    '1 env',
  ],
  ['env configMapKeyRef', 'ConfigMap', { containers: [bare, mapKey] }, '1 env'],
  ['env secretKeyRef', 'Secret', { containers: [bare, secretKey] }, '1 env'],
  ['envFrom configMapRef', 'ConfigMap', { containers: [bare, mapAll] }, '1 env'],
  ['envFrom secretRef', 'Secret', { containers: [bare, secretAll] }, '1 env'],
  ['env of the other kind', 'Secret', { containers: [mapKey, mapAll] }, 'nothing'],
  ['env and a SecretProviderClass', 'SecretProviderClass', { containers: [secretKey, mapAll] }, 'nothing'],
  ['the first container that reads', 'ConfigMap', { containers: [bare, mapAll, mapKey] }, '1 env'],
  [
    'env in an init container changes the first container',
    'Secret',
    { containers: [bare, bare], initContainers: [secretKey] },
    '0 init-env',
  ],
  [
    'env in a container before an init container',
    'Secret',
    { containers: [bare, secretAll], initContainers: [secretKey] },
    '1 env',
  ],
  [
    'optional makes no difference',
    'ConfigMap',
    JSON.parse(
      '{"containers":[{"name":"a","envFrom":[{"configMapRef":{"name":"app","optional":true}}]}]}',
    ) as ReloaderPodSpec,
    '0 env',
  ],
  [
    'ephemeral containers do not count',
    'ConfigMap',
    JSON.parse(
      '{"containers":[{"name":"a"}],"ephemeralContainers":[{"name":"b","envFrom":[{"configMapRef":{"name":"app"}}]}]}',
    ) as ReloaderPodSpec,
    'nothing',
  ],
  [
    'imagePullSecrets do not count',
    'Secret',
    JSON.parse('{"containers":[{"name":"a"}],"imagePullSecrets":[{"name":"app"}]}') as ReloaderPodSpec,
    'nothing',
  ],
  [
    'nodePublishSecretRef does not count',
    'Secret',
    JSON.parse(
      '{"containers":[{"name":"a","volumeMounts":[{"name":"v"}]}],"volumes":[{"name":"v","csi":{"nodePublishSecretRef":{"name":"app"}}}]}',
    ) as ReloaderPodSpec,
    'nothing',
  ],
  [
    'a volume without a name is mounted nowhere',
    'ConfigMap',
    { volumes: [{ configMap: { name: 'app' } }], containers: [{ name: 'a', volumeMounts: [{}] }] },
    'nothing',
  ],
  ['nothing at all', 'ConfigMap', {}, 'nothing'],
  ['an init container and no container', 'ConfigMap', { initContainers: [mapKey] }, 'nothing'],
];
for (const [rule, kind, spec, found] of rows) {
  test(`3 references: ${rule}`, () => {
    const use = findReloaderUse(spec, { kind, name: 'app' });
    assert.equal(use === undefined ? 'nothing' : `${use.container} ${use.foundBy}`, found);
  });
}

const app = { kind: 'ConfigMap', name: 'app' } as const;
test('3 container: a named annotation falls back to the first container', () => {
  assert.deepEqual(findChangedContainer({ containers: [bare, mapKey] }, app, 'named'), {
    container: 1,
    foundBy: 'env',
  });
  assert.deepEqual(findChangedContainer({ containers: [bare] }, app, 'named'), { container: 0, foundBy: 'named' });
  assert.equal(findChangedContainer({ containers: [] }, app, 'named'), undefined);
});
for (const how of ['search', 'auto'] as const) {
  test(`3 container: ${how} needs a use`, () => {
    assert.equal(findChangedContainer({ containers: [bare] }, app, how), undefined);
    assert.deepEqual(findChangedContainer({ containers: [mapAll] }, app, how), { container: 0, foundBy: 'env' });
  });
}
