// Kustomizations that fetch, leave their folder, run something, or never end.
import { bait } from './bait.ts';
import { bomb, type HostileRow, outside } from './hostile-rows.ts';

const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { value: "1" }\n';
const refused = { kind: 'refused', reason: 'not-rendered' } as const;
const part = { path: 'app', tool: 'kustomize' } as const;

function kustomization(text: string, more: HostileRow['files'] = {}): HostileRow['files'] {
  return { 'app/kustomization.yaml': text, 'app/web.yaml': config, ...more };
}

function refusing(rule: string, text: string, more: HostileRow['files'] = {}): HostileRow {
  return { rule, files: kustomization(text, more), part, expect: refused };
}

function broken(rule: string, text: string, more: HostileRow['files'] = {}): HostileRow {
  return { rule, files: kustomization(text, more), part, expect: { kind: 'refused', reason: 'unreadable' } };
}

const remotes = [
  'https://git.example.com/platform/bases.git//web?ref=v1',
  'https://git.example.com/platform/bases//web',
  'http://10.0.0.1/base.yaml',
  'https://raw.example.com/base.yaml',
  'HTTPS://git.example.com/base',
  'git::https://git.example.com/platform/bases.git//web',
  'git::ssh://git@git.example.com/platform/bases.git',
  'ssh://git@git.example.com/platform/bases.git//web?ref=main',
  'git@git.example.com:platform/bases.git',
  'git.example.com:platform/bases.git//web',
  'github.com/kubernetes-sigs/kustomize//examples/helloWorld?ref=v1.0.6',
  'github.com/kubernetes-sigs/kustomize',
  'gh:kubernetes-sigs/kustomize',
  'bitbucket.org/team/repo//base',
  'dev.azure.com/org/project/_git/repo',
  'git-codecommit.eu-west-1.amazonaws.com/v1/repos/x',
  'file:///etc',
  `file://${outside}`,
  'git::file:///etc',
  'ext::sh -c touch% $MARK',
  'oci://registry.example.com/bases',
  's3::https://s3.amazonaws.com/bucket/base',
  'hg::https://example.com/x',
  'platform/bases.git?ref=v1',
];

/** The same for a reader that knows the tag `!!binary`. */
const encoded = Buffer.from(`${bait}/base.yaml`).toString('base64');

const many = Array.from({ length: 6_000 }, (_, n) => `f${n}`);

const outsidePaths = [
  '/etc',
  '/etc/passwd',
  `${outside}`,
  `${outside}/secret.yaml`,
  '../..',
  '../../etc/passwd',
  `../../../../../../../..${outside}/secret.yaml`,
];
const generators = [
  '/etc/passwd',
  '../../etc/passwd',
  '../outside.txt',
  `x=${outside}/secret.yaml`,
  `../../../../../../..${outside}/secret.yaml`,
];

