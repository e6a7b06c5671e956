import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestValues, type DigestKey } from '../../server/core/digest.ts';
import { compareContent } from '../../server/core/drift.ts';
import { Hidden } from '../../server/core/hidden.ts';
import { readDeclaration, type ReadingOptions } from '../../server/declared/rendered.ts';

const key: DigestKey = { id: 'k1', secret: Buffer.alloc(32, 1) };
const options: ReadingOptions = { namespace: 'shop', key, variables: 'none' };

const read = (text: string, more: Partial<ReadingOptions> = {}, path: string | undefined = 'a.yaml') =>
  readDeclaration([{ path, text: new Hidden(text) }], { ...options, ...more });
const configMap = (name: string, data = 'k: v', metadata = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${metadata}data:\n  ${data}\n`;
const deployment = (image: string) =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  template: {spec: {containers: [{name: a, image: ${image}}]}}\n`;

const listed: readonly [string, string, readonly string[]][] = [
  [
    'a namespace by default, and its own',
    `${configMap('a')}---\n${configMap('b', 'k: v', '  namespace: other\n')}`,
    ['ConfigMap/other/b', 'ConfigMap/shop/a'],
  ],
  [
    'a SealedSecret as its Secret',
    'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db}\nspec: {encryptedData: {p: x}}',
    ['Secret/shop/db'],
  ],
  [
    'a List',
    `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}`,
    ['ConfigMap/shop/c', 'Secret/shop/s'],
  ],
  ['JSON', '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "j"}}', ['Secret/shop/j']],
  [
    'no other kinds',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\napiVersion: other/v1\nkind: Secret\nmetadata: {name: b}',
    [],
  ],
  ['no hooks of Helm', configMap('a', 'k: v', '  annotations: {helm.sh/hook: pre-install}\n'), []],
  ['no hooks of Argo CD', configMap('a', 'k: v', '  annotations: {argocd.argoproj.io/hook: Sync}\n'), []],
  ['nothing of comments and empty documents', '# none\n---\n---\n', []],
];
for (const [rule, text, expected] of listed) {
  test(`declared: ${rule}`, () => {
    const { configs, problems } = read(text);
    assert.deepEqual([...configs.keys()].sort(), expected);
    assert.deepEqual(problems, []);
  });
}

test('the last of two declarations counts, and its file is told', () => {
  const manifests = ['one', 'two'].map((value) => ({
    path: `${value}.yaml`,
    text: new Hidden(configMap('a', `k: ${value}`)),
  }));
  const declared = readDeclaration(manifests, options).configs.get('ConfigMap/shop/a') ?? assert.fail();
  const live = digestValues(declared.ref, [{ dataKey: 'k', field: 'data', value: Buffer.from('two') }], key);
  assert.equal(declared.path, 'two.yaml');
  assert.equal(compareContent(declared.content, { contents: [live], fields: declared.content.fields }).answer, 'equal');
});

test('what is encrypted, sealed or substituted from unknown variables is not comparable', () => {
  const secret = (value: string) => `apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData:\n  p: ${value}\n`;
  const reason = (text: string, more = {}) => read(text, more).configs.get('Secret/shop/db')?.content.unclear.get('p');
  assert.equal(reason(`${secret('ENC[AES256_GCM,data:x,type:str]')}sops: {mac: x}\n`), 'encrypted');
  assert.equal(reason(secret('a${b}'), { variables: 'unknown' }), 'substituted-from-unknown');
  assert.equal(reason(secret('a${b}')), undefined);
});

test('a name with an unknown variable is no name', () => {
  const { configs, problems } = read(configMap('a-${b}'), { variables: 'unknown' });
  assert.equal(configs.size, 0);
  assert.deepEqual(problems, ['a.yaml, document 1: the name of a ConfigMap holds a variable that is not known']);
});

test('a name that kustomize made from a ciphertext is no object of the cluster', () => {
  const text = 'apiVersion: v1\nkind: Secret\nmetadata: {name: env-5hm7gkbtf8}\nstringData: {p: "sops_mac=ENC[x]"}\n';
  const { configs, problems } = readDeclaration([{ path: undefined, text: new Hidden(text) }], options);
  assert.equal(configs.size, 0);
  assert.deepEqual(problems, [
    'what was rendered, document 1: Secret env-5hm7gkbtf8 is generated from an encrypted file, so its name is not known',
  ]);
});

test('a workload is the digest of its pod template only', () => {
  const template = (text: string) => read(text).workloads.get('Deployment/shop/web')?.template;
  const first = template(deployment('a:1'));
  assert.match(first ?? '', /^k1:[-\w]{43}$/);
  assert.equal(template(deployment('a:1').replace('replicas: 1', 'replicas: 2')), first);
  assert.equal(template(deployment('a:1').replace('{name: a, image: a:1}', '{image: a:1, name: a}')), first);
  assert.notEqual(template(deployment('a:2')), first);
  const cron =
    'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {jobTemplate: {spec: {template: {spec: {}}}}}';
  assert.deepEqual([...read(cron).workloads.keys()], ['CronJob/shop/c']);
});

const problems: readonly [string, string, string][] = [
  ['broken YAML', `${configMap('a')}---\nkind: [`, 'a.yaml, document 2: syntax'],
  ['a text', 'canary', 'a.yaml, document 1: no map'],
  ['an alias bomb', `a: &a [x]\n${'- *a\n'.repeat(200)}`, 'a.yaml, document 1: too-many-aliases'],
  [
    'a workload without a template',
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}',
    'a.yaml, document 1: Deployment web has no readable pod template',
  ],
  ['too many documents', '---\nkind: Service\n'.repeat(2_001), 'a.yaml: more than 2000 documents'],
];
for (const [rule, text, expected] of problems) {
  test(`a problem is told without content: ${rule}`, () => assert.deepEqual(read(text).problems, [expected]));
}

