import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Comparability, type FluxSource, readSource, type SourceReason } from '../../flux/sources.ts';
import { artifact, commit, digest, type Fields, gitRepository, gitSpec, source } from './resources.ts';

function read(value: unknown): { source: FluxSource; problems: string[] } {
  const reading = readSource(value);
  assert.ok(reading.kind === 'read', JSON.stringify(reading.problems));
  return { source: reading.value, problems: reading.problems.map(({ path, word }) => `${path} ${word}`) };
}

test('flux source: a GitRepository', () => {
  const spec = {
    ignore: '/docs\n',
    sparseCheckout: ['apps'],
    suspend: true,
    verify: { mode: 'HEAD' },
    provider: 'github',
  };
  assert.deepEqual(read(gitRepository({ spec })), {
    source: {
      ref: { engine: 'flux', kind: 'GitRepository', namespace: 'flux-system', name: 'fleet' },
      suspended: true,
      url: 'https://git.example.com/team/fleet.git',
      follows: { by: 'branch', value: 'main' },
      artifact: {
        revision: `main@sha1:${commit}`,
        parsed: { kind: 'commit', ref: 'main', commit },
        digest,
        origin: { repository: undefined, revision: undefined },
      },
      secretName: 'fleet-auth',
      provider: 'github',
      verified: true,
      ignore: '/docs\n',
      sparseCheckout: ['apps'],
      comparability: { kind: 'comparable', repository: 'https://git.example.com/team/fleet.git' },
    },
    problems: [],
  });
});

test('flux source: an OCIRepository names what its artifact was built from', () => {
  const metadata = {
    'org.opencontainers.image.source': 'https://robot:s3cr3t@git.example.com/team/fleet.git',
    'org.opencontainers.image.revision': `main@sha1:${commit}`,
  };
  const value = source('OCIRepository', {
    spec: { url: 'oci://registry.example.com/fleet' },
    status: { artifact: { ...artifact, revision: `latest@${digest}`, metadata } },
  });
  const { source: oci, problems } = read(value);
  assert.equal(oci.url, 'oci://registry.example.com/fleet');
  assert.deepEqual(oci.follows, { by: 'tag', value: 'latest' });
  assert.deepEqual(oci.artifact?.parsed, { kind: 'digest', ref: 'latest', digest });
  const origin = { repository: 'https://git.example.com/team/fleet.git', revision: `main@sha1:${commit}` };
  assert.deepEqual(oci.artifact.origin, origin);
  assert.deepEqual(oci.comparability, { kind: 'not-comparable', reason: 'oci-artifact' });
  assert.deepEqual(problems, ['status.artifact.metadata.org.opencontainers.image.source holds-credentials']);
});

const follows: [rule: string, kind: string, ref: unknown, expected: FluxSource['follows']][] = [
  ['nothing named: master', 'GitRepository', undefined, { by: 'branch', value: 'master' }],
  ['a branch', 'GitRepository', { branch: 'main' }, { by: 'branch', value: 'main' }],
  ['a tag over a branch', 'GitRepository', { branch: 'main', tag: 'v1' }, { by: 'tag', value: 'v1' }],
  ['a range over a tag', 'GitRepository', { tag: 'v1', semver: '>=1' }, { by: 'semver', value: '>=1' }],
  [
    'a name over a range',
    'GitRepository',
    { semver: '>=1', name: 'refs/pull/1/head' },
    { by: 'name', value: 'refs/pull/1/head' },
  ],
  ['a commit over all', 'GitRepository', { name: 'refs/heads/x', commit }, { by: 'commit', value: commit }],
  [
    'a commit on its branch',
    'GitRepository',
    { branch: 'main', commit },
    { by: 'commit', value: commit, branch: 'main' },
  ],
  ['one of the wrong type: not known', 'GitRepository', { branch: 'main', tag: 7 }, undefined],
  ['an OCI tag', 'OCIRepository', { tag: 'v1' }, { by: 'tag', value: 'v1' }],
  ['an OCI range over a tag', 'OCIRepository', { tag: 'v1', semver: '1.x' }, { by: 'semver', value: '1.x' }],
  ['an OCI digest over all', 'OCIRepository', { tag: 'v1', semver: '1.x', digest }, { by: 'digest', value: digest }],
  ['a branch is nothing to OCI', 'OCIRepository', { branch: 'main' }, { by: 'tag', value: 'latest' }],
  ['a Bucket follows nothing', 'Bucket', { branch: 'main' }, undefined],
];
for (const [rule, kind, ref, expected] of follows) {
  test(`flux source follows: ${rule}`, () => {
    assert.deepEqual(read(source(kind, { spec: { url: 'https://h/x', ref } })).source.follows, expected);
  });
}

