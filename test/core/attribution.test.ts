import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributeContent, type FieldWrite, type WriterFacts } from '../../server/core/attribution.ts';

const write = (
  manager: string,
  at: number | undefined,
  keys: string[],
  more: Partial<FieldWrite> = {},
): FieldWrite => ({
  manager,
  operation: 'Update',
  subresource: '',
  at,
  keys,
  ...more,
});
const facts = (entries: FieldWrite[], more: Partial<WriterFacts> = {}): WriterFacts => ({
  writes: { entries, complete: true },
  owners: [],
  marks: {},
  ...more,
});

const origins: [rule: string, entries: FieldWrite[], origin: string, reason: string, writer: string | undefined][] = [
  ['Argo CD', [write('argocd-controller', 1, ['a'])], 'git', 'engine', 'argocd-controller'],
  [
    'Argo CD before it named itself',
    [write('argocd-application-controller', 1, ['a'])],
    'git',
    'engine',
    'argocd-application-controller',
  ],
  ['Flux', [write('kustomize-controller', 1, ['a'], { operation: 'Apply' })], 'git', 'engine', 'kustomize-controller'],
  ['Flux’s Helm', [write('helm-controller', 1, ['a'])], 'git', 'engine', 'helm-controller'],
  ['a person who edits', [write('kubectl-edit', 1, ['a'])], 'runtime', 'other-writer', 'kubectl-edit'],
  ['any controller', [write('manager', 1, ['a'])], 'runtime', 'other-writer', 'manager'],
  [
    'a name that only begins like an engine’s',
    [write('argocd-controller-x', 1, ['a'])],
    'runtime',
    'other-writer',
    'argocd-controller-x',
  ],
  [
    'each key by another engine',
    [write('argocd-controller', 1, ['a']), write('helm-controller', 2, ['b'])],
    'git',
    'engine',
    undefined,
  ],
  [
    'an engine owns one key and a person another',
    [write('argocd-controller', 1, ['a']), write('kubectl-edit', 2, ['b'])],
    'unknown',
    'several-origins',
    undefined,
  ],
  [
    'an engine and a person own the same value',
    [write('argocd-controller', 2, ['a']), write('kubectl-edit', 1, ['a'])],
    'unknown',
    'several-origins',
    undefined,
  ],
  ['from before the API server kept track', [write('before-first-apply', 1, ['a'])], 'unknown', 'no-owner', undefined],
  ['merged by the API server', [write('ancient-changes', 1, ['a'])], 'unknown', 'no-owner', undefined],
  ['nobody', [], 'unknown', 'no-owner', undefined],
];
for (const [rule, entries, origin, reason, writer] of origins) {
  test(`origin: ${rule}: ${origin}, ${reason}`, () => {
    const found = attributeContent(facts(entries), 'all');
    assert.deepEqual([found.origin, found.reason, found.writer?.manager], [origin, reason, writer]);
  });
}

test('origin is of the keys that are asked about', () => {
  const both = facts([write('argocd-controller', 1, ['a']), write('kubectl-edit', 2, ['b'])]);
  assert.equal(attributeContent(both, ['a']).origin, 'git');
  assert.equal(attributeContent(both, ['b']).origin, 'runtime');
  assert.deepEqual(
    attributeContent(both, ['b']).writers.map(({ manager, kind }) => [manager, kind]),
    [['kubectl-edit', 'kubectl']],
  );
});

test('a key that nobody owns makes the origin unknown, whoever owns the others', () => {
  const found = attributeContent(facts([write('kubectl-edit', 1, ['a'])]), ['a', 'b']);
  assert.deepEqual([found.origin, found.reason, found.writer], ['unknown', 'no-owner', undefined]);
  assert.equal(found.keys.get('a')?.origin, 'runtime');
  assert.deepEqual(found.keys.get('b'), { origin: 'unknown', writers: [], notAfter: undefined });
});

test('a deleted key is owned by nobody, and the time that an entry kept says nothing about it', () => {
  const found = attributeContent(facts([write('kubectl-edit', 5, ['a'])]), ['gone']);
  assert.deepEqual([found.origin, found.keys.get('gone')?.notAfter, found.writers], ['unknown', undefined, []]);
});

