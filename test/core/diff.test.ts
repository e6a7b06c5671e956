// What `lockstep diff` says of one config object, rule by rule: owner, answer, keys, writer, users.
// Long because it is tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMadeByMachinery, makeDiff, type DiffConfig, type DiffFacts } from '../../server/core/diff.ts';
import type { DiffAnswer, DiffRow } from '../../server/core/diff-row.ts';
import type { OwnerRef } from '../../server/core/engine.ts';
import type { DeclaredConfig } from '../../server/core/declaration.ts';
import { declareUnknown, type NotComparable } from '../../server/core/drift.ts';
import { objectKey } from '../../server/core/object.ts';
import { judgeChecksum, worstRecorded, type Recorded } from '../../server/core/recorded.ts';
import { judgeFindings } from '../../server/reconcile/findings.ts';
import { application, declared, declaring, digestsOf, factsOf, kustomization, live, owned } from './diff-facts.ts';
import { noWriters, refOf, undeclared, workload, writtenBy } from './diff-facts.ts';

const app = refOf('app');
const secret = refOf('db', 'Secret');
const one = { level: 'info' };

/** The only row. */
function rowOf(facts: Partial<DiffFacts>): DiffRow {
  const { rows } = makeDiff(factsOf(facts));
  assert.equal(rows.length, 1);
  return rows[0] as DiffRow;
}

interface Case {
  readonly facts: Partial<DiffFacts>;
  readonly answer: DiffAnswer;
  readonly because: string;
  readonly owner?: OwnerRef;
  readonly reason?: NotComparable;
  readonly detail?: string;
}

const unconfirmed = { kind: 'unconfirmed', owner: application, reason: 'not-in-status' } as const;
const source: OwnerRef = { engine: 'none', kind: 'source', namespace: 'shop', name: 'ci' };
const mine = (more: Partial<DiffConfig> = {}): DiffConfig => live(app, one, { ownership: owned, ...more });

const ssa = 'kustomize.toolkit.fluxcd.io/ssa';
const ignoring = { keys: 'all', fields: [], mark: { key: ssa, value: 'Ignore', on: 'either' } } as const;

