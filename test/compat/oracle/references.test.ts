import { deepEqual } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { findTarget, type Found } from './references.ts';
import type { ConfigKind, Container, PodSpec, Volume } from './types.ts';

interface Row {
  /** The line of §3. */
  readonly source: string;
  readonly says: string;
  readonly kind?: ConfigKind;
  readonly named?: true;
  readonly volumes?: readonly Volume[];
  readonly main?: Partial<Container>;
  readonly side?: Partial<Container>;
  readonly init?: Partial<Container>;
  readonly pod?: Partial<PodSpec>;
  readonly expect?: readonly [container: string, found: Found];
}

const mount = (...names: string[]): Partial<Container> => ({
  volumeMounts: names.map((name) => ({ name, mountPath: `/${name}` })),
});
const configMap = { name: 'v', configMap: { name: 'foo' } };
const secret = { name: 'v', secret: { secretName: 'foo' } };
const csi = {
  name: 'v',
  csi: { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass: 'foo' } },
};
const env: Partial<Container> = { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'foo', key: 'a' } } }] };
const secretEnv: Partial<Container> = { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'foo', key: 'a' } } }] };
const envFrom: Partial<Container> = { envFrom: [{ configMapRef: { name: 'foo' } }] };
const secretEnvFrom: Partial<Container> = { envFrom: [{ secretRef: { name: 'foo' } }] };

const rows: readonly Row[] = [
  { source: 'Volumes', says: 'configMap', volumes: [configMap], side: mount('v'), expect: ['side', 'mount'] },
  { source: 'Volumes', says: 'secret', kind: 'Secret', volumes: [secret], main: mount('v'), expect: ['main', 'mount'] },
  { source: 'Volumes', says: 'a secret volume is no ConfigMap', volumes: [secret], main: mount('v') },
  {
    source: 'Volumes',
    says: 'projected configMap',
    volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 'bar' } }, { configMap: { name: 'foo' } }] } }],
    side: mount('v'),
    expect: ['side', 'mount'],
  },
  {
    source: 'Volumes',
    says: 'projected secret',
    kind: 'Secret',
    volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 'foo' } }] } }],
    main: mount('v'),
    expect: ['main', 'mount'],
  },
  {
    source: 'Volumes',
    says: 'CSI',
    kind: 'SecretProviderClass',
    volumes: [csi],
    side: mount('v'),
    expect: ['side', 'mount'],
  },
  { source: 'Volumes', says: 'CSI is no Secret', kind: 'Secret', volumes: [csi], main: mount('v') },
  { source: 'Volumes', says: 'not mounted', volumes: [configMap] },
  {
    source: 'Volumes',
    says: 'mounted by an init container, recorded on the first container',
    volumes: [configMap],
    init: mount('v'),
    expect: ['main', 'init-mount'],
  },
  {
    source: 'Volumes',
    says: 'only the first of that source: the second is missed',
    volumes: [configMap, { ...configMap, name: 'w' }],
    main: mount('w'),
  },
  {
    source: 'Volumes',
    says: 'only the first of that source: env still counts',
    volumes: [configMap, { ...configMap, name: 'w' }],
    main: mount('w'),
    side: env,
    expect: ['side', 'env'],
  },
  {
    source: 'Volumes',
    says: 'another volume comes first',
    volumes: [{ name: 'w', configMap: { name: 'bar' } }, configMap],
    main: mount('w'),
    side: mount('v'),
    expect: ['side', 'mount'],
  },
  { source: 'env', says: 'configMapKeyRef', side: env, expect: ['side', 'env'] },
  { source: 'env', says: 'secretKeyRef', kind: 'Secret', side: secretEnv, expect: ['side', 'env'] },
  { source: 'env', says: 'envFrom configMapRef', side: envFrom, expect: ['side', 'env'] },
  { source: 'env', says: 'envFrom secretRef', kind: 'Secret', side: secretEnvFrom, expect: ['side', 'env'] },
  { source: 'env', says: 'of the other kind', side: { ...secretEnv, ...secretEnvFrom } },
  {
    source: 'env',
    says: 'of an init container, recorded on the first container',
    init: envFrom,
    expect: ['main', 'init-env'],
  },
  {
    source: 'Order',
    says: 'the first container that mounts',
    volumes: [configMap],
    main: mount('v'),
    side: mount('v'),
    expect: ['main', 'mount'],
  },
  {
    source: 'Order',
    says: 'a mount in a later container before env in an earlier one',
    volumes: [configMap],
    main: env,
    side: mount('v'),
    expect: ['side', 'mount'],
  },
  {
    source: 'Order',
    says: 'a mount in an init container before env in a container',
    volumes: [configMap],
    init: mount('v'),
    side: env,
    expect: ['main', 'init-mount'],
  },
  {
    source: 'Order',
    says: 'env in a container before env in an init container',
    init: env,
    side: env,
    expect: ['side', 'env'],
  },
  {
    source: 'Order',
    says: 'envFrom of an earlier container before env of a later one',
    main: envFrom,
    side: env,
    expect: ['main', 'env'],
  },
  { source: 'Order', says: 'named without reference', named: true, expect: ['main', 'first'] },
  { source: 'Order', says: 'named with a reference', named: true, side: env, expect: ['side', 'env'] },
  { source: 'Order', says: 'auto without reference' },
  {
    source: 'optional',
    says: 'makes no difference',
    side: { envFrom: [{ configMapRef: { name: 'foo', optional: true } }] },
    expect: ['side', 'env'],
  },
  {
    source: 'NOT considered',
    says: 'ephemeral containers',
    pod: { ephemeralContainers: [{ name: 'debug', image: 'x', ...env }] },
  },
  { source: 'NOT considered', says: 'imagePullSecrets', kind: 'Secret', pod: { imagePullSecrets: [{ name: 'foo' }] } },
  {
    source: 'NOT considered',
    says: 'nodePublishSecretRef',
    kind: 'Secret',
    volumes: [{ name: 'v', csi: { driver: 'x', nodePublishSecretRef: { name: 'foo' } } }],
    main: mount('v'),
  },
  {
    source: 'NOT considered',
    says: 'azureFile',
    kind: 'Secret',
    volumes: [{ name: 'v', azureFile: { secretName: 'foo', shareName: 's' } }],
    main: mount('v'),
  },
  {
    source: 'NOT considered',
    says: 'native sidecars other than as init containers',
    init: { ...env, restartPolicy: 'Always' },
    expect: ['main', 'init-env'],
  },
];

suite('references, by lines of §3', () => {
  for (const { source, says, kind = 'ConfigMap', named, volumes = [], main, side, init, pod, expect } of rows) {
    test(`${source}: ${says}`, () => {
      const podSpec: PodSpec = {
        volumes,
        containers: [
          { name: 'main', image: 'x', ...main },
          { name: 'side', image: 'x', ...side },
        ],
        ...(init && { initContainers: [{ name: 'init', image: 'x', ...init }] }),
        ...pod,
      };
      const found = findTarget(podSpec, { kind, name: 'foo', auto: named !== true });
      deepEqual(found && [found.container, found.found], expect);
    });
  }
});