test('more entries than are read: nothing is claimed about any key', () => {
  const found = attributeContent(
    facts([], { writes: { entries: [write('kubectl-edit', 1, ['a'])], complete: false } }),
    'all',
  );
  assert.deepEqual(
    [found.origin, found.reason, found.writer, found.keys.get('a')?.writers],
    ['unknown', 'too-many-writers', undefined, []],
  );
});

const bounds: [rule: string, entries: FieldWrite[], notAfter: number | undefined][] = [
  ['the entry of its only owner', [write('x', 5, ['a', 'b'])], 5],
  ['of several, the earliest: the later set what it already was', [write('x', 5, ['a']), write('y', 9, ['a'])], 5],
  ['not known when an entry has no time', [write('x', 5, ['a']), write('y', undefined, ['a'])], undefined],
];
for (const [rule, entries, notAfter] of bounds) {
  test(`time of a key: ${rule}`, () =>
    assert.equal(attributeContent(facts(entries), ['a']).keys.get('a')?.notAfter, notAfter));
}

test('writers come newest first', () => {
  const found = attributeContent(
    facts([write('old', 1, ['a']), write('none', undefined, ['a']), write('new', 3, ['b'])]),
    'all',
  );
  assert.deepEqual(
    found.writers.map(({ manager }) => manager),
    ['new', 'old', 'none'],
  );
});

test('the same name with another operation is another writer', () => {
  const found = attributeContent(facts([write('x', 1, ['a']), write('x', 2, ['b'], { operation: 'Apply' })]), 'all');
  assert.equal(found.writer, undefined);
});

const owner = (group: string, kind: string, name = 'db') => ({ owners: [{ group, kind, name }] });
const producers: [rule: string, more: Partial<WriterFacts>, producer: object | undefined][] = [
  ['Certificate', owner('cert-manager.io', 'Certificate'), { kind: 'Certificate', name: 'db', by: 'owner' }],
  [
    'ExternalSecret',
    owner('external-secrets.io', 'ExternalSecret'),
    { kind: 'ExternalSecret', name: 'db', by: 'owner' },
  ],
  ['SealedSecret', owner('bitnami.com', 'SealedSecret'), { kind: 'SealedSecret', name: 'db', by: 'owner' }],
  [
    'VaultStaticSecret',
    owner('secrets.hashicorp.com', 'VaultStaticSecret'),
    { kind: 'VaultStaticSecret', name: 'db', by: 'owner' },
  ],
  [
    'VaultDynamicSecret',
    owner('secrets.hashicorp.com', 'VaultDynamicSecret'),
    { kind: 'VaultDynamicSecret', name: 'db', by: 'owner' },
  ],
  ['a kind of the same name in another group', owner('example.com', 'Certificate'), undefined],
  ['any other owner', owner('apps', 'ReplicaSet'), undefined],
  [
    'cert-manager’s annotation, without an owner',
    { marks: { 'cert-manager.io/certificate-name': 'web' } },
    { kind: 'Certificate', name: 'web', by: 'mark' },
  ],
  [
    'the CSI driver’s label beside the owner that it sets',
    { ...owner('apps', 'ReplicaSet'), marks: { 'secrets-store.csi.k8s.io/managed': 'true' } },
    { kind: 'SecretProviderClass', name: undefined, by: 'mark' },
  ],
  ['a mark that says no', { marks: { 'reconcile.external-secrets.io/managed': 'false' } }, undefined],
  [
    'an owner before a mark',
    { ...owner('bitnami.com', 'SealedSecret'), marks: { 'cert-manager.io/certificate-name': 'web' } },
    { kind: 'SealedSecret', name: 'db', by: 'owner' },
  ],
  [
    'the field manager of an ExternalSecret that does not own',
    { writes: { entries: [write('externalsecrets.external-secrets.io/api', 1, ['a'])], complete: true } },
    { kind: 'ExternalSecret', name: 'api', by: 'manager' },
  ],
];
for (const [rule, more, producer] of producers) {
  test(`producer: ${rule}`, () => assert.deepEqual(attributeContent(facts([], more), 'all').producer, producer));
}
