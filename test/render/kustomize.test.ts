import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBuild } from '../../flux/build.ts';
import { Hidden } from '../../server/core/hidden.ts';
import type { KustomizeTool } from '../../server/core/rendering.ts';
import { findTools } from '../../server/render/find-tools.ts';
import { provideTools, whyNoTools } from '../tools/tools.ts';
import type { FakeFile } from '../fakes/source-tree.ts';
import { identify, kustomizeTool, part, refusalOf, render, textOf } from './rig.ts';

const skip = await whyNoTools();
const toolPaths = async () => findTools({ kustomize: (await provideTools()).kustomize }, process.env['PATH'] ?? '');
const overlay = (fields: Record<string, unknown>): KustomizeTool => ({ ...kustomizeTool, overlay: new Hidden(fields) });

const configMap = (name: string, data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  ${data}\n`;
const base = {
  'base/kustomization.yaml': 'resources: [cm.yaml]\nconfigMapGenerator:\n- name: gen\n  files: [app.ini]\n',
  'base/cm.yaml': configMap('settings', 'level: info'),
  'base/app.ini': 'a=1\n',
};
const tree = {
  ...base,
  'app/kustomization.yaml':
    'namespace: shop\nresources: [../base]\ncomponents: [../part]\npatches:\n- path: patch.yaml\nimages:\n- {name: a, newTag: "1.10"}\n',
  'app/patch.yaml': configMap('settings', 'level: debug'),
  'part/kustomization.yaml':
    'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nsecretGenerator:\n- name: token\n  literals: [t=1]\n',
};

test('a base, an overlay, generators, a component and patches', { skip }, async () => {
  const text = textOf(await render(part(kustomizeTool), { files: tree, options: { tools: await toolPaths() } }));
  assert.match(text, /level: debug/);
  assert.match(text, /name: gen-[2-9a-z]{10}\n {2}namespace: shop/);
  assert.match(text, /kind: Secret\nmetadata:\n {2}name: token-/);
});

const overlays: readonly [string, Record<string, unknown>, RegExp][] = [
  ['a patch', { patches: [{ patch: configMap('settings', 'level: warn') }] }, /level: warn/],
  ['the namespace instead of the own one', { namespace: 'other' }, /namespace: other\n(?![^]*namespace: shop)/],
  ['a prefix', { namePrefix: 'x-' }, /name: x-settings/],
  ['a component from the path', { components: ['../more'] }, /more: "1"/],
];
for (const [what, fields, expected] of overlays) {
  test(`an engine puts into a kustomization: ${what}`, { skip }, async () => {
    const files = {
      ...tree,
      'more/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- patch: |\n${configMap('settings', 'more: "1"').replaceAll(/^/gm, '    ')}\n`,
    };
    assert.match(
      textOf(await render(part(overlay(fields)), { files, options: { tools: await toolPaths() } })),
      expected,
    );
  });
}

test('what Flux puts on top of a build: common metadata stays on the objects', { skip }, async () => {
  const files = {
    ...tree,
    'app/kustomization.yaml': `${tree['app/kustomization.yaml']}namePrefix: own-\n`,
    'base/cm.yaml': `${configMap('settings', 'level: info')}---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {metadata: {labels: {a: b}}}}\n`,
  };
  const commonMetadata = { labels: { team: 'shop' }, annotations: { note: 'common' } };
  const spec = {
    targetNamespace: 'other',
    namePrefix: 'eu-',
    commonMetadata,
    patches: [{ patch: configMap('settings', 'level: warn') }],
  };
  const { overlay: fromFlux } = readBuild({ spec });
  const options = { tools: await toolPaths() };
  const text = textOf(await render(part({ ...kustomizeTool, overlay: fromFlux }), { files, options }));
  assert.match(
    text,
    /level: warn\nkind: ConfigMap\nmetadata:\n {2}annotations:\n {4}note: common\n {2}labels:\n {4}team: shop\n {2}name: eu-settings\n {2}namespace: other/,
  );
  assert.equal(text.match(/note: common/g)?.length, 4, 'each object, and no pod template');
});

test('a missing component may be left out', { skip }, async () => {
  const setting = { files: tree, options: { tools: await toolPaths() } };
  const tool = { ...overlay({ components: ['../gone'] }) };
  assert.equal(
    refusalOf(await render(part(tool), setting)),
    'not-rendered: "app/kustomization.yaml" names "../gone", which is not in the repository; nothing is fetched',
  );
  assert.match(textOf(await render(part({ ...tool, ignoreMissingComponents: true }), setting)), /level: debug/);
});

