import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  findReferences,
  listReferences,
  type ExtraReference,
  type PodSpec,
  type Reference,
} from '../../server/core/references.ts';

const secret = (name: string, keys: Reference['keys'] = 'all', optional = false): Reference => ({
  kind: 'Secret',
  name,
  keys,
  optional,
});
const configMap = (name: string, keys: Reference['keys'] = 'all', optional = false): Reference => ({
  ...secret(name, keys, optional),
  kind: 'ConfigMap',
});
const mounted = (volume: object, mounts: readonly object[] = [{ name: 'v' }]): PodSpec => ({
  containers: [{ volumeMounts: mounts }],
  volumes: [{ name: 'v', ...volume }],
});
const env = (...refs: object[]): PodSpec => ({ containers: [{ env: refs.map((valueFrom) => ({ valueFrom })) }] });

const rows: [rule: string, spec: PodSpec, references: Reference[]][] = [
  ['nothing used', {}, []],
  ['envFrom uses all keys', { containers: [{ envFrom: [{ secretRef: { name: 'a' } }] }] }, [secret('a')]],
  [
    'envFrom of a ConfigMap',
    { containers: [{ envFrom: [{ configMapRef: { name: 'a', optional: true } }] }] },
    [configMap('a', 'all', true)],
  ],
  ['env uses one key', env({ secretKeyRef: { name: 'a', key: 'k' } }), [secret('a', ['k'])]],
  ['env of a ConfigMap', env({ configMapKeyRef: { name: 'a', key: 'k' } }), [configMap('a', ['k'])]],
  [
    'keys are sorted and named once',
    env(...['z', 'a', 'z'].map((key) => ({ secretKeyRef: { name: 's', key } }))),
    [secret('s', ['a', 'z'])],
  ],
  [
    'all keys swallow single ones',
    {
      containers: [
        { env: [{ valueFrom: { secretKeyRef: { name: 'a', key: 'k' } } }], envFrom: [{ secretRef: { name: 'a' } }] },
      ],
    },
    [secret('a')],
  ],
  ['init containers count', { initContainers: [{ envFrom: [{ secretRef: { name: 'a' } }] }] }, [secret('a')]],
  ['a mounted Secret', mounted({ secret: { secretName: 'a' } }), [secret('a')]],
  ['a mounted ConfigMap', mounted({ configMap: { name: 'a' } }), [configMap('a')]],
  [
    'a mounted SecretProviderClass, whatever is mounted of it',
    mounted({ csi: { driver: 'd', volumeAttributes: { secretProviderClass: 'a' } } }, [{ name: 'v', subPath: 'k' }]),
    [{ kind: 'SecretProviderClass', name: 'a', keys: 'all', optional: false }],
  ],
  ['a CSI volume of another driver', mounted({ csi: { driver: 'd', volumeAttributes: { a: 'b' } } }), []],
  ['a volume that nobody mounts is not used', { volumes: [{ name: 'v', secret: { secretName: 'a' } }] }, []],
  [
    'items name the keys',
    mounted({ secret: { secretName: 'a', items: [{ key: 'k', path: 'p' }] } }),
    [secret('a', ['k'])],
  ],
  [
    'a subPath names its key',
    mounted({ configMap: { name: 'a' } }, [{ name: 'v', subPath: 'k/x' }]),
    [configMap('a', ['k'])],
  ],
  [
    'a whole mount beside a subPath',
    mounted({ configMap: { name: 'a' } }, [{ name: 'v', subPath: 'k' }, { name: 'v' }]),
    [configMap('a')],
  ],
  [
    'a computed subPath may be any key',
    mounted({ configMap: { name: 'a' } }, [{ name: 'v', subPathExpr: '$(X)' }]),
    [configMap('a')],
  ],
  [
    'projected volumes',
    mounted({
      projected: { sources: [{ secret: { name: 'b', items: [{ key: 'k' }] } }, { configMap: { name: 'a' } }, {}] },
    }),
    [configMap('a'), secret('b', ['k'])],
  ],
  [
    'optional only when every use is',
    env({ secretKeyRef: { name: 'a', key: 'k', optional: true } }, { secretKeyRef: { name: 'a', key: 'l' } }),
    [secret('a', ['k', 'l'])],
  ],
  [
    'required first, optional later',
    env({ secretKeyRef: { name: 'a', key: 'k' } }, { secretKeyRef: { name: 'a', key: 'l', optional: true } }),
    [secret('a', ['k', 'l'])],
  ],
  [
    'names that are missing or empty are no use',
    { containers: [{ envFrom: [{ secretRef: {} }, { secretRef: { name: '' } }] }] },
    [],
  ],
];
for (const [rule, spec, references] of rows) {
  test(`references: ${rule}`, () => assert.deepEqual(findReferences(spec), references));
}

const twoVolumes: PodSpec = {
  containers: [{ volumeMounts: [{ name: 'second' }] }],
  volumes: [
    { name: 'first', secret: { secretName: 'db' } },
    { name: 'second', secret: { secretName: 'db' } },
  ],
};
const reader = { envFrom: [{ secretRef: { name: 'db' } }] };
const extraRows: readonly [rule: string, spec: PodSpec, extra: ExtraReference][] = [
  ['every-volume: the second volume of one source', twoVolumes, 'every-volume'],
  ['ephemeral-containers', { ephemeralContainers: [reader] }, 'ephemeral-containers'],
  ['image-pull-secrets', { imagePullSecrets: [{ name: 'db' }] }, 'image-pull-secrets'],
];
for (const [rule, spec, extra] of extraRows) {
  test(`3 beyond Reloader: ${rule}`, () => {
    const list = (...extras: ExtraReference[]) =>
      listReferences(spec as never, { granularity: 'whole-objects', extras }).map(({ name }) => name);
    assert.deepEqual([list(), list(extra)], [[], ['db']]);
  });
}

test('3 a native sidecar is an init container and counts with every strategy', () => {
  const spec = { containers: [{ name: 'main' }], initContainers: [{ name: 'side', ...reader }] };
  const [found] = listReferences(spec as never, { granularity: 'whole-objects', extras: [] });
  assert.equal(found?.name, 'db');
});