const answers: Readonly<Record<string, Case>> = {
  'declared by its owner, the same': {
    facts: { configs: [mine()], owners: [declaring([declared(app, one)])] },
    answer: 'equal',
    because: 'tracking-id',
    owner: application,
  },
  'declared by its owner, another value': {
    facts: { configs: [mine()], owners: [declaring([declared(app, { level: 'debug' })])] },
    answer: 'different',
    because: 'tracking-id',
    owner: application,
  },
  'another type of Secret': {
    facts: {
      configs: [live(secret, { key: 'x' }, { ownership: owned })],
      owners: [declaring([declared(secret, { key: 'x' }, { type: 'kubernetes.io/tls' })])],
    },
    answer: 'different',
    because: 'tracking-id',
    owner: application,
  },
  'no mark, and somebody declares it': {
    facts: { configs: [live(app, one)], owners: [declaring([declared(app, one)], { owner: source })] },
    answer: 'equal',
    because: 'declared',
    owner: source,
  },
  'a mark of one engine, declared by another’s owner': {
    facts: { configs: [mine()], owners: [declaring([]), declaring([declared(app, one)], { owner: kustomization })] },
    answer: 'equal',
    because: 'declared',
    owner: kustomization,
  },
  'two declare it: the one that it is marked with counts': {
    facts: {
      configs: [mine()],
      owners: [
        declaring([declared(app, { level: 'debug' })], { owner: kustomization }),
        declaring([declared(app, one)]),
      ],
    },
    answer: 'equal',
    because: 'tracking-id',
    owner: application,
  },
  'no mark, and nobody declares it': {
    facts: { configs: [live(app, one)], owners: [declaring([])] },
    answer: 'not-declared',
    because: 'not-owned',
  },
  'its owner does not declare it': {
    facts: { configs: [mine()], owners: [declaring([])] },
    answer: 'not-declared',
    because: 'tracking-id',
    owner: application,
  },
  'its owner does not declare it, but has a manifest that cannot be read': {
    facts: { configs: [mine()], owners: [declaring([], { problems: ['apps/x.yaml: not YAML'] })] },
    answer: 'not-comparable',
    because: 'tracking-id',
    owner: application,
    reason: 'unreadable',
    detail: 'apps/x.yaml: not YAML',
  },
  'an unconfirmed mark on what its owner does not declare': {
    facts: { configs: [mine({ ownership: unconfirmed })], owners: [declaring([])] },
    answer: 'not-declared',
    because: 'not-in-status',
  },
  'an unconfirmed mark on what its owner declares': {
    facts: { configs: [mine({ ownership: unconfirmed })], owners: [declaring([declared(app, one)])] },
    answer: 'equal',
    because: 'not-in-status',
    owner: application,
  },
  'its owner is in another cluster': {
    facts: { configs: [mine({ ownership: unconfirmed })], owners: [] },
    answer: 'not-comparable',
    because: 'not-in-status',
    owner: application,
    reason: 'owner-unreadable',
  },
  'what its owner declares cannot be rendered': {
    facts: { configs: [mine()], owners: [undeclared('not-rendered', 'helm is not on PATH')] },
    answer: 'not-comparable',
    because: 'tracking-id',
    owner: application,
    reason: 'not-rendered',
    detail: 'helm is not on PATH',
  },
  'declared encrypted': {
    facts: {
      configs: [live(secret, { key: 'x' }, { ownership: owned })],
      owners: [declaring([declared(secret, {}, { unclear: { key: 'encrypted' } })])],
    },
    answer: 'not-comparable',
    because: 'tracking-id',
    owner: application,
    reason: 'encrypted',
  },
  'what differs is left to the cluster': {
    facts: {
      configs: [mine()],
      owners: [declaring([declared(app, { level: 'debug' })], { leaves: [{ keys: ['level'], fields: [] }] })],
    },
    answer: 'not-comparable',
    because: 'tracking-id',
    owner: application,
    reason: 'left-to-cluster',
  },
  'it is left by what the live object says': {
    facts: {
      configs: [mine({ marks: { group: '', ...app, labels: {}, annotations: { [ssa]: 'Ignore' }, owners: [] } })],
      owners: [declaring([declared(app, { level: 'debug' })], { leaves: [ignoring] })],
    },
    answer: 'not-comparable',
    because: 'tracking-id',
    owner: application,
    reason: 'left-to-cluster',
  },
  'it would be left if the live object said so': {
    facts: { configs: [mine()], owners: [declaring([declared(app, { level: 'debug' })], { leaves: [ignoring] })] },
    answer: 'different',
    because: 'tracking-id',
    owner: application,
  },
  'declared, and not live': {
    facts: { owners: [declaring([declared(app, one)])] },
    answer: 'missing',
    because: 'declared',
    owner: application,
  },
};

for (const [rule, { facts, answer, because, owner, reason, detail }] of Object.entries(answers)) {
  test(`answer: ${rule}`, () => {
    const row = rowOf(facts);
    const reasons = row.reasons.map((each) => each.reason);
    assert.deepEqual(
      { answer: row.answer, because: row.because, owner: row.owner, reasons, detail: row.detail },
      { answer, because, owner, reasons: reason === undefined ? [] : [reason], detail },
    );
  });
}

test('each key has its answer, and no more of its digests than eight characters', () => {
  const wanted = { same: '1', other: '2', gone: '3' };
  const held = { same: '1', other: 'two', extra: '4' };
  const { keys } = rowOf({
    configs: [mine({ ...live(app, held), ownership: owned })],
    owners: [declaring([declared(app, wanted)])],
  });
  const short = (name: string, of: Readonly<Record<string, string>>) =>
    digestsOf(app, of).values.get(name)?.slice(0, 8);
  assert.deepEqual(keys, [
    { name: 'extra', answer: 'only-live', live: short('extra', held) },
    { name: 'gone', answer: 'only-declared', declared: short('gone', wanted) },
    { name: 'other', answer: 'different', declared: short('other', wanted), live: short('other', held) },
    { name: 'same', answer: 'equal', declared: short('same', wanted), live: short('same', held) },
  ]);
});

