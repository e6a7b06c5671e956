import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type DeclaredReason,
  describeDeclared,
  type Kustomization,
  readKustomization,
} from '../../flux/kustomization.ts';
import { type FluxSource, readSource } from '../../flux/sources.ts';
import {
  artifact,
  commit,
  condition,
  digest,
  type Fields,
  gitRepository,
  kustomization,
  later,
  source,
} from './resources.ts';

function read(value: unknown): { kustomization: Kustomization; problems: string[] } {
  const reading = readKustomization(value);
  assert.ok(reading.kind === 'read', JSON.stringify(reading.problems));
  return { kustomization: reading.value, problems: reading.problems.map(({ path, word }) => `${path} ${word}`) };
}

function readGit(value: unknown): FluxSource {
  const reading = readSource(value);
  assert.ok(reading.kind === 'read');
  return reading.value;
}

const noTarget = {
  group: undefined,
  version: undefined,
  kind: undefined,
  namespace: undefined,
  name: undefined,
  labelSelector: undefined,
  annotationSelector: undefined,
};

test('flux kustomization: a plain one', () => {
  const { kustomization: plain, problems } = read(kustomization());
  const { inventory, progress, ...facts } = plain;
  assert.deepEqual(facts, {
    ref: { engine: 'flux', kind: 'Kustomization', namespace: 'flux-system', name: 'shop' },
    source: { kind: 'GitRepository', namespace: 'flux-system', name: 'fleet' },
    path: 'apps/shop',
    targetNamespace: undefined,
    transforms: [],
    patches: [],
    ignoreMissingComponents: false,
    substitution: undefined,
    decryption: undefined,
    ignores: [],
    otherCluster: false,
    serviceAccountName: undefined,
    force: false,
    prune: true,
    generation: 3,
    observedGeneration: 3,
    lastApplied: `main@sha1:${commit}`,
    attemptedRevision: `main@sha1:${commit}`,
    appliedOriginRevision: undefined,
    handledRequest: '2026-08-20T09:59:00.1Z',
  });
  assert.equal(inventory?.ids.size, 5);
  assert.equal(inventory.complete, true);
  assert.equal(progress.suspended, false);
  assert.deepEqual(problems, []);
});

test('flux kustomization: one with everything', () => {
  const spec = {
    sourceRef: { kind: 'OCIRepository', name: 'shop', namespace: 'sources' },
    targetNamespace: 'shop',
    namePrefix: 'eu-',
    patches: [
      { patch: '- op: add\n  path: /data/password\n  value: czNjcjN0', target: { kind: 'Secret', name: 'db' } },
      { patch: 'apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: s3cr3t}' },
    ],
    postBuild: {
      substitute: { region: 's3cr3t', cluster: 'prod' },
      substituteFrom: [
        { kind: 'ConfigMap', name: 'vars' },
        { kind: 'Secret', name: 'secret-vars', optional: true },
      ],
      substituteStrategy: 'Always',
    },
    decryption: { provider: 'sops', secretRef: { name: 'age' } },
    ignore: [{ paths: ['/spec/replicas'], target: { kind: 'Deployment' } }],
    kubeConfig: { secretRef: { name: 'edge' } },
    serviceAccountName: 'deployer',
    force: true,
  };
  const { kustomization: full, problems } = read(kustomization({ spec }));
  assert.deepEqual(full.source, { kind: 'OCIRepository', namespace: 'sources', name: 'shop' });
  assert.deepEqual(full.transforms, ['targetNamespace', 'namePrefix', 'patches']);
  assert.deepEqual(full.patches, [{ ...noTarget, kind: 'Secret', name: 'db' }, noTarget]);
  assert.deepEqual(full.substitution, {
    names: ['region', 'cluster'],
    from: [
      { kind: 'ConfigMap', name: 'vars', optional: false },
      { kind: 'Secret', name: 'secret-vars', optional: true },
    ],
    strategy: 'Always',
  });
  assert.deepEqual(full.decryption, { provider: 'sops', secretName: 'age' });
  assert.deepEqual(full.ignores, [{ paths: ['/spec/replicas'], target: { ...noTarget, kind: 'Deployment' } }]);
  assert.deepEqual([full.otherCluster, full.serviceAccountName, full.force], [true, 'deployer', true]);
  assert.deepEqual(problems, []);
  assert.ok(!/s3cr3t|czNjcjN0/.test(JSON.stringify(full)), 'patches and substituted values stay outside');
});