test('a large document of another kind is not even parsed', () => {
  const text = `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n${'a: {b: [c]}\n'.repeat(20_000)}`;
  assert.deepEqual(read(text).problems, []);
});

test('keys of every object are keys like others', () => {
  assert.deepEqual([...read(configMap('a', '__proto__: x\n  constructor: y')).configs.keys()], ['ConfigMap/shop/a']);
  const kinds = 'apiVersion: v1\nkind: constructor\nmetadata: {name: toString}';
  assert.equal(read(kinds).workloads.size, 0);
});

const unnamed: readonly [string, string, string][] = [
  ['a map that is no object', 'a: b\n', 'no kind, or no name'],
  ['a List with an item that is none', 'apiVersion: v1\nkind: List\nitems: [{a: b}]\n', 'no kind, or no name'],
  [
    'a List in a List',
    'apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: []}]\n',
    'no kind, or no name',
  ],
  ['a name with a slash', configMap('../../a'), 'a name that the API server refuses'],
  ['a name of dots', configMap('..'), 'a name that the API server refuses'],
];
for (const [rule, text, why] of unnamed) {
  test(`it is told, and not passed over: ${rule}`, () => {
    const { configs, problems } = read(text);
    assert.equal(configs.size, 0);
    assert.deepEqual(problems, [`a.yaml, document 1: ${why}`]);
  });
}

test('what the API server will name is no problem', () => {
  const text =
    'apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}\n---\napiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: ConfigMap, metadata: {generateName: b-}}]\n';
  assert.deepEqual(read(text).problems, []);
});

test('a text that says so holds unknown variables, and the one beside it does not', () => {
  const text = (name: string) => new Hidden(configMap(name, 'k: "${a}"'));
  const manifests = [
    { path: undefined, text: text('known') },
    { path: undefined, text: text('open'), variables: 'unknown' as const },
  ];
  const { configs } = readDeclaration(manifests, options);
  assert.equal(configs.get('ConfigMap/shop/known')?.content.unclear.size, 0);
  assert.equal(configs.get('ConfigMap/shop/open')?.content.unclear.get('k'), 'substituted-from-unknown');
});

test('what differs between two renderings of the same is generated, and nothing else is', () => {
  const secret = (password: string) =>
    `---\napiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {user: a, ${password}: ${password}}\n`;
  const text = (n: number) =>
    new Hidden(
      `${configMap('same')}---\n${configMap(`name-${n}`)}---\n${configMap('value', `k: v${n}`)}${secret(`p${n}`)}---\n${deployment(`a:${n}`)}`,
    );
  const { configs, workloads, problems } = readDeclaration(
    [{ path: undefined, text: text(1), again: text(2) }],
    options,
  );
  const unclear = [...configs].map(([name, { content }]) => [name, Object.fromEntries(content.unclear), content.rest]);
  assert.deepEqual(unclear, [
    ['ConfigMap/shop/same', {}, undefined],
    ['ConfigMap/shop/value', { k: 'generated' }, undefined],
    ['Secret/shop/db', { p1: 'generated', p2: 'generated' }, 'generated'],
  ]);
  assert.deepEqual([...(configs.get('Secret/shop/db')?.content.content.values.keys() ?? [])], ['user']);
  assert.equal(workloads.size, 0);
  assert.deepEqual(problems, ['ConfigMap name-1 has another name each time it is rendered']);
});
