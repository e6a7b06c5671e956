// What an Application and argocd-cm say is not to be compared, as rules of its plan.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argocd } from '../../argocd/engine.ts';
import type { EngineResource } from '../../server/core/engine.ts';
import type { LeaveRule } from '../../server/core/leave-rule.ts';
import { application } from './examples.ts';

type Json = Readonly<Record<string, unknown>>;

const resourceOf = (kind: string): EngineResource => {
  const resource = argocd.resources.find((each) => each.kind === kind);
  assert.ok(resource);
  return resource;
};

function leavesOf(spec: Json, settings: Readonly<Record<string, string>> = {}): readonly LeaveRule[] {
  const view = argocd.open({ namespace: 'argocd', runsHere: true, clusterNames: [], clusterServers: [] });
  view.put(resourceOf('ConfigMap'), { metadata: { name: 'argocd-cm', namespace: 'argocd' }, data: settings });
  view.put(resourceOf('AppProject'), {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'shop', namespace: 'argocd' },
    spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
  });
  const [ref] = view.put(resourceOf('Application'), application({ spec }));
  assert.ok(ref);
  const plan = view.plan(ref, { revisions: new Map() })?.finish([]);
  assert.ok(plan !== undefined && 'parts' in plan);
  return plan.leaves ?? [];
}

const fields = ['type', 'immutable'] as const;
/** As short text: `keys[ fields]`, or nothing. */
function partsOf(entry: Json): string {
  const [rule, another] = leavesOf({ ignoreDifferences: [{ kind: 'Secret', ...entry }] });
  assert.equal(another, undefined);
  if (rule === undefined) return 'nothing';
  const keys = typeof rule.keys === 'string' ? rule.keys : rule.keys.join();
  return [keys, ...rule.fields].filter((text) => text !== '').join(' ');
}

const everything = `all ${fields.join(' ')}`;
const pointers: [pointer: unknown, parts: string][] = [
  ['/data', 'all'],
  ['/data/password', 'password'],
  ['/data/tls.crt', 'tls.crt'],
  ['/data/a~1b~0c', 'a/b~c'],
  ['/data/a~01', 'a~1'],
  ['/stringData/password', 'password'],
  ['/binaryData', 'all'],
  ['/type', 'type'],
  ['/immutable', 'immutable'],
  ['/metadata/annotations/a~1b', 'nothing'],
  ['/database', 'nothing'],
  ['data', 'nothing'],
  ['', everything],
  [7, everything],
];
for (const [pointer, parts] of pointers) {
  test(`ignoreDifferences: the pointer ${JSON.stringify(pointer)}: ${parts}`, () =>
    assert.equal(partsOf({ jsonPointers: [pointer] }), parts));
}

const expressions: [expression: string, parts: string][] = [
  ['.data', 'all'],
  [' .data ', 'all'],
  ['.data.password', 'password'],
  ['.data."tls.crt"', 'tls.crt'],
  ['.data["tls.crt"]', 'tls.crt'],
  ['.data["tls.crt"]?', 'tls.crt'],
  ['.data?.password', 'password'],
  ['.data[]', 'all'],
  ['.data[]?', 'all'],
  ['.type', 'type'],
  ['.metadata.labels["a"]', 'nothing'],
  ['.spec.containers[]? | select(.name == "a")', 'nothing'],
  ['.data.tls.crt', everything],
  ['.data | with_entries(.)', everything],
  ['.data["a", "b"]', everything],
  ['.metadata, .data', everything],
  ['.metadata.x // .data', everything],
  ['.metadata as $x | $x', everything],
  ['.', everything],
  ['..', everything],
  ['del(.data)', everything],
];
for (const [expression, parts] of expressions) {
  test(`ignoreDifferences: the expression ${expression}: ${parts}`, () =>
    assert.equal(partsOf({ jqPathExpressions: [expression] }), parts));
}