const paths: [rule: string, path: unknown, expected: string | undefined][] = [
  ['none is the root', undefined, ''],
  ['a dot is the root', './', ''],
  ['a folder', './apps/shop', 'apps/shop'],
  ['slashes around it', '/apps//shop/', 'apps/shop'],
  ['up and down', 'apps/../infra', 'infra'],
  ['out of the root stays in it', '../../etc', 'etc'],
  ['a backslash is part of a name', 'apps\\..\\x', 'apps\\..\\x'],
  ['a NUL', 'apps\0', undefined],
  ['a number', 7, undefined],
  ['too long', 'a/'.repeat(3_000), undefined],
];
for (const [rule, path, expected] of paths) {
  test(`flux kustomization path: ${rule}`, () => {
    const { kustomization: found, problems } = read(kustomization({ spec: { path } }));
    assert.equal(found.path, expected);
    assert.equal(problems.length, expected === undefined ? 1 : 0);
  });
}

const hostile: [rule: string, changes: { spec?: unknown; status?: unknown }, problems: string[]][] = [
  [
    'a spec that is a list',
    { spec: [] },
    ['spec wrong-type', 'spec.sourceRef.kind missing', 'spec.sourceRef.name missing'],
  ],
  [
    'a source of an unknown kind',
    { spec: { sourceRef: { kind: 'HelmRepository', name: 'x' } } },
    ['spec.sourceRef.kind malformed'],
  ],
  ['a source without a name', { spec: { sourceRef: { kind: 'Bucket' } } }, ['spec.sourceRef.name missing']],
  ['patches that are a map', { spec: { patches: {} } }, ['spec.patches wrong-type']],
  ['1,001 patches', { spec: { patches: Array.from({ length: 1_001 }, () => ({})) } }, ['spec.patches too-many']],
  [
    'a substituteFrom of another kind',
    { spec: { postBuild: { substituteFrom: [{ kind: 'Pod', name: 'x' }] } } },
    ['spec.postBuild.substituteFrom[0].kind malformed'],
  ],
  ['"true" for prune', { spec: { prune: 'true' } }, ['spec.prune wrong-type']],
  ['a status that is a text', { status: 'Ready' }, ['status wrong-type']],
  [
    'a condition of an unknown status',
    { status: { conditions: [condition('Ready', 'Maybe', 'X')] } },
    ['status.conditions[0].status malformed'],
  ],
  ['a revision that is a map', { status: { lastAppliedRevision: {} } }, ['status.lastAppliedRevision wrong-type']],
];
for (const [rule, changes, expected] of hostile) {
  test(`flux kustomization: ${rule}`, () => assert.deepEqual(read(kustomization(changes)).problems, expected));
}

const next = `main@sha1:${later}`;

test('flux kustomization declares: the commit that is applied, not the one that is offered', () => {
  const offered = readGit(gitRepository({ artifact: { ...artifact, revision: next } }));
  assert.deepEqual(describeDeclared(read(kustomization()).kustomization, offered), {
    repository: 'https://git.example.com/team/fleet.git',
    revision: commit,
    path: 'apps/shop',
    renderer: 'auto',
  });
});

test('flux kustomization declares: its own changes make it kustomize', () => {
  const own = read(kustomization({ spec: { targetNamespace: 'shop' } })).kustomization;
  assert.equal(describeDeclared(own, readGit(gitRepository())).renderer, 'kustomize');
});

test('flux kustomization declares: of an artifact, where it says it comes from', () => {
  const metadata = { 'org.opencontainers.image.source': 'https://git.example.com/team/fleet.git' };
  const oci = source('OCIRepository', { status: { artifact: { revision: `latest@${digest}`, metadata } } });
  const status = { lastAppliedRevision: `latest@${digest}`, lastAppliedOriginRevision: `main@sha1:${commit}` };
  const own = read(
    kustomization({ spec: { sourceRef: { kind: 'OCIRepository', name: 'fleet' } }, status }),
  ).kustomization;
  assert.deepEqual(describeDeclared(own, readGit(oci)), {
    repository: 'https://git.example.com/team/fleet.git',
    revision: commit,
    path: undefined,
    renderer: 'auto',
    reason: 'oci-artifact',
  });
});

const reasons: [reason: DeclaredReason, changes: Parameters<typeof kustomization>[0], source: Fields | undefined][] = [
  ['source-unknown', {}, undefined],
  ['source-unknown', { spec: { sourceRef: { kind: 'GitRepository', name: 'other' } } }, gitRepository()],
  [
    'source-unknown',
    { spec: { sourceRef: { kind: 'GitRepository', name: 'fleet', namespace: 'x' } } },
    gitRepository(),
  ],
  ['source-unknown', { spec: { sourceRef: 'fleet' } }, gitRepository()],
  ['submodules', {}, gitRepository({ spec: { recurseSubmodules: true } })],
  ['path-unreadable', { spec: { path: 7 } }, gitRepository()],
  ['not-applied', { status: { lastAppliedRevision: undefined } }, gitRepository()],
  ['applied-no-commit', { status: { lastAppliedRevision: digest } }, gitRepository()],
];
for (const [reason, changes, from] of reasons) {
  test(`flux kustomization declares nothing comparable: ${reason}`, () => {
    const own = read(kustomization(changes)).kustomization;
    assert.equal(describeDeclared(own, from && readGit(from)).reason, reason);
  });
}
