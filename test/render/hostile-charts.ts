// Charts that try to leave their folder, to run something, to reach the network, or never to end.
import { bait, pack, type Member } from './bait.ts';
import { bomb, type HostileRow, outside } from './hostile-rows.ts';

const chart = 'apiVersion: v2\nname: web\nversion: 1.0.0\n';
const config = (value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata:\n  value: ${value}\n`;

/** A chart in `chart/` with one template. */
function template(text: string): HostileRow['files'] {
  return { 'chart/Chart.yaml': chart, 'chart/templates/web.yaml': text };
}

const sane = template(config('"1"'));
const subchart: readonly Member[] = [
  { name: 'sub/Chart.yaml', content: 'apiVersion: v2\nname: sub\nversion: 1.0.0\n' },
  { name: 'sub/values.yaml', content: 'a: 1\n' },
];

/** `sane` with this in charts/ as an archive. */
function packed(...members: readonly Member[]): HostileRow['files'] {
  return { ...sane, 'chart/charts/sub-1.0.0.tgz': pack([...subchart, ...members]) };
}

function schema(text: string): HostileRow['files'] {
  return { ...sane, 'chart/values.yaml': 'a: 1\n', 'chart/values.schema.json': text };
}
const base = { part: { path: 'chart', tool: 'helm' } } as const;
const refused = { kind: 'refused', reason: 'not-rendered' } as const;
const unreadable = { kind: 'refused', reason: 'unreadable' } as const;
const harmless = (text: string) => ({ kind: 'rendered', text }) as const;

export const charts: readonly HostileRow[] = [
  // value files
  {
    ...base,
    rule: 'a values file that is a link out of the repository',
    files: { ...sane, 'chart/values.yaml': { symlink: `${outside}/secret.yaml` } },
    expect: refused,
  },
  {
    ...base,
    rule: 'a values file that is a link to another file of the repository',
    files: { ...sane, 'chart/prod.yaml': { symlink: '../secrets.yaml' }, 'secrets.yaml': 'a: b\n' },
    part: { path: 'chart', tool: 'helm', valueFiles: ['chart/prod.yaml'] },
    expect: refused,
  },
  ...['../../etc/passwd', '/etc/passwd', `..${outside}/secret.yaml`, 'chart/../../x.yaml', 'file:///etc/passwd'].map(
    (path): HostileRow => ({
      rule: `a values file ${path}`,
      files: sane,
      part: { path: 'chart', tool: 'helm', valueFiles: [path] },
      expect: refused,
    }),
  ),
  ...['https://evil.example.com/values.yaml', 's3://bucket/values.yaml', '--post-renderer=/bin/sh', '-'].map(
    (path): HostileRow => ({
      rule: `a values file ${path}`,
      files: sane,
      part: { path: 'chart', tool: 'helm', valueFiles: [path] },
      expect: refused,
    }),
  ),
  {
    rule: 'a values file in a submodule',
    files: { ...sane, 'chart/env': { submodule: '1'.repeat(40) } },
    part: { path: 'chart', tool: 'helm', valueFiles: ['chart/env/prod.yaml'] },
    expect: refused,
  },
  { ...base, rule: 'an alias bomb in values', files: { ...sane, 'chart/values.yaml': bomb }, expect: refused },
  {
    ...base,
    rule: 'prototype keys in values',
    files: {
      ...template(config('{{ .Values.a | quote }}')),
      'chart/values.yaml': '__proto__: { a: bad }\nconstructor: { prototype: { a: bad } }\na: good\n',
    },
    expect: harmless('good'),
  },
  { ...base, rule: 'values that are no map', files: { ...sane, 'chart/values.yaml': '- a\n- b\n' }, expect: refused },
  { ...base, rule: 'values that are no YAML', files: { ...sane, 'chart/values.yaml': 'a: [\n' }, expect: refused },
  { ...base, rule: 'values with a NUL', files: { ...sane, 'chart/values.yaml': 'a: "\u0000"\n' }, expect: refused },
  // dependencies
  ...[
    'file://../../outside',
    `file://${outside}`,
    'https://charts.example.com',
    'oci://registry.example.com/charts',
    '@stable',
    'git+https://x',
  ].map((repository): HostileRow => ({
    ...base,
    rule: `a dependency from ${repository}`,
    files: {
      ...sane,
      'chart/Chart.yaml': `${chart}dependencies:\n  - { name: sub, version: 1.0.0, repository: "${repository}" }\n`,
    },
    expect: refused,
  })),
  {
    ...base,
    rule: 'a subchart that is a link',
    files: { ...sane, 'chart/charts/sub': { symlink: `${outside}` } },
    expect: refused,
  },
  {
    ...base,
    rule: 'a subchart that is a submodule',
    files: { ...sane, 'chart/charts/sub': { submodule: '1'.repeat(40) } },
    expect: refused,
  },
  {
    ...base,
    rule: 'a packed subchart that is no archive',
    files: { ...sane, 'chart/charts/sub-1.0.0.tgz': 'not an archive' },
    expect: refused,
  },
  ...(
    [
      ['climbs out', { name: '../../../../marks/escaped', content: 'x' }],
      ['climbs out of the chart', { name: 'sub/../../escaped', content: 'x' }],
      ['has a file of 100 MB', { name: 'sub/templates/a.yaml', content: Buffer.alloc(100_000_000, '#') }],
    ] as const
  ).map(([rule, member]): HostileRow => ({
    ...base,
    rule: `an archive that ${rule}`,
    files: packed(member),
    expect: refused,
  })),
  {
    ...base,
    rule: 'an absolute path in an archive is none',
    files: packed({ name: `${outside}/escaped`, content: 'x' }),
    expect: harmless('value: "1"'),
  },
  {
    ...base,
    rule: 'a link in an archive is no file',
    files: packed(
      { name: 'sub/x', link: `${outside}/secret.yaml` },
      { name: 'sub/templates/x.yaml', content: config('{{ .Files.Get "x" | quote }}') },
    ),
    expect: harmless('value: ""'),
  },
  {
    ...base,
    rule: 'a schema in an archive asks nobody',
    files: packed({ name: 'sub/values.schema.json', content: `{"$ref":"${bait}/a.json"}` }),
    expect: harmless('value: "1"'),
  },
  {
    ...base,
    rule: 'a schema in an archive reads no file',
    files: packed({ name: 'sub/values.schema.json', content: `{"$ref":"file://${outside}/secret.yaml"}` }),
    expect: harmless('value: "1"'),
  },
  {
    ...base,
    rule: 'an archive in an archive',
    files: packed({
      name: 'sub/charts/deep-1.0.0.tgz',
      content: pack([
        { name: 'deep/Chart.yaml', content: 'apiVersion: v2\nname: deep\nversion: 1.0.0\n' },
        { name: 'deep/values.schema.json', content: `{"$ref":"${bait}/a.json"}` },
      ]),
    }),
    expect: harmless('value: "1"'),
  },
  // templates
  {
    ...base,
    rule: 'a template that is a link',
    files: { ...sane, 'chart/templates/passwd.yaml': { symlink: '/etc/passwd' } },
    expect: refused,
  },
  {
    ...base,
    rule: 'a template that includes itself',
    files: template('{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}'),
    expect: refused,
  },
  {
    ...base,
    rule: 'tpl that calls itself',
    files: { ...template('{{ tpl .Values.t . }}'), 'chart/values.yaml': `t: '{{ tpl .Values.t . }}'\n` },
    expect: refused,
  },
  { ...base, rule: 'a loop of a billion', files: template('{{ range until 1000000000 }}x{{ end }}'), expect: refused },
  {
    ...base,
    rule: 'loops in loops in loops',
    files: template(
      '{{ range until 100000 }}{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ end }}',
    ),
    expect: refused,
  },
  { ...base, rule: 'a string of gigabytes', files: template('{{ repeat 2000000000 "x" }}'), expect: refused },
  { ...base, rule: 'output beyond the limit', files: template(config('{{ repeat 60000000 "x" }}')), expect: refused },
  { ...base, rule: 'an explicit failure', files: template('{{ fail "hunter2" }}'), expect: refused },
  {
    ...base,
    rule: 'a function that helm does not have',
    files: template('{{ env "HOME" }}{{ exec "sh" }}'),
    expect: refused,
  },
  { ...base, rule: 'an unclosed action', files: template('{{ if '), expect: refused },
  {
    ...base,
    rule: 'lookup asks no API server',
    files: template(config('{{ lookup "v1" "Secret" "kube-system" "" | toJson | quote }}')),
    expect: harmless('"{}"'),
  },
  {
    ...base,
    rule: 'getHostByName asks no name server',
    files: template(config('{{ getHostByName "localhost" | quote }}')),
    expect: harmless('value: ""'),
  },
  ...['../../../../../../etc/passwd', '/etc/passwd', `${outside}/secret.yaml`, '../secrets.yaml'].map(
    (path): HostileRow => ({
      ...base,
      rule: `.Files.Get ${path} gives nothing`,
      files: { ...template(config(`{{ .Files.Get "${path}" | quote }}`)), 'secrets.yaml': 'beside the chart' },
      expect: harmless('value: ""'),
    }),
  ),
  {
    ...base,
    rule: '.Files.Glob does not leave the chart',
    files: { ...template(config('{{ (.Files.Glob "../**").AsConfig | quote }}')), 'secrets.yaml': 'beside the chart' },
    expect: harmless('value: "{}"'),
  },
  {
    ...base,
    rule: 'a file of the chart that is a link',
    files: { ...template(config('{{ .Files.Get "x" | quote }}')), 'chart/x': { symlink: '/etc/passwd' } },
    expect: refused,
  },
  {
    ...base,
    rule: 'a file of 100 MB in the chart',
    files: { ...sane, 'chart/files/large': { size: 100_000_000 } },
    expect: unreadable,
  },
  {
    ...base,
    rule: 'values of 100 MB',
    files: { ...sane, 'chart/values.yaml': { size: 100_000_000 } },
    expect: unreadable,
  },
  {
    ...base,
    rule: 'six thousand templates',
    files: {
      ...sane,
      ...Object.fromEntries(Array.from({ length: 6_000 }, (_, n) => [`chart/templates/${n}.yaml`, 'a: 1\n'])),
    },
    expect: refused,
  },
  {
    ...base,
    rule: '.helmignore leaves out, and reads nothing',
    files: { ...sane, 'chart/.helmignore': `../*\n/etc/passwd\n${outside}/*\n` },
    expect: harmless('value: "1"'),
  },
  {
    ...base,
    rule: 'a .helmignore that is broken',
    files: { ...sane, 'chart/.helmignore': '[\n**\n' },
    expect: refused,
  },
  {
    ...base,
    rule: 'a template in values is text, and what tpl makes of it stays in the chart',
    files: {
      ...template(config('{{ tpl .Values.t . | quote }}')),
      'chart/values.yaml': `t: '{{ .Files.Get "../secrets.yaml" }}{{ getHostByName "localhost" }}'\n`,
      'secrets.yaml': 'beside the chart',
    },
    expect: harmless('value: ""'),
  },
  // the chart itself
  { ...base, rule: 'a Chart.yaml that is no map', files: { ...sane, 'chart/Chart.yaml': '- a\n' }, expect: unreadable },
  {
    ...base,
    rule: 'a Chart.yaml that is broken',
    files: { ...sane, 'chart/Chart.yaml': 'name: [\n' },
    expect: unreadable,
  },
  {
    ...base,
    rule: 'a Chart.yaml without a name',
    files: { ...sane, 'chart/Chart.yaml': 'apiVersion: v2\nversion: 1.0.0\n' },
    expect: refused,
  },
  {
    ...base,
    rule: 'a Chart.yaml that is a link',
    files: { ...sane, 'chart/Chart.yaml': { symlink: '../other/Chart.yaml' } },
    expect: refused,
  },
  {
    ...base,
    rule: 'a bomb in Chart.yaml',
    files: { ...sane, 'chart/Chart.yaml': `${chart}annotations: &x\n${bomb}` },
    expect: unreadable,
  },
  {
    ...base,
    rule: 'a chart that wants a plugin',
    files: {
      ...sane,
      'chart/plugins/evil/plugin.yaml': 'name: evil\ncommand: "touch $MARK"\nhooks: { install: "touch $MARK" }\n',
    },
    expect: harmless('value: "1"'),
  },
  ...(
    [
      ['from the network', '{"$ref":"https://evil.example.com/schema.json"}'],
      ['from this machine', `{"$ref":"${bait}/a.json"}`],
      ['from a file that is one', `{"$ref":"file://${outside}/schema.json"}`],
      ['from a file that is none', `{"$ref":"file://${outside}/secret.yaml"}`],
      ['by a relative path', '{"$ref":"../../../../../../etc/schema.json"}'],
      ['relative to its own name', `{"$id":"${bait}/","$ref":"a.json"}`],
      ['deep inside', `{"properties":{"b":{"items":[{"anyOf":[{"$ref":"${bait}/a.json"}]}]}}}`],
      ['by an escaped key', `{"\\u0024ref":"${bait}/a.json"}`],
      ['by a dynamic reference', `{"$dynamicRef":"${bait}/a.json"}`],
      ['of its own language', `{"$schema":"${bait}/a.json"}`],
      ['of a language of another host', '{"$schema":"https://json-schema.org.evil.example.com/draft-07/schema"}'],
    ] as const
  ).map(([rule, text]): HostileRow => ({
    ...base,
    rule: `a schema ${rule}`,
    files: schema(text),
    expect: refused,
  })),
  {
    ...base,
    rule: 'a schema of a chart inside',
    files: {
      ...sane,
      'chart/charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
      'chart/charts/sub/values.schema.json': `{"$ref":"${bait}/a.json"}`,
    },
    expect: refused,
  },
  { ...base, rule: 'a schema that is no JSON', files: schema('{'), expect: unreadable },
  {
    ...base,
    rule: 'a schema of a hundred thousand levels',
    files: schema(`${'{"not":'.repeat(100_000)}{}${'}'.repeat(100_000)}`),
    expect: refused,
  },
  {
    ...base,
    rule: 'a schema of itself',
    files: schema('{"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#"}'),
    expect: { kind: 'refused', reason: 'any' },
  },
  {
    ...base,
    rule: 'a schema with a pattern that backtracks',
    files: { ...schema('{"properties":{"a":{"pattern":"^(a+)+$"}}}'), 'chart/values.yaml': `a: ${'a'.repeat(60)}!\n` },
    expect: refused,
  },
  {
    rule: 'a path that is a link',
    files: { ...sane, prod: { symlink: 'chart' } },
    part: { path: 'prod', tool: 'helm' },
    expect: refused,
  },
  { rule: 'a path that is not there', files: sane, part: { path: 'nowhere', tool: 'helm' }, expect: refused },
  { rule: 'a path above the root', files: sane, part: { path: '../chart', tool: 'helm' }, expect: refused },
  {
    rule: 'a release name that is an option',
    files: template(config('{{ .Release.Name | quote }}')),
    part: { path: 'chart', tool: 'helm', releaseName: '--debug' },
    expect: refused,
  },
  {
    rule: 'a namespace that is an option',
    files: template(config('{{ .Release.Namespace | quote }}')),
    part: { path: 'chart', tool: 'helm', namespace: '--kubeconfig=/x' },
    expect: harmless('value: "--kubeconfig=/x"'),
  },
  {
    rule: 'a Kubernetes version that is an option',
    files: sane,
    part: { path: 'chart', tool: 'helm', kubeVersion: '--post-renderer=sh' },
    expect: refused,
  },
];