const git = (spec: Fields): Fields => gitRepository({ spec });
const reasons: [reason: SourceReason, rule: string, value: Fields][] = [
  ['bucket', 'a Bucket', source('Bucket', { spec: { bucketName: 'x' }, status: { artifact } })],
  ['external-artifact', 'an ExternalArtifact', source('ExternalArtifact', { status: { artifact } })],
  ['includes', 'files of other repositories', git({ include: [{ repository: { name: 'other' } }] })],
  ['submodules', 'files of submodules', git({ recurseSubmodules: true })],
  ['no-artifact', 'nothing fetched yet', gitRepository({ artifact: undefined })],
  ['no-artifact', 'an artifact without a revision', gitRepository({ artifact: { digest } })],
  ['no-artifact', 'an artifact of the wrong type', gitRepository({ artifact: 'x' })],
  [
    'artifact-not-a-commit',
    'a SHA-256 repository',
    gitRepository({ artifact: { revision: `main@<unknown>:${digest}` } }),
  ],
  ['artifact-not-a-commit', 'a digest', gitRepository({ artifact: { revision: digest } })],
  ['url-unusable', 'no URL', git({ url: undefined })],
  ['url-unusable', 'a spec of the wrong type', { ...gitRepository(), spec: [] }],
  ['url-unusable', 'a URL of the wrong type', git({ url: ['https://h/x'] })],
  ['url-unusable', 'git’s short form', git({ url: 'git@git.example.com:team/x.git' })],
  ['url-unusable', 'a file', git({ url: 'file:///etc' })],
  ['url-unusable', 'a program to run', git({ url: 'ext::sh -c id' })],
  ['url-unusable', 'an option for a URL', git({ url: '--upload-pack=id' })],
  ['url-unusable', 'an option for a host', git({ url: 'ssh://-oProxyCommand=id/x' })],
  ['url-unusable', 'an option for a user', git({ url: 'ssh://-oProxyCommand=id@h/x' })],
  ['url-unusable', 'a space', git({ url: 'https://h/x y' })],
  ['url-unusable', 'a line break', git({ url: 'https://h/x\n' })],
  ['url-unusable', 'a backslash', git({ url: 'https://h\\@evil/x' })],
  ['url-unusable', 'a token for a query', git({ url: 'https://h/x?token=s3cr3t' })],
  ['url-unusable', 'no host', git({ url: 'ssh:///x' })],
  ['url-unusable', 'a URL too long', git({ url: `https://h/${'x'.repeat(5_000)}` })],
  ['source-unreadable', 'a ref of the wrong type', git({ ref: 'main' })],
  ['source-unreadable', 'an ignore of the wrong type', git({ ignore: ['x'] })],
  ['source-unreadable', 'one include of the wrong type', git({ include: ['x'] })],
  [
    'source-unreadable',
    'more sparse paths than are read',
    git({ sparseCheckout: Array.from({ length: 1_001 }, String) }),
  ],
  ['source-unreadable', '"true" for submodules', git({ recurseSubmodules: 'true' })],
];
for (const [reason, rule, value] of reasons) {
  test(`flux source not comparable, ${reason}: ${rule}`, () => {
    const expected: Comparability = { kind: 'not-comparable', reason };
    assert.deepEqual(read(value).source.comparability, expected);
  });
}

const urls: [rule: string, url: string, expected: string, problems: string[]][] = [
  ['https', gitSpec.url, gitSpec.url, []],
  ['ssh keeps its user', 'ssh://git@git.example.com:2222/x.git', 'ssh://git@git.example.com:2222/x.git', []],
  ['ssh without a user', 'ssh://git.example.com/x.git', 'ssh://git.example.com/x.git', []],
  ['a user and a password', 'https://u:s3cr3t@h/x.git', 'https://h/x.git', ['spec.url holds-credentials']],
  ['a token for a user', 'https://s3cr3t@h/x.git', 'https://h/x.git', ['spec.url holds-credentials']],
  ['a password of ssh', 'ssh://git:s3cr3t@h/x.git', 'ssh://git@h/x.git', ['spec.url holds-credentials']],
];
for (const [rule, url, expected, expectedProblems] of urls) {
  test(`flux source URL: ${rule}`, () => {
    const { source: found, problems } = read(git({ url }));
    assert.equal(found.url, expected);
    assert.deepEqual(found.comparability, { kind: 'comparable', repository: expected });
    assert.deepEqual(problems, expectedProblems);
  });
}

const unreadable: [rule: string, value: unknown][] = [
  ['another kind of source', source('HelmRepository')],
  ['another group', { ...gitRepository(), apiVersion: 'kustomize.toolkit.fluxcd.io/v1' }],
  ['a kind that every object inherits', { ...gitRepository(), kind: 'constructor' }],
  ['null', null],
];
for (const [rule, value] of unreadable) {
  test(`flux source unreadable: ${rule}`, () => {
    const reading = readSource(value);
    assert.equal(reading.kind, 'unreadable');
    assert.notEqual(reading.problems.length, 0);
  });
}

test('flux source: no problem and no fact quotes a credential', () => {
  for (const url of ['https://u:s3cr3t@h/x', 'ssh://s3cr3t:s3cr3t@-h/x', 'https://h/x?s3cr3t', 'https://h/ s3cr3t']) {
    assert.ok(!JSON.stringify(readSource(git({ url }))).includes('s3cr3t'), url);
  }
});
