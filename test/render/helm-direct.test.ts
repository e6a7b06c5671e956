// What `helm template` prints of the same chart on a disk, with its values in files and arguments as Argo CD passes them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Hidden } from '../../server/core/hidden.ts';
import { findTools } from '../../server/render/find-tools.ts';
import { provideTools, whyNoTools } from '../tools/tools.ts';
import { helmTool, part, render, textOf } from './rig.ts';

const files = {
  'app/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: "1.2"\n',
  'app/.helmignore': '*.bak\n',
  'app/old.bak': '{{ broken',
  'app/values.yaml': 'image: {repository: web, tag: ""}\nports: [80, 443]\nenv: {A: "1", B: null}\n',
  'app/templates/_names.tpl': '{{- define "name" -}}{{ .Release.Name }}-{{ .Chart.Name }}{{- end -}}',
  'app/templates/all.yaml': `apiVersion: v1
kind: Secret
metadata:
  name: {{ include "name" . }}
stringData:
  all: {{ toYaml .Values | quote }}
  sum: {{ print .Values.number .Values.image.tag .Values.text | sha256sum }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "name" . }}
  annotations:
    helm.sh/hook: pre-install
`,
  'app/templates/tests/t.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n',
  'app/charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 0.1.0\n',
  'app/charts/sub/templates/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.global.name }}}\n',
  'app/env/prod.yaml': 'global: {name: g}\nimage: {tag: v1}\nnumber: 012\nswitch: yes\n',
};
const own = 'image: {repository: other}\ntext: |\n  two\n  lines\n';
const parameters = [
  ['number', '42', '--set'],
  ['env.B', 'x,y', '--set'],
  ['ports', '{1,2}', '--set'],
  ['image.tag', '2', '--set-string'],
  ['labels.app\\.kubernetes\\.io/name', 'true', '--set-string'],
] as const;

for (const version of ['helm3', 'helm4'] as const) {
  test(`${version} template gives the same`, { skip: await whyNoTools() }, async () => {
    const helm = (await provideTools())[version];
    const disk = mkdtempSync(join(tmpdir(), 'helm-direct-'));
    try {
      for (const [path, text] of Object.entries({ ...files, 'own.yaml': own })) {
        mkdirSync(dirname(join(disk, path)), { recursive: true });
        writeFileSync(join(disk, path), text);
      }
      const sets = parameters.flatMap(([name, value, flag]) => [
        flag,
        `${name}=${value.startsWith('{') ? value : value.replaceAll(',', '\\,')}`,
      ]);
      const args = [
        'template',
        'shop',
        join(disk, 'app'),
        '-n',
        'shop',
        '--include-crds',
        '-f',
        join(disk, 'app/env/prod.yaml'),
        '-f',
        join(disk, 'own.yaml'),
        ...sets,
      ];
      const expected = execFileSync(helm, args, { encoding: 'utf8', env: { HOME: disk } });
      const result = await render(
        part({
          ...helmTool,
          values: [
            { from: 'file', tree: undefined, path: 'app/env/prod.yaml', optional: false },
            { from: 'inline', text: new Hidden(own) },
          ],
          parameters: parameters.map(([name, value, flag]) => ({
            from: 'inline',
            name,
            value: new Hidden(value),
            forceString: flag === '--set-string',
          })),
        }),
        { files, options: { tools: await findTools({ helm }, process.env['PATH'] ?? '') } },
      );
      assert.match(expected, /kind: Secret[^]*helm.sh\/hook: test/);
      assert.equal(textOf(result), expected);
    } finally {
      rmSync(disk, { recursive: true, force: true });
    }
  });
}