test('the writer is that of the keys that differ; of all when none does', () => {
  const byKubectl = writtenBy('kubectl-edit', ['level'], Date.parse('2026-11-22T12:00:00Z')).writes.entries;
  const byArgo = writtenBy('argocd-controller', ['port']).writes.entries;
  const writers = { ...noWriters, writes: { entries: [...byKubectl, ...byArgo], complete: true } };
  const configs = [mine({ ...live(app, { level: 'info', port: '80' }), ownership: owned, writers })];
  const edited = rowOf({ configs, owners: [declaring([declared(app, { level: 'debug', port: '80' })])] });
  assert.deepEqual(
    [edited.origin, edited.writer?.manager, edited.writer?.kind, edited.writer?.notAfter],
    ['runtime', 'kubectl-edit', 'kubectl', '2026-11-22T12:00:00Z'],
  );
  const equal = rowOf({ configs, owners: [declaring([declared(app, { level: 'info', port: '80' })])] });
  assert.deepEqual([equal.origin, equal.originBecause, equal.writer], ['unknown', 'several-origins', undefined]);
  assert.deepEqual(
    equal.writers.map(({ manager }) => manager),
    ['kubectl-edit', 'argocd-controller'],
  );
});

test('what makes it is told of what nobody declares, too', () => {
  const writers = {
    ...writtenBy('cert-manager-certificates-issuing', ['tls.crt']),
    owners: [{ group: 'cert-manager.io', kind: 'Certificate', name: 'web' }],
  };
  const row = rowOf({ configs: [live(secret, { 'tls.crt': 'x' }, { writers })] });
  assert.deepEqual(row.producer, { kind: 'Certificate', name: 'web', by: 'owner' });
  assert.deepEqual([row.answer, row.origin], ['not-declared', 'runtime']);
});

test('users are the workloads of its namespace that refer to it', () => {
  const { seen, references } = workload('web', [{ name: 'app' }, { name: 'other' }]);
  const elsewhere = { ref: { ...seen.ref, namespace: 'prod' }, references };
  const row = rowOf({ configs: [live(app, one)], workloads: [{ ref: seen.ref, references }, elsewhere] });
  assert.deepEqual(row.workloads, [seen.ref]);
});

test('recorded: as the running Lockstep says, not-recorded where it says nothing, unknown without one', () => {
  const recordedOf = (recorded: DiffFacts['recorded']) => rowOf({ configs: [live(app, one)], recorded }).recorded;
  assert.deepEqual(
    [recordedOf(new Map([[objectKey(app), 'outdated']])), recordedOf(new Map()), recordedOf(undefined)],
    ['outdated', 'not-recorded', 'unknown'],
  );
});

const missing: Readonly<Record<string, [facts: Partial<DiffFacts>, expected: readonly string[]]>> = {
  'of another namespace is left out': [{ owners: [declaring([declared(refOf('x', 'ConfigMap', 'prod'), one)])] }, []],
  'of any namespace when all are read': [
    { namespace: undefined, owners: [declaring([declared(refOf('x', 'ConfigMap', 'prod'), one)])] },
    ['x'],
  ],
  'of a kind that may not be listed is left out': [
    { unread: new Set(['Secret']), owners: [declaring([declared(secret, one), declared(app, one)])] },
    ['app'],
  ],
  'whose content a controller makes is left out': [
    { owners: [declaring([declared(secret, {}, { type: 'kubernetes.io/service-account-token' })])] },
    [],
  ],
};
for (const [rule, [facts, expected]] of Object.entries(missing)) {
  test(`missing: ${rule}`, () => {
    assert.deepEqual(
      makeDiff(factsOf(facts)).rows.map(({ config }) => config.name),
      expected,
    );
  });
}

const partly = declareUnknown('partly-applied');
const absent: [rule: string, declaredAs: DeclaredConfig, answer: DiffAnswer][] = [
  ['all of it is known', declared(app, one), 'missing'],
  ['without data', declared(app, {}), 'missing'],
  ['encrypted', declared(secret, {}, { unclear: { key: 'encrypted' } }), 'missing'],
  ['a sync that runs or failed may have pruned it', { ref: app, content: partly, path: undefined }, 'not-comparable'],
  ['its name is made when it is rendered', declared(app, {}, { rest: 'generated' }), 'not-comparable'],
];
for (const [rule, config, answer] of absent) {
  test(`declared and not live, ${rule}: ${answer}, as the service says`, () => {
    const owner = declaring([config]);
    const row = rowOf({ owners: [owner] });
    assert.deepEqual([row.answer, row.reasons.length > 0], [answer, answer === 'not-comparable']);
    assert.ok(owner.declared.kind === 'declared');
    const { declaration } = owner.declared;
    const owners = {
      ownerOf: () => owned,
      plan: async () => undefined,
      progressOf: () => ({ kind: 'idle' }) as const,
    };
    const deps = {
      configs: { seen: () => undefined },
      claims: { claimedFrom: () => [] },
      owners,
      watches: () => 'all' as const,
    };
    const found = judgeFindings(deps, { key: '', owner: application, declaration, known: [] });
    const finding = found.get(objectKey(config.ref));
    assert.equal(finding?.kind === 'differs' ? finding.reason : finding?.kind, answer);
  });
}

