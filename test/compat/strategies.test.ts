// Reloader's strategies, byte for byte: names, values, patches. Section 3 of its contract.
// Long because it is tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deletedHash } from '../../server/core/reloader-hash.ts';
import type { ReloaderKind } from '../../server/core/reloader-keys.ts';
import {
  envVarName,
  judgeMarks,
  lastReloadedFrom,
  listMarks,
  marksOf,
  type PodTemplate,
} from '../../server/core/reloader-marks.ts';
import {
  applyChange,
  changesPatch,
  reloaderFieldManager,
  restartsRollout,
  rolloutRestartPatch,
  withPrecondition,
  type PatchedKind,
  type RawTemplate,
} from '../../server/core/reloader-patch.ts';
import { applyStrategy, type ReloadSource, type ReloaderStrategy } from '../../server/core/reloader-strategy.ts';

const hash = '86eda770a6060824b090dd4df091e3bd4121279c';
const other = 'f83e99e324ba68ccc373a58ef1eb42f8ab88646a';
const observedAt = 1_790_000_000_999;
const variable = 'STAKATER_APP_CONFIGMAP';
const env = (value: string) => [{ name: variable, value }];

const names: readonly (readonly [kind: ReloaderKind, name: string, expected: string])[] = [
  ['ConfigMap', 'app', 'STAKATER_APP_CONFIGMAP'],
  ['Secret', 'app', 'STAKATER_APP_SECRET'],
  ['SecretProviderClass', 'app', 'STAKATER_APP_SECRETPROVIDERCLASS'],
  ['Secret', 'my-app', 'STAKATER_MY_APP_SECRET'],
  ['Secret', 'my.app', 'STAKATER_MY_APP_SECRET'],
  ['Secret', 'my--.app', 'STAKATER_MY_APP_SECRET'],
  ['Secret', '1app2', 'STAKATER_1APP2_SECRET'],
  ['Secret', '-app', 'STAKATER_APP_SECRET'],
  ['Secret', '--app', 'STAKATER_APP_SECRET'],
  ['Secret', 'app-', 'STAKATER_APP__SECRET'],
];
for (const [kind, name, expected] of names) {
  test(`3 env-vars: ${kind} ${name} is ${expected}`, () => assert.equal(envVarName(kind, name), expected));
}

const template = (containers: PodTemplate['spec']['containers'] = [], annotations = {}): PodTemplate => ({
  annotations,
  spec: { containers },
});
const using = { envFrom: [{ configMapRef: { name: 'app' } }] };
const source = (more: Partial<ReloadSource> = {}): ReloadSource => ({
  kind: 'ConfigMap',
  namespace: 'shop',
  name: 'app',
  content: { hash },
  how: 'auto',
  ...more,
});
const last = (more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    type: 'CONFIGMAP',
    name: 'app',
    namespace: 'shop',
    hash,
    containerRefs: ['b'],
    observedAt: 1,
    ...more,
  });

type Row = readonly [rule: string, ReloaderStrategy, PodTemplate, Partial<ReloadSource>, expected: object | string];
const setEnv = { kind: 'set-env', container: 'b', name: variable, value: hash };
const removeEnv = { kind: 'remove-env', container: 'b', name: variable };
const written = (value: string) => ({ kind: 'set-annotation', key: lastReloadedFrom, value });
const note = (of: string) =>
  `{"type":"CONFIGMAP","name":"app","namespace":"shop","hash":"${of}","containerRefs":["b"],"observedAt":1790000000}`;