test('ignoreDifferences: which fields managers own is not known', () => {
  assert.equal(partsOf({ managedFieldsManagers: ['external-secrets'] }), everything);
  assert.equal(partsOf({}), 'nothing');
  assert.equal(partsOf({ jsonPointers: ['/data/a', '/type'], jqPathExpressions: ['.data.b'] }), 'a,b type');
});

const kinds: [rule: string, entry: Json, kinds: readonly string[]][] = [
  ['a kind', { kind: 'ConfigMap' }, ['ConfigMap']],
  ['the core group', { group: '', kind: 'Secret' }, ['Secret']],
  ['any group and kind', { group: '*', kind: '*' }, ['Secret', 'ConfigMap']],
  ['a pattern', { kind: 'Sec*' }, ['Secret']],
  ['another group', { group: 'apps', kind: '*' }, []],
  ['another kind', { kind: 'Deployment' }, []],
];
for (const [rule, entry, expected] of kinds) {
  test(`ignoreDifferences: ${rule}`, () => {
    const found = leavesOf({ ignoreDifferences: [{ ...entry, jsonPointers: ['/data'] }] });
    assert.deepEqual(
      found.map(({ kind }) => kind),
      expected,
    );
  });
}

test('ignoreDifferences: of one object, which a sync overwrites unless it is told not to', () => {
  const entry = { kind: 'Secret', name: 'db', namespace: 'shop', jsonPointers: ['/data/a'] };
  const rule = { kind: 'Secret', name: 'db', namespace: 'shop', keys: ['a'], fields: [] };
  const syncPolicy = { syncOptions: ['RespectIgnoreDifferences=true'] };
  assert.deepEqual(leavesOf({ ignoreDifferences: [entry] }), [{ ...rule, overwritten: true }]);
  assert.deepEqual(leavesOf({ ignoreDifferences: [entry], syncPolicy }), [rule]);
});

const name = (kind: string): string => `resource.customizations.ignoreDifferences.${kind}`;
const settings: [rule: string, data: Readonly<Record<string, string>>, leaves: readonly Partial<LeaveRule>[]][] = [
  ['of Secrets', { [name('Secret')]: 'jsonPointers: [/data/a]' }, [{ kind: 'Secret', keys: ['a'], fields: [] }]],
  [
    'of everything',
    { [name('all')]: 'jqPathExpressions:\n- .data["a"]\n' },
    (['Secret', 'ConfigMap'] as const).map((kind) => ({ kind, keys: ['a'], fields: [] })),
  ],
  ['by managers', { [name('ConfigMap')]: 'managedFieldsManagers: [x]' }, [{ kind: 'ConfigMap', keys: 'all', fields }]],
  ['what cannot be read', { [name('Secret')]: 'jsonPointers: [' }, [{ kind: 'Secret', keys: 'all', fields }]],
  [
    'all in one key',
    {
      'resource.customizations':
        'Secret:\n  ignoreDifferences: |\n    jsonPointers:\n    - /data/a\napps/Secret:\n  ignoreDifferences: "jsonPointers: [/data]"\n',
    },
    [{ kind: 'Secret', keys: ['a'], fields: [] }],
  ],
  [
    'all in one key, by a pattern',
    { 'resource.customizations': '"*/*": {ignoreDifferences: "jsonPointers: [/data/a]"}' },
    (['Secret', 'ConfigMap'] as const).map((kind) => ({ kind, keys: ['a'], fields: [] })),
  ],
  ['all in one key, for something else', { 'resource.customizations': 'Secret: {health.lua: "x"}' }, []],
  ['of metadata alone', { [name('all')]: 'jsonPointers: [/metadata/managedFields]' }, []],
  ['of another kind', { [name('apps_Deployment')]: 'jsonPointers: [/data]' }, []],
];
for (const [rule, data, leaves] of settings) {
  test(`argocd-cm, ignoreDifferences: ${rule}`, () => {
    const found = leavesOf({}, data);
    assert.deepEqual(
      found,
      leaves.map((each) => ({ ...each, overwritten: true })),
    );
  });
}