test('--engine keeps the rows of that engine’s owners; none is everything else', () => {
  const configs = [mine(), live(refOf('free'), one), live(refOf('ci'), one)];
  const owners = [declaring([declared(app, one)]), declaring([declared(refOf('ci'), one)], { owner: source })];
  const names = (engine: DiffFacts['engine']) =>
    makeDiff(factsOf({ configs, owners, engine })).rows.map(({ config }) => config.name);
  assert.deepEqual(
    [names('argocd'), names('flux'), names('none'), names(undefined)],
    [['app'], [], ['ci', 'free'], ['app', 'ci', 'free']],
  );
});

test('rows are sorted by namespace, kind and name, and counted by answer', () => {
  const configs = [
    live(refOf('b', 'Secret'), one),
    live(refOf('b'), one),
    live(refOf('a', 'Secret', 'prod'), one),
    live(refOf('a'), one),
  ];
  const { rows, summary } = makeDiff(factsOf({ namespace: undefined, configs }));
  assert.deepEqual(
    rows.map(({ config }) => objectKey(config)),
    ['Secret/prod/a', 'ConfigMap/shop/a', 'ConfigMap/shop/b', 'Secret/shop/b'],
  );
  assert.deepEqual(summary, { different: 0, missing: 0, 'not-comparable': 0, 'not-declared': 4, equal: 0 });
});

const machinery: Readonly<
  Record<string, [name: string, kind: 'Secret' | 'ConfigMap', type: string | undefined, expected: boolean]>
> = {
  'the cluster’s CA': ['kube-root-ca.crt', 'ConfigMap', undefined, true],
  'a Secret of that name': ['kube-root-ca.crt', 'Secret', 'Opaque', false],
  'a release of Helm': ['sh.helm.release.v1.web.v1', 'Secret', 'helm.sh/release.v1', true],
  'a release of Helm in a ConfigMap': ['sh.helm.release.v1.web.v1', 'ConfigMap', undefined, true],
  'a service account’s token': ['robot', 'Secret', 'kubernetes.io/service-account-token', true],
  'a certificate': ['web', 'Secret', 'kubernetes.io/tls', false],
};
for (const [what, [name, kind, type, expected]] of Object.entries(machinery)) {
  test(`left out: ${what}: ${String(expected)}`, () => {
    assert.equal(isMadeByMachinery({ kind, namespace: 'shop', name }, type), expected);
  });
}

const checksums: Readonly<
  Record<string, [checksum: string | undefined, digests: readonly string[] | undefined, expected: Recorded]>
> = {
  'no annotation': [undefined, ['k1:a'], 'not-recorded'],
  'that of the live content': ['k1:a', ['k1:a'], 'current'],
  'that of the live content, under an older key': ['k0:b', ['k1:a', 'k0:b'], 'current'],
  'another one': ['k1:b', ['k1:a'], 'outdated'],
  'under a key that is not held': ['k9:b', ['k1:a'], 'unknown'],
  'of content that nobody sees': ['k1:a', undefined, 'unknown'],
};
for (const [rule, [checksum, digests, expected]] of Object.entries(checksums)) {
  test(`checksum: ${rule}: ${expected}`, () => assert.equal(judgeChecksum(checksum, digests), expected));
}

test('of several workloads the worst checksum counts, and one that records nothing does not', () => {
  assert.deepEqual(
    [worstRecorded(['current', 'outdated', 'unknown']), worstRecorded(['not-recorded', 'current']), worstRecorded([])],
    ['outdated', 'current', 'not-recorded'],
  );
});