const rows: readonly Row[] = [
  [
    'the variable is added to the container that uses it',
    'env-vars',
    template([{ name: 'a' }, { name: 'b', ...using }]),
    {},
    setEnv,
  ],
  ['another hash is replaced', 'env-vars', template([{ name: 'b', ...using, env: env(other) }]), {}, setEnv],
  ['an equal hash is not updated', 'env-vars', template([{ name: 'b', ...using, env: env(hash) }]), {}, 'in-place'],
  [
    'an equal hash in another container does not count',
    'env-vars',
    template([
      { name: 'a', env: env(hash) },
      { name: 'b', ...using },
    ]),
    {},
    setEnv,
  ],
  ['named: the first container', 'env-vars', template([{ name: 'b' }]), { how: 'named' }, setEnv],
  ['not used: no container', 'env-vars', template([{ name: 'b' }]), {}, 'no-container'],
  ['no containers', 'env-vars', template(), { how: 'named' }, 'no-container'],
  [
    'deleted: the variable is removed',
    'env-vars',
    template([{ name: 'b', ...using, env: env(hash) }]),
    { content: 'deleted' },
    removeEnv,
  ],
  [
    'deleted: without the variable nothing happens',
    'env-vars',
    template([{ name: 'b', ...using }]),
    { content: 'deleted' },
    'nothing-to-remove',
  ],
  [
    'deleted and not used',
    'env-vars',
    template([{ name: 'b', env: env(hash) }]),
    { content: 'deleted' },
    'no-container',
  ],
  [
    'a SecretProviderClass looks into every container',
    'env-vars',
    template([{ name: 'a', env: [{ name: 'STAKATER_APP_SECRETPROVIDERCLASS', value: hash }] }, { name: 'b' }]),
    { kind: 'SecretProviderClass', how: 'named' },
    'in-place',
  ],
  [
    'the annotation, fields in order, seconds',
    'annotations',
    template([{ name: 'b', ...using }]),
    {},
    written(note(hash)),
  ],
  [
    'another hash is replaced',
    'annotations',
    template([{ name: 'b', ...using }], { [lastReloadedFrom]: last({ hash: other }) }),
    {},
    written(note(hash)),
  ],
  [
    'an equal hash is not written again',
    'annotations',
    template([{ name: 'b', ...using }], { [lastReloadedFrom]: last() }),
    {},
    'in-place',
  ],
  [
    'the same hash of another object does not count',
    'annotations',
    template([{ name: 'b', ...using }], { [lastReloadedFrom]: last({ name: 'x' }) }),
    {},
    written(note(hash)),
  ],
  [
    'nor of another kind',
    'annotations',
    template([{ name: 'b', ...using }], { [lastReloadedFrom]: last({ type: 'SECRET' }) }),
    {},
    written(note(hash)),
  ],
  [
    'nor of another namespace',
    'annotations',
    template([{ name: 'b', ...using }], { [lastReloadedFrom]: last({ namespace: 'x' }) }),
    {},
    written(note(hash)),
  ],
  [
    'what is no JSON is replaced',
    'annotations',
    template([{ name: 'b', ...using }], { [lastReloadedFrom]: '{' }),
    {},
    written(note(hash)),
  ],
  [
    'what is no object is replaced',
    'annotations',
    template([{ name: 'b', ...using }], { [lastReloadedFrom]: 'null' }),
    {},
    written(note(hash)),
  ],
  [
    'the env-vars mark does not count',
    'annotations',
    template([{ name: 'b', ...using, env: env(hash) }]),
    {},
    written(note(hash)),
  ],
  ['not used: no container', 'annotations', template([{ name: 'b' }]), {}, 'no-container'],
  [
    'deleted: the marker’s hash',
    'annotations',
    template([{ name: 'b', ...using }]),
    { content: 'deleted' },
    written(note(deletedHash)),
  ],
  [
    'deleted twice: once',
    'annotations',
    template([{ name: 'b', ...using }], { [lastReloadedFrom]: last({ hash: deletedHash }) }),
    { content: 'deleted' },
    'in-place',
  ],
];
for (const [rule, strategy, pods, more, expected] of rows) {
  test(`3 ${strategy}: ${rule}`, () => {
    const decision = applyStrategy(strategy, pods, { source: source(more), observedAt });
    assert.deepEqual(decision.kind === 'change' ? decision.change : decision.reason, expected);
  });
}

const set = { kind: 'set-env', container: 'b', name: variable, value: hash } as const;
const remove = { kind: 'remove-env', container: 'b', name: variable } as const;
const annotate = { kind: 'set-annotation', key: lastReloadedFrom, value: '{}' } as const;
const free = { containers: [{ name: 'a' }, { name: 'b' }] };
const busy = { containers: [{ name: 'a' }, { name: 'b', env: [{ name: 'X' }] }] };
const held = { containers: [{ name: 'a' }, { name: 'b', env: [{ name: 'X' }, ...env(other)] }] };
const at = '/spec/template/spec/containers/1';
const isB = `{"op":"test","path":"${at}/name","value":"b"}`;
const isOurs = `{"op":"test","path":"${at}/env/1/name","value":"${variable}"}`;

for (const kind of ['Deployment', 'DaemonSet', 'StatefulSet'] satisfies PatchedKind[]) {
  test(`3 patch: ${kind}, bytes of a strategic merge`, () => {
    const [variables, annotation] = [changesPatch(kind, [set], free), changesPatch(kind, [annotate], free)];
    assert.equal(variables?.type, 'strategic-merge');
    assert.equal(
      JSON.stringify(variables.body),
      `{"spec":{"template":{"spec":{"containers":[{"name":"b","env":[{"name":"${variable}","value":"${hash}"}]}]}}}}`,
    );
    assert.equal(annotation?.type, 'strategic-merge');
    assert.equal(
      JSON.stringify(annotation.body),
      `{"spec":{"template":{"metadata":{"annotations":{"${lastReloadedFrom}":"{}"}}}}}`,
    );
  });
  test(`3 patch: ${kind}, a removal is tested`, () => {
    const patch = changesPatch(kind, [remove], held);
    assert.equal(patch?.type, 'json');
    assert.equal(JSON.stringify(patch.body), `[${isB},${isOurs},{"op":"remove","path":"${at}/env/1"}]`);
  });
}