export const kustomizations: readonly HostileRow[] = [
  ...remotes.map((remote) => refusing(`a remote base: ${remote}`, `resources:\n  - ${JSON.stringify(remote)}\n`)),
  ...['components', 'bases', 'crds', 'configurations', 'transformers', 'generators', 'validators'].map((field) =>
    refusing(
      `a remote in ${field}`,
      `${field}:\n  - https://git.example.com/platform/bases.git//web?ref=v1\nresources: [web.yaml]\n`,
    ),
  ),
  refusing('a remote patch', 'resources: [web.yaml]\npatches:\n  - path: https://git.example.com/patch.yaml\n'),
  refusing(
    'a remote strategic patch',
    'resources: [web.yaml]\npatchesStrategicMerge:\n  - https://git.example.com/patch.yaml\n',
  ),
  refusing(
    'a remote JSON patch',
    'resources: [web.yaml]\npatchesJson6902:\n  - { path: "https://git.example.com/patch.yaml", target: { version: v1, kind: ConfigMap, name: web } }\n',
  ),
  refusing(
    'a remote file in a generator',
    'configMapGenerator:\n  - name: x\n    files: ["https://git.example.com/x"]\n',
  ),
  refusing('a remote replacement', 'resources: [web.yaml]\nreplacements:\n  - path: https://git.example.com/r.yaml\n'),
  ...outsidePaths.map((path) => refusing(`a resource ${path}`, `resources:\n  - ${JSON.stringify(path)}\n`)),
  ...generators.map((path) =>
    refusing(`a generator's file ${path}`, `configMapGenerator:\n  - name: x\n    files: [${JSON.stringify(path)}]\n`, {
      'outside.txt': 'beside the folder',
    }),
  ),
  refusing('variables from a file outside', 'secretGenerator:\n  - name: x\n    envs: [/etc/environment]\n'),
  refusing('the old spelling of that', 'secretGenerator:\n  - name: x\n    env: ../../../../../../etc/environment\n'),
  refusing('a patch from outside', `resources: [web.yaml]\npatches:\n  - path: ${outside}/secret.yaml\n`),
  refusing(
    'a schema from outside',
    `resources: [web.yaml]\nopenapi: { path: ../../../../../..${outside}/secret.yaml }\n`,
  ),
  refusing('a schema by an absolute path', 'resources: [web.yaml]\nopenapi: { path: /etc/passwd }\n'),
  refusing('a configuration from outside', 'resources: [web.yaml]\nconfigurations: [/etc/passwd]\n'),
  // what kustomize reads otherwise than a reader of YAML 1.2, on a host that no proxy stands before
  ...['resources', 'components', 'bases', 'crds', 'configurations', 'patchesStrategicMerge'].map((field) =>
    refusing(`a loopback address in ${field}`, `${field}: ["${bait}/x.yaml"]\n`),
  ),
  broken('an address that a tag decodes', `resources: [!!binary ${encoded}]\n`, { [`app/${encoded}`]: config }),
  ...['\u2028', '\u2029', '\u0085'].map((line) =>
    broken(
      `an address behind the line break ${JSON.stringify(line)}`,
      `# x${line}resources: ["${bait}/x.yaml"]\nnamespace: shop\n`,
    ),
  ),
  broken(
    'a patch behind a merge key',
    `commonAnnotations: &x { path: "${bait}/p.yaml" }\nresources: [web.yaml]\npatches: [{ <<: *x }]\n`,
  ),
  broken('a patch in capitals', `resources: [web.yaml]\npatches: [{ Path: "${bait}/p.yaml" }]\n`),
  broken('a JSON patch in capitals', `resources: [web.yaml]\npatchesJson6902: [{ PATH: "${bait}/p.yaml" }]\n`),
  broken('a replacement in capitals', `resources: [web.yaml]\nreplacements: [{ Path: "${bait}/r.yaml" }]\n`),
  ...['Files', 'Envs', 'ENV'].map((field) =>
    broken(`a generator with ${field}`, `configMapGenerator: [{ name: x, ${field}: ["${bait}/x"] }]\n`),
  ),
  refusing('resources in capitals', `Resources: ["${bait}/x.yaml"]\n`),
  broken('a patch by an old list', `resources: [web.yaml]\npatches: ["${bait}/p.yaml"]\n`),
  refusing('a schema from this machine', `resources: [web.yaml]\nopenapi: { path: "${bait}/s.json" }\n`),
  refusing(
    'an address that looks like a patch',
    `resources: [web.yaml]\npatchesStrategicMerge: ["${bait.replace('http', 'HTTP')}/p{"]\n`,
  ),
  refusing(
    'an address that looks like a map',
    `resources: [web.yaml]\npatchesStrategicMerge: ["${bait}/p.yaml?a: b"]\n`,
  ),
  {
    rule: 'an address first, a file second',
    files: kustomization(`resources: ["${bait}/x.yaml"]\nresources: [web.yaml]\n`),
    part,
    expect: { kind: 'rendered', text: 'value: "1"' },
  },
  refusing('a folder named like a Git host', 'resources: [github.com/x/y]\n', {
    'app/github.com/x/y/kustomization.yaml': 'resources: []\n',
  }),
  refusing('a base on this machine below a sane one', 'resources: [../base]\n', {
    'base/kustomization.yaml': `patches: [{ path: "${bait}/p.yaml" }]\n`,
  }),
  refusing('a capital in a base', 'resources: [../base]\n', {
    'base/kustomization.yaml': `Resources: ["${bait}/x.yaml"]\n`,
  }),
  // links
  refusing('a resource that is a link', 'resources: [web.yaml, link.yaml]\n', {
    'app/link.yaml': { symlink: `${outside}/secret.yaml` },
  }),
  refusing('a base that is a link', 'resources: [../base]\n', { base: { symlink: outside } }),
  refusing('a base behind a link', 'resources: [../link/base]\n', {
    link: { symlink: '.' },
    'base/kustomization.yaml': 'resources: []\n',
  }),
  refusing('a base in a submodule', 'resources: [../vendor/base]\n', { vendor: { submodule: '1'.repeat(40) } }),
  refusing('a generated file that is a link', 'configMapGenerator:\n  - { name: x, files: [x] }\n', {
    'app/x': { symlink: '/etc/passwd' },
  }),
  {
    rule: 'a kustomization that is a link',
    files: { 'app/kustomization.yaml': { symlink: '../other.yaml' }, 'other.yaml': 'resources: []\n' },
    part,
    expect: refused,
  },
  // programs
  ...(['generators', 'transformers', 'validators'] as const).flatMap((field) => [
    refusing(`an exec function among ${field}`, `resources: [web.yaml]\n${field}: [fn.yaml]\n`, {
      'app/fn.yaml': functionObject('exec: { path: ./run.sh }'),
      'app/run.sh': '#!/bin/sh\ntouch "$MARK"\n',
    }),
    refusing(`a container function among ${field}`, `resources: [web.yaml]\n${field}: [fn.yaml]\n`, {
      'app/fn.yaml': functionObject('container: { image: evil:1, network: true }'),
    }),
    refusing(`a starlark function among ${field}`, `resources: [web.yaml]\n${field}: [fn.yaml]\n`, {
      'app/fn.yaml': functionObject('starlark: { path: x.star, name: x }'),
      'app/x.star': 'while True: pass\n',
    }),
    refusing(
      `an inline function among ${field}`,
      `resources: [web.yaml]\n${field}:\n  - |-\n${functionObject('exec: { path: /bin/sh }').replaceAll(/^/gm, '    ')}\n`,
    ),
  ]),
  refusing('an old exec plugin', 'resources: [web.yaml]\ngenerators: [p.yaml]\n', {
    'app/p.yaml': 'apiVersion: evil.example.com/v1\nkind: Evil\nmetadata: { name: x }\n',
    'app/evil.example.com/v1/evil/Evil': '#!/bin/sh\ntouch "$MARK"\n',
  }),
  refusing('a Go plugin', 'resources: [web.yaml]\ntransformers: [p.yaml]\n', {
    'app/p.yaml': 'apiVersion: someteam.example.com/v1\nkind: SomeServiceGenerator\nmetadata: { name: x }\n',
    'app/SomeServiceGenerator.so': 'ELF',
  }),
  refusing('helm charts', 'helmCharts:\n  - { name: minecraft, repo: "https://charts.example.com", version: 3.1.3 }\n'),
  refusing('a local helm chart', 'helmGlobals: { chartHome: /etc }\nhelmCharts:\n  - { name: x }\n'),
  refusing('the old helm generator', 'helmChartInflationGenerator:\n  - { chartName: x, helmBin: /bin/sh }\n'),
  // endless and huge
  refusing('a cycle of one', 'resources: [../app]\n'),
  refusing('a cycle of two', 'resources: [../b]\n', { 'b/kustomization.yaml': 'resources: [../app]\n' }),
  refusing('a cycle through a component', 'components: [../c]\n', {
    'c/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncomponents: [../app]\n',
  }),
  {
    rule: 'an alias bomb as a kustomization',
    files: kustomization(bomb),
    part,
    expect: { kind: 'refused', reason: 'any' },
  },
  {
    rule: 'an alias bomb as a resource',
    files: kustomization('resources: [bomb.yaml]\n', {
      'app/bomb.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\ndata:\n${bomb.replaceAll(/^/gm, '  ')}`,
    }),
    part,
    expect: { kind: 'refused', reason: 'any' },
  },
  {
    rule: 'a deep kustomization',
    files: kustomization(`resources: ${'['.repeat(5000)}${']'.repeat(5000)}\n`),
    part,
    expect: { kind: 'refused', reason: 'any' },
  },
  { rule: 'layers that double 40 times', files: doubling(40), part, expect: refused },
  {
    rule: 'a resource of 100 MB',
    files: kustomization('resources: [web.yaml, large.yaml]\n', { 'app/large.yaml': { size: 100_000_000 } }),
    part,
    expect: { kind: 'refused', reason: 'unreadable' },
  },
  {
    rule: 'a kustomization of 100 MB',
    files: { 'app/kustomization.yaml': { size: 100_000_000 } },
    part,
    expect: { kind: 'refused', reason: 'unreadable' },
  },
  {
    rule: 'a generator of 100 MB',
    files: kustomization('configMapGenerator: [{ name: x, files: [x] }]\n', { 'app/x': { size: 100_000_000 } }),
    part,
    expect: { kind: 'refused', reason: 'unreadable' },
  },
  broken('six thousand generated files', `configMapGenerator: [{ name: x, files: [${many.join()}] }]\n`, {
    ...Object.fromEntries(many.map((name) => [`app/${name}`, 'x'])),
  }),
  // fields
  broken('a kustomization that is no map', '- a\n- b\n'),
  broken('two kustomizations in one file', 'resources: [web.yaml]\n---\nresources: [/etc/passwd]\n'),
  refusing('a remote behind a duplicate key', 'resources: [web.yaml]\nresources: ["https://git.example.com/base"]\n'),
  refusing('a remote behind a merge key', 'x: &x { resources: ["https://git.example.com/base"] }\n<<: *x\n'),
  refusing('a remote behind an alias', 'x: &x "https://git.example.com/base"\nresources: [*x]\n'),
  refusing('an unknown field', 'resources: [web.yaml]\n__proto__: { a: b }\n'),
  refusing('two kustomizations in one folder', 'resources: [web.yaml]\n', {
    'app/Kustomization': 'resources: ["/etc/passwd"]\n',
  }),
  refusing('a file name with a line break', 'resources: ["web\\n.yaml"]\n'),
  refusing('a file name that is an option', 'resources: ["--help"]\n'),
  refusing('a resource that is not there', 'resources: [absent.yaml]\n'),
  {
    rule: 'a path above the root',
    files: kustomization('resources: [web.yaml]\n'),
    part: { path: '../app', tool: 'kustomize' },
    expect: refused,
  },
  {
    rule: 'an absolute path',
    files: kustomization('resources: [web.yaml]\n'),
    part: { path: '/etc', tool: 'kustomize' },
    expect: refused,
  },
  {
    rule: 'a path that is a link',
    files: { ...kustomization('resources: [web.yaml]\n'), prod: { symlink: 'app' } },
    part: { path: 'prod', tool: 'kustomize' },
    expect: refused,
  },
  // what an engine's resource puts on top
  ...[
    { generators: ['x.yaml'] },
    { transformers: ['https://git.example.com/x'] },
    { resources: ['/etc/passwd'] },
    { components: ['https://git.example.com/x'] },
    { components: ['../../etc'] },
    { patches: [{ path: '/etc/passwd' }] },
    { helmCharts: [{ name: 'x', repo: 'https://charts.example.com' }] },
    { openapi: { path: '/etc/passwd' } },
    { configMapGenerator: [{ name: 'x', files: ['/etc/passwd'] }] },
    { patchesStrategicMerge: [`${bait}/p{`] },
    { Resources: [`${bait}/x.yaml`] },
  ].map((overlay): HostileRow => ({
    rule: `on top: ${JSON.stringify(overlay)}`,
    files: kustomization('resources: [web.yaml]\n'),
    part: { path: 'app', tool: 'kustomize', overlay },
    expect: refused,
  })),
  // harmless, and so rendered
  {
    rule: 'ten thousand resources in a file',
    files: kustomization('resources: [many.yaml]\n', {
      'app/many.yaml': Array.from({ length: 10_000 }, (_, n) => config.replace('name: web', `name: web-${n}`)).join(
        '---\n',
      ),
    }),
    part,
    expect: { kind: 'refused', reason: 'any' },
  },
  {
    rule: 'shell in names and values',
    files: kustomization(
      'namePrefix: x-\nresources: [web.yaml]\ncommonAnnotations: { a: "$(touch $MARK)`touch $MARK`" }\n',
    ),
    part,
    expect: { kind: 'rendered', text: 'name: x-web' },
  },
];

function functionObject(spec: string): string {
  return `apiVersion: v1\nkind: Fn\nmetadata:\n  name: fn\n  annotations:\n    config.kubernetes.io/function: |\n      ${spec}\n`;
}

/** Each layer takes the next one twice. */
function doubling(depth: number): HostileRow['files'] {
  const layers = Array.from({ length: depth }, (_, n): [string, string][] => [
    [`l${n}/a/kustomization.yaml`, `namePrefix: a-\nresources: [../../l${n + 1}/a, ../../l${n + 1}/b]\n`],
    [`l${n}/b/kustomization.yaml`, `namePrefix: b-\nresources: [../../l${n + 1}/a, ../../l${n + 1}/b]\n`],
  ]).flat();
  const last = ['a', 'b'].flatMap((side): [string, string][] => [
    [`l${depth}/${side}/kustomization.yaml`, 'resources: [web.yaml]\n'],
    [`l${depth}/${side}/web.yaml`, config],
  ]);
  return { ...kustomization('resources: [../l0/a]\n'), ...Object.fromEntries([...layers, ...last]) };
}