test('Flux lists the manifests of a folder without a kustomization', { skip }, async () => {
  const files: Record<string, FakeFile> = {
    'app/b.yaml': configMap('b', 'k: b'),
    'app/a/c.yml': configMap('c', 'k: c'),
    'app/unit/kustomization.yaml': 'namePrefix: unit-\nresources: [d.yaml]',
    'app/unit/d.yaml': configMap('d', 'k: d'),
    'app/unit/not-listed.yaml': configMap('e', 'k: e'),
    'app/.sops.yaml': 'creation_rules: []',
    'app/notes.txt': 'none',
    'elsewhere/f.yaml': configMap('f', 'k: f'),
  };
  const setting = { files, options: { tools: await toolPaths() } };
  const listing: KustomizeTool = { ...kustomizeTool, missing: 'list-manifests' };
  const text = textOf(await render(part(listing), setting));
  assert.deepEqual(
    [...text.matchAll(/^ {2}name: (\S+)/gm)].map(([, name]) => name),
    ['b', 'c', 'unit-d'],
  );
  assert.equal(
    refusalOf(await render(part(kustomizeTool), setting)),
    'not-rendered: the folder "app" has no kustomization.yaml',
  );
});

const refused: readonly [string, Readonly<Record<string, FakeFile>>, RegExp][] = [
  [
    'a remote base',
    { 'app/kustomization.yaml': 'resources: ["https://u:pw@git.example.com/a//b?ref=x"]' },
    /names "https:\/\/git.example.com\/a\/\/b", and remote/,
  ],
  [
    'a remote base without a scheme',
    { 'app/kustomization.yaml': 'resources: [github.com/a/b]' },
    /which is not in the repository; nothing is fetched/,
  ],
  ['a git address', { 'app/kustomization.yaml': 'bases: ["git@example.com:a/b"]' }, /remote ones are not fetched/],
  [
    'a path out of the repository',
    { 'app/kustomization.yaml': 'resources: [../../etc/passwd]' },
    /leads out of the repository/,
  ],
  [
    'an absolute path',
    { 'app/kustomization.yaml': 'configMapGenerator: [{name: a, files: [x=/etc/passwd]}]' },
    /is not a relative path/,
  ],
  [
    'a link',
    { 'app/kustomization.yaml': 'resources: [a.yaml]', 'app/a.yaml': { symlink: '/etc/passwd' } },
    /symbolic link/,
  ],
  [
    'a link on the way',
    { 'app/kustomization.yaml': 'resources: [l/a.yaml]', 'app/l': { symlink: '..' } },
    /symbolic link/,
  ],
  ['a plugin', { 'app/kustomization.yaml': 'generators: [exec.yaml]' }, /has generators, which are not run here/],
  ['a chart', { 'app/kustomization.yaml': 'helmCharts: [{name: a}]' }, /charts are not inflated/],
  ['a field that is not known', { 'app/kustomization.yaml': 'exec: [a]' }, /field "exec", which is not known/],
  ['a key of every object', { 'app/kustomization.yaml': '__proto__: {a: 1}\nconstructor: [a]' }, /is not known here/],
  ['two kustomizations', { 'app/kustomization.yaml': '', 'app/Kustomization': '' }, /more than one/],
  [
    'a circle',
    { 'app/kustomization.yaml': 'resources: [../b]', 'b/kustomization.yaml': 'resources: [../app]' },
    /in a circle/,
  ],
  [
    'a file outside of its folder',
    { 'app/kustomization.yaml': 'resources: [../cm.yaml]', 'cm.yaml': configMap('a', 'k: v') },
    /outside its own folder/,
  ],
  ['an alias bomb', { 'app/kustomization.yaml': `a: &a [x]\n${'b: *a\n'.repeat(200)}` }, /too-many-aliases/],
  ['no YAML', { 'app/kustomization.yaml': '{[' }, /unreadable: .*cannot be read/],
];
for (const [what, files, expected] of refused) {
  test(`kustomize is refused: ${what}`, { skip }, async () => {
    assert.match(
      refusalOf(await render(part(kustomizeTool), { files, options: { tools: await toolPaths() } })),
      expected,
    );
  });
}

test('without kustomize and kubectl the answer says how to provide it', async () => {
  assert.equal(
    refusalOf(await render(part(kustomizeTool), { files: tree })),
    'not-rendered: kustomize is not installed here: put it on PATH, or name it in the configuration',
  );
});

test('a change in a base or a component changes the identity, one elsewhere does not', async () => {
  const first = await identify(part(kustomizeTool), { files: tree });
  assert.equal(await identify(part(kustomizeTool), { files: { ...tree, 'other/a': '' } }), first);
  for (const file of ['base/app.ini', 'part/kustomization.yaml', 'app/patch.yaml'] as const) {
    const files = { ...tree, [file]: `${tree[file]}\n#` };
    assert.notEqual(await identify(part(kustomizeTool), { files }), first, file);
  }
  assert.notEqual(await identify(part(overlay({ namespace: 'a' })), { files: tree }), first);
});
