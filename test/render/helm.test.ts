import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hidden } from '../../server/core/hidden.ts';
import type { HelmTool } from '../../server/core/rendering.ts';
import { findTools } from '../../server/render/find-tools.ts';
import type { FakeFile } from '../fakes/source-tree.ts';
import { provideTools, whyNoTools } from '../tools/tools.ts';
import { helmTool, identify, part, refusalOf, render, textOf, type Setting } from './rig.ts';

const skip = await whyNoTools();
const versions = ['helm3', 'helm4'] as const;
const toolsOf = async (version: (typeof versions)[number]) => {
  const { kustomize, ...tools } = await provideTools();
  return { tools: await findTools({ kustomize, helm: tools[version] }, process.env['PATH'] ?? '') };
};

const chart = {
  'app/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
  'app/values.yaml': 'from: chart\nlist: [one, two]\n',
  'app/crds/c.yaml': 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: c}\n',
  'app/templates/cm.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
data:
  values: {{ omit .Values "global" "sub" | toJson | quote }}
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  api: {{ .Capabilities.APIVersions.Has "acme.example.com/v1" | quote }}
`,
};
const inline = (text: string) => ({ from: 'inline', text: new Hidden(text) }) as const;
const file = (path: string, optional = false) => ({ from: 'file', tree: undefined, path, optional }) as const;
const set = (name: string, value: string, forceString = false) =>
  ({ from: 'inline', name, value: new Hidden(value), forceString }) as const;
const object = (key: string, targetPath?: string, optional = false) =>
  ({ from: 'object', kind: 'Secret', namespace: 'ns', name: 'v', key, optional, targetPath }) as const;

/** What the chart was given as values. */
async function valuesOf(tool: Partial<HelmTool>, setting: Setting): Promise<unknown> {
  const text = textOf(await render(part({ ...helmTool, ...tool }), setting));
  const quoted = /^ {2}values: (.*)$/m.exec(text)?.[1] ?? assert.fail(text);
  return JSON.parse(JSON.parse(quoted) as string);
}

const cases: readonly [string, Partial<HelmTool>, Record<string, unknown>][] = [
  ['the chart’s own values', {}, { from: 'chart', list: ['one', 'two'] }],
  ['files in order', { values: [file('env/a.yaml'), file('env/b.yaml')] }, { from: 'b', a: 1, b: 1 }],
  [
    'a file between inline values',
    { values: [inline('from: x\nx: 1'), file('env/a.yaml'), inline('a: 2')] },
    { from: 'a', x: 1, a: 2 },
  ],
  ['an optional file that is missing', { values: [file('env/none.yaml', true)] }, { from: 'chart' }],
  ['a value of the cluster', { values: [object('values.yaml')] }, { from: 'secret' }],
  [
    'a value of the cluster at a path',
    { values: [object('one', 'a.b'), inline('a: {b: 0, c: 1}')] },
    { a: { b: 'text', c: 1 } },
  ],
  [
    'types of parameters',
    { parameters: [set('a', 'true'), set('b', '12'), set('c', '012'), set('d', 'x,y'), set('e', '12', true)] },
    { a: true, b: 12, c: '012', d: 'x,y', e: '12' },
  ],
  [
    'lists and names of parameters',
    { parameters: [set('a', '{x,1}'), set('b[1].c', 'y'), set('n\\.o', 'z')] },
    { a: ['x', 1], b: [null, { c: 'y' }], 'n.o': 'z' },
  ],
  [
    'an item of the chart’s list, which Helm does not merge',
    { parameters: [set('list[0]', 'three')] },
    { list: ['three'] },
  ],
  [
    'a parameter that takes a value away',
    { parameters: [set('from', 'null')] },
    { list: ['one', 'two'], from: undefined },
  ],
  [
    'a parameter from a file',
    { parameters: [{ from: 'file', name: 'text', tree: undefined, path: 'env/a.yaml' }] },
    { text: 'from: a\na: 1\n' },
  ],
];
const more: Record<string, FakeFile> = { 'env/a.yaml': 'from: a\na: 1\n', 'env/b.yaml': 'from: b\nb: 1\n' };
const live = { 'Secret/ns/v': { 'values.yaml': 'from: secret', one: 'text' } };
for (const version of versions) {
  for (const [rule, tool, expected] of cases) {
    test(`${version}: ${rule}`, { skip }, async () => {
      const setting = { files: { ...chart, ...more }, live, options: await toolsOf(version) };
      const values = (await valuesOf(tool, setting)) as Record<string, unknown>;
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(values[name], value, name);
    });
  }

  test(`${version}: the release, the cluster and CRDs`, { skip }, async () => {
    const tool = { ...helmTool, kubeVersion: 'v1.31.2', apiVersions: ['acme.example.com/v1'] };
    const setting = { files: chart, options: await toolsOf(version) };
    const text = textOf(await render(part(tool), setting));
    for (const expected of [
      /name: shop, namespace: shop/,
      /kube: "v1.31.2"/,
      /api: "true"/,
      /CustomResourceDefinition/,
    ]) {
      assert.match(text, expected);
    }
    assert.doesNotMatch(textOf(await render(part({ ...tool, includeCrds: false }), setting)), /CustomResource/);
  });

  test(`${version}: a chart beside it is a dependency, one elsewhere must be in charts/`, { skip }, async () => {
    const dependency = (repository: string) =>
      `${chart['app/Chart.yaml']}dependencies:\n- {name: sub, version: 1.x.x, repository: "${repository}"}\n`;
    const sub = {
      'sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
      'sub/templates/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-sub}\n',
    };
    const options = await toolsOf(version);
    const files = { ...chart, ...sub, 'app/Chart.yaml': dependency('file://../sub') };
    assert.match(textOf(await render(part(helmTool), { files, options })), /from-sub/);
    const remote = { ...files, 'app/Chart.yaml': dependency('https://charts.example.com') };
    assert.match(
      refusalOf(await render(part(helmTool), { files: remote, options })),
      /depends on "sub 1.x.x", which is not in charts\//,
    );
  });

  test(`${version}: kustomize over what the chart gives`, { skip }, async () => {
    const patch = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop, namespace: shop}\ndata: {patched: "yes"}\n';
    const tool = { ...helmTool, postRender: new Hidden({ patches: [{ patch }] }) };
    assert.match(textOf(await render(part(tool), { files: chart, options: await toolsOf(version) })), /patched: "yes"/);
  });

  test(`${version}: a schema that the Application does not want checked, wherever it refers to`, { skip }, async () => {
    const schema = '{"required": ["gone"], "properties": {"from": {"$ref": "https://schemas.example.com/x.json"}}}';
    const setting = { files: { ...chart, 'app/values.schema.json': schema }, options: await toolsOf(version) };
    const { from } = (await valuesOf({ skipSchemaValidation: true }, setting)) as { from: string };
    assert.equal(from, 'chart');
  });

  test(`${version}: nothing of the machine or the network is in reach of a template`, { skip }, async () => {
    const calls = [
      'getHostByName "localhost"',
      '.Files.Get "../secret"',
      '.Files.Get "/etc/hostname"',
      'lookup "v1" "Secret" "a" "b"',
    ];
    const template = `a: '${calls.map((call) => `{{ ${call} }}`).join('|')}'\n`;
    const files = { ...chart, secret: 'outside', 'app/templates/cm.yaml': template };
    const text = textOf(await render(part(helmTool), { files, options: await toolsOf(version) }));
    assert.match(text, /^a: '\|\|\|map\[\]'$/m);
  });
}

const refused: readonly [string, Record<string, FakeFile>, Partial<HelmTool>, RegExp][] = [
  ['no chart', { 'app/Chart.yaml': { symlink: 'x' } }, {}, /symbolic link/],
  ['a link among the templates', { 'app/templates/x': { symlink: '/etc/passwd' } }, {}, /symbolic link/],
  [
    'a values file that is missing',
    {},
    { values: [file('env/none.yaml')] },
    /the values file "env\/none.yaml" is not in the repository/,
  ],
  ['a values file outside of it', {}, { values: [file('../x.yaml')] }, /leads out of the repository/],
  ['a Secret that is missing', {}, { values: [object('none')] }, /the Secret ns\/v with values has no key "none"/],
  [
    'an item of a list that a file sets',
    { 'env/a.yaml': 'b: [1]' },
    { values: [file('env/a.yaml')], parameters: [set('b[0]', 'x')] },
    /sets an item of a list/,
  ],
  [
    'an integer that documents print otherwise',
    {},
    { parameters: [set('a', '1000000')] },
    /cannot be handed to helm unseen/,
  ],
  ['a name that is none', {}, { parameters: [set('a=b', 'x')] }, /is not one that is understood here/],
  [
    'a failing template',
    { 'app/templates/x.yaml': '{{ fail "canary-in-error" }}' },
    {},
    /^not-rendered: helm ended with 1: a template of the chart fails/,
  ],
  ['a schema', { 'app/values.schema.json': '{"required": ["gone"]}' }, {}, /do not fit the chart/],
  ['an option for a name', {}, { releaseName: '--post-renderer=sh' }, /^not-rendered: helm ended with 1/],
];
for (const [rule, files, tool, expected] of refused) {
  test(`helm is refused: ${rule}`, { skip }, async () => {
    const setting = { files: { ...chart, ...files }, live, options: await toolsOf('helm4') };
    assert.match(refusalOf(await render(part({ ...helmTool, ...tool }), setting)), expected);
  });
}

test('a change in a values file or its object changes the identity', async () => {
  const tool = { ...helmTool, values: [file('env/a.yaml'), object('one')] };
  const files = { ...chart, ...more };
  const first = await identify(part(tool), { files, live });
  assert.equal(await identify(part(tool), { files: { ...files, 'env/b.yaml': 'x' }, live }), first);
  assert.notEqual(await identify(part(tool), { files: { ...files, 'env/a.yaml': 'x' }, live }), first);
  assert.notEqual(await identify(part(tool), { files, live: { 'Secret/ns/v': { one: 'longer text' } } }), first);
});
