import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hidden } from '../../server/core/hidden.ts';
import { readDeclaration } from '../../server/declared/rendered.ts';

const key = { id: 'k1', secret: new Uint8Array(32).fill(7) };

function read(...texts: readonly string[]) {
  const manifests = texts.map((text, at) => ({ path: `m${at}.yaml`, text: new Hidden(text) }));
  return readDeclaration(manifests, { namespace: 'shop', key, variables: 'none' });
}

const configMap = (name: string, data: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${more}}\ndata: ${data}\n`;
const deployment = (template: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template: ${template}\n`;

interface Row {
  readonly rule: string;
  readonly texts: readonly string[];
  readonly configs?: readonly string[];
  readonly workloads?: readonly string[];
  readonly problems?: readonly string[];
}

const rows: readonly Row[] = [
  { rule: 'the owner’s namespace where none is named', texts: [configMap('a', '{}')], configs: ['ConfigMap/shop/a'] },
  {
    rule: 'its own namespace',
    texts: [configMap('a', '{}', ', namespace: other')],
    configs: ['ConfigMap/other/a'],
  },
  {
    rule: 'several documents and the items of a List',
    texts: [
      `${configMap('a', '{}')}---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n- {apiVersion: v1, kind: Service, metadata: {name: c}}\n`,
    ],
    configs: ['ConfigMap/shop/a', 'Secret/shop/b'],
  },
  {
    rule: 'a SealedSecret declares the Secret of its name',
    texts: [
      'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: s}\nspec: {encryptedData: {a: AgA=}}\n',
    ],
    configs: ['Secret/shop/s'],
  },
  {
    rule: 'no Secret of another group',
    texts: ['apiVersion: example.com/v1\nkind: Secret\nmetadata: {name: s}\n'],
  },
  {
    rule: 'hooks of Helm and of Argo CD are not what stays',
    texts: [
      configMap('a', '{}', ', annotations: {helm.sh/hook: pre-install}'),
      configMap('b', '{}', ', annotations: {argocd.argoproj.io/hook: PreSync}'),
    ],
  },
  {
    rule: 'workloads, each by its template',
    texts: [deployment('{spec: {}}'), 'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: night}\nspec: {}\n'],
    workloads: ['Deployment/shop/web', 'CronJob/shop/night'],
  },
  {
    rule: 'a broken document is told, the others count',
    texts: [`${configMap('a', '{}')}---\nkind: Secret\nmetadata: {name: [\n`],
    configs: ['ConfigMap/shop/a'],
    problems: ['m0.yaml, document 2: syntax'],
  },
  {
    rule: 'an alias that leads nowhere in a pod template is told',
    texts: [deployment('{spec: *gone}')],
    problems: ['m0.yaml, document 1: its pod template cannot be read'],
  },
];

for (const { rule, texts, configs = [], workloads = [], problems = [] } of rows) {
  test(rule, () => {
    const found = read(...texts);
    assert.deepEqual([...found.configs.keys()], configs);
    assert.deepEqual([...found.workloads.keys()], workloads);
    assert.deepEqual(found.problems, problems);
  });
}

test('of an object that is declared twice the last one counts', () => {
  const values = (...texts: string[]) => [...read(...texts).configs.values()][0]?.content.content.values;
  assert.deepEqual(values(configMap('a', '{x: old}'), configMap('a', '{x: new}')), values(configMap('a', '{x: new}')));
});

test('another order of keys is the same pod template, another value is not', () => {
  const digest = (template: string) => [...read(deployment(template)).workloads.values()][0]?.template;
  assert.equal(digest('{metadata: {}, spec: {a: 1, b: 2}}'), digest('{spec: {b: 2, a: 1}, metadata: {}}'));
  assert.notEqual(digest('{spec: {a: 1}}'), digest('{spec: {a: 2}}'));
});

test('printing what a manifest holds shows nothing', () => {
  const text = new Hidden('canary');
  assert.doesNotMatch(`${String(text)}${JSON.stringify({ text })}`, /canary/);
});