const custom = [
  ['replaces the value', held, set, `[${isB},${isOurs},{"op":"add","path":"${at}/env/1/value","value":"${hash}"}]`],
  ['appends', busy, set, `[${isB},{"op":"add","path":"${at}/env/-","value":{"name":"${variable}","value":"${hash}"}}]`],
  [
    'begins the list',
    free,
    set,
    `[${isB},{"op":"add","path":"${at}/env","value":[{"name":"${variable}","value":"${hash}"}]}]`,
  ],
  ['removes', held, remove, `[${isB},${isOurs},{"op":"remove","path":"${at}/env/1"}]`],
] as const;
for (const kind of ['Rollout', 'DeploymentConfig'] satisfies PatchedKind[]) {
  for (const [rule, spec, change, body] of custom) {
    test(`3 patch: a ${kind} ${rule}`, () => {
      const patch = changesPatch(kind, [change], spec);
      assert.equal(patch?.type, 'json');
      assert.equal(JSON.stringify(patch.body), body);
    });
  }
  test(`3 patch: a ${kind}’s annotation is a merge patch`, () => {
    assert.equal(changesPatch(kind, [annotate], free)?.type, 'merge');
  });
}

test('3 patch: what is no longer there gives none', () => {
  assert.equal(changesPatch('Deployment', [remove], busy), undefined);
  assert.equal(changesPatch('Rollout', [set], { containers: [{ name: 'a' }] }), undefined);
});

test('3 patch: a precondition makes a conflict of a moved object', () => {
  const patch = changesPatch('Deployment', [annotate], free);
  const removal = changesPatch('Deployment', [remove], held);
  assert.ok(patch !== undefined && removal !== undefined);
  assert.deepEqual(withPrecondition(patch, '7').body, {
    metadata: { resourceVersion: '7' },
    ...(patch.type === 'json' ? {} : patch.body),
  });
  assert.deepEqual(withPrecondition(removal, '7').body, [
    { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
    ...(removal.type === 'json' ? removal.body : []),
  ]);
});

test('3 patch: the field manager', () => assert.equal(reloaderFieldManager, 'Reloader'));

test('3 Rollout: restart sets restartAt and nothing else, rounded up so that no pod of that second is spared', () => {
  const patch = rolloutRestartPatch(Date.UTC(2026, 1, 3, 4, 5, 6, 789));
  assert.deepEqual(patch, { type: 'merge', body: { spec: { restartAt: '2026-02-03T04:05:07Z' } } });
});
for (const [value, restarts] of [
  ['restart', true],
  ['rollout', false],
  ['Restart', false],
  ['', false],
] as const) {
  test(`2.t reloader.stakater.com/rollout-strategy: "${value}"`, () => {
    assert.equal(restartsRollout({ 'reloader.stakater.com/rollout-strategy': value }), restarts);
  });
}

test('3 Jobs: the change is made in a copy, and everything else stays', () => {
  const raw: RawTemplate = { metadata: { labels: { x: 'y' } }, spec: { ...held, volumes: [{ name: 'v' }] } };
  assert.deepEqual(applyChange(raw, set).spec.containers?.[1], { name: 'b', env: [{ name: 'X' }, ...env(hash)] });
  assert.deepEqual(applyChange({ ...raw, spec: { ...raw.spec, ...free } }, set).spec.containers?.[1], {
    name: 'b',
    env: env(hash),
  });
  assert.deepEqual(applyChange(raw, remove).spec.containers?.[1], { name: 'b', env: [{ name: 'X' }] });
  assert.deepEqual(applyChange(raw, annotate), {
    metadata: { labels: { x: 'y' }, annotations: { [lastReloadedFrom]: '{}' } },
    spec: raw.spec,
  });
  assert.deepEqual(raw.spec.containers, held.containers);
});

const marks: readonly (readonly [rule: string, PodTemplate, expected: string])[] = [
  ['nothing in place', template([{ name: 'b' }]), 'none'],
  ['an equal variable', template([{ name: 'b', env: env(hash) }]), 'ack env-vars'],
  [
    'in any container',
    template([
      { name: 'a', env: env(other) },
      { name: 'b', env: env(hash) },
    ]),
    'ack env-vars',
  ],
  ['an equal annotation', template([{ name: 'b' }], { [lastReloadedFrom]: last() }), 'ack annotations'],
  [
    'an old variable beside an equal annotation',
    template([{ name: 'b', env: env(other) }], { [lastReloadedFrom]: last() }),
    'ack annotations',
  ],
  ['another variable', template([{ name: 'b', env: env(other) }]), 'mismatch env-vars'],
  [
    'another annotation',
    template([{ name: 'b' }], { [lastReloadedFrom]: last({ hash: other }) }),
    'mismatch annotations',
  ],
  [
    'an annotation about another object',
    template([{ name: 'b' }], { [lastReloadedFrom]: last({ name: 'x' }) }),
    'none',
  ],
  ['a variable that is no hash', template([{ name: 'b', env: env('mine') }]), 'none'],
];
for (const [rule, pods, expected] of marks) {
  test(`migration: ${rule}`, () => {
    const verdict = judgeMarks(marksOf(listMarks(pods), { kind: 'ConfigMap', namespace: 'shop', name: 'app' }), hash);
    assert.equal(verdict.kind === 'none' ? 'none' : `${verdict.kind} ${verdict.mark.by}`, expected);
  });
}
