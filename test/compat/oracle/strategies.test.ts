import { deepEqual, equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { deletedHash, hashContent } from './hashes.ts';
import { applyStrategy, envVarName, lastReloadedFrom, toPatch, type StrategyInput } from './strategies.ts';
import type { Change, Content, EnvVar } from './types.ts';

const secret: Content = { kind: 'Secret', data: { a: 'MQ==' } };
const hash = '86eda770a6060824b090dd4df091e3bd4121279c';
const update: Change = { action: 'update', before: { kind: 'Secret', data: {} }, after: secret };
const remove: Change = { action: 'delete', before: secret };
const name = 'STAKATER_DB_CREDS_SECRET';

function input(
  strategy: StrategyInput['strategy'],
  { env = [], ...rest }: Partial<StrategyInput> & { env?: readonly EnvVar[] },
): StrategyInput {
  const podSpec = {
    containers: [
      { name: 'main', image: 'x' },
      { name: 'side', image: 'x', env },
    ],
  };
  return {
    strategy,
    workload: { podSpec, templateAnnotations: {} },
    config: { kind: 'Secret', name: 'db-creds', namespace: 'shop' },
    change: update,
    target: { container: 'side', index: 1, found: 'env' },
    observedAt: 1_700_000_000,
    ...rest,
  };
}

suite('env var names, §3 env-vars strategy', () => {
  const rows = [
    ['ConfigMap', 'foo', 'STAKATER_FOO_CONFIGMAP'],
    ['Secret', 'db-creds', 'STAKATER_DB_CREDS_SECRET'],
    ['Secret', 'db.creds', 'STAKATER_DB_CREDS_SECRET'],
    ['SecretProviderClass', 'vault', 'STAKATER_VAULT_SECRETPROVIDERCLASS'],
    ['ConfigMap', 'a--b..c', 'STAKATER_A_B_C_CONFIGMAP'],
    ['ConfigMap', '-.a', 'STAKATER_A_CONFIGMAP'],
    ['ConfigMap', 'a-.', 'STAKATER_A__CONFIGMAP'],
    ['ConfigMap', '007', 'STAKATER_007_CONFIGMAP'],
  ] as const;
  for (const [kind, from, expected] of rows) test(`${kind} ${from}`, () => equal(envVarName(kind, from), expected));
});

suite('env-vars strategy, §3', () => {
  test('appends the variable to the chosen container', () => {
    const edit = applyStrategy(input('env-vars', {}));
    deepEqual(edit, { edit: 'set-env', container: 'side', name, value: hash });
  });
  test('changes another value', () => {
    const edit = applyStrategy(input('env-vars', { env: [{ name, value: 'old' }] }));
    deepEqual(edit, { edit: 'set-env', container: 'side', name, value: hash });
  });
  test('same value: not updated', () => {
    deepEqual(applyStrategy(input('env-vars', { env: [{ name, value: hash }] })), { edit: 'not-updated' });
  });
  test('same value in another container: changed, but not for a SecretProviderClass', () => {
    const target = { container: 'main', index: 0, found: 'first' } as const;
    equal(applyStrategy(input('env-vars', { target, env: [{ name, value: hash }] })).edit, 'set-env');
    const after: Content = { kind: 'SecretProviderClass', className: 'vault', objects: [] };
    const config = { kind: 'SecretProviderClass', name: 'vault', namespace: 'shop' } as const;
    const env = [{ name: 'STAKATER_VAULT_SECRETPROVIDERCLASS', value: hashContent(after) }];
    equal(
      applyStrategy(input('env-vars', { target, env, config, change: { action: 'update', before: after, after } }))
        .edit,
      'not-updated',
    );
  });
  test('delete removes the variable by its place', () => {
    const env = [
      { name: 'A', value: '1' },
      { name, value: 'old' },
    ];
    deepEqual(applyStrategy(input('env-vars', { env, change: remove })), {
      edit: 'remove-env',
      containerIndex: 1,
      envIndex: 1,
    });
  });
  test('delete without the variable: nothing', () => {
    deepEqual(applyStrategy(input('env-vars', { change: remove })), { edit: 'not-updated' });
  });
});

suite('annotations strategy, §3', () => {
  const text = (of: string): string =>
    `{"type":"SECRET","name":"db-creds","namespace":"shop","hash":"${of}","containerRefs":["side"],"observedAt":1700000000}`;

  test('writes its fields in order', () => {
    deepEqual(applyStrategy(input('annotations', {})), { edit: 'annotate', key: lastReloadedFrom, value: text(hash) });
  });
  test('delete writes the hash of the marker', () => {
    const edit = applyStrategy(input('annotations', { change: remove }));
    deepEqual(edit, { edit: 'annotate', key: lastReloadedFrom, value: text(deletedHash) });
  });
  test('not idempotent', () => {
    const { workload } = input('annotations', {});
    const again = { ...workload, templateAnnotations: { [lastReloadedFrom]: text(hash) } };
    equal(applyStrategy(input('annotations', { workload: again })).edit, 'annotate');
  });
  test('except for a SecretProviderClass: name and hash as parts of the last annotation', () => {
    const after: Content = { kind: 'SecretProviderClass', className: 'vault', objects: [] };
    const given = input('annotations', {
      change: { action: 'update', before: after, after },
      config: { kind: 'SecretProviderClass', name: 'vault', namespace: 'shop' },
    });
    const withLast = (last: string): StrategyInput => ({
      ...given,
      workload: { ...given.workload, templateAnnotations: { [lastReloadedFrom]: last } },
    });
    equal(applyStrategy(withLast(`my-vault-2 ${hashContent(after)}`)).edit, 'not-updated');
    equal(applyStrategy(withLast(`azure ${hashContent(after)}`)).edit, 'annotate');
    equal(applyStrategy(withLast('vault')).edit, 'annotate');
  });
});

suite('patches, §3', () => {
  test('env-vars: strategic merge', () => {
    deepEqual(toPatch({ edit: 'set-env', container: 'side', name, value: hash }), {
      type: 'strategic-merge',
      body: { spec: { template: { spec: { containers: [{ name: 'side', env: [{ name, value: hash }] }] } } } },
    });
  });
  test('delete: JSON patch without test', () => {
    deepEqual(toPatch({ edit: 'remove-env', containerIndex: 1, envIndex: 2 }), {
      type: 'json',
      body: [{ op: 'remove', path: '/spec/template/spec/containers/1/env/2' }],
    });
  });
  test('annotations: strategic merge', () => {
    deepEqual(toPatch({ edit: 'annotate', key: lastReloadedFrom, value: '{}' }), {
      type: 'strategic-merge',
      body: { spec: { template: { metadata: { annotations: { [lastReloadedFrom]: '{}' } } } } },
    });
  });
});
