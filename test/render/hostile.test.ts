// What a repository can hold to hang, fill or leave the renderer: each ends in a refusal, in time, and nothing is left.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Hidden } from '../../server/core/hidden.ts';
import type { RenderPart, Tool } from '../../server/core/rendering.ts';
import { findTools } from '../../server/render/find-tools.ts';
import { defaultLimits } from '../../server/render/run-tool.ts';
import type { FakeFile } from '../fakes/source-tree.ts';
import { provideTools, whyNoTools } from '../tools/tools.ts';
import { helmTool, kustomizeTool, part, plainTool, refusalOf, render, textOf } from './rig.ts';

const skip = await whyNoTools();
const tools = async () => {
  const { kustomize, helm4 } = await provideTools();
  return findTools({ kustomize, helm: helm4 }, process.env['PATH'] ?? '');
};
const limits = { ...defaultLimits, deadlineMs: 10_000, outputBytes: 4 * 1024 * 1024, memoryBytes: 256 * 1024 * 1024 };

type Files = Readonly<Record<string, FakeFile>>;
const chart = (files: Files): Files => ({ 'app/Chart.yaml': 'apiVersion: v2\nname: a\nversion: 1.0.0\n', ...files });
const dependency = (repository: string): Files =>
  chart({
    'app/Chart.yaml': `apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n- {name: b, version: 1, repository: "${repository}"}\n`,
  });
const kustomization = (text: string, more: Files = {}): Files => ({ 'app/kustomization.yaml': text, ...more });
const aliases = `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`).join('\n')}\n`;
const helm = part(helmTool);
const kustomize = part(kustomizeTool);
const inFolder = (path: string, tool: Tool): RenderPart => part(tool, { path });

const refused: readonly [string, RenderPart, Files, RegExp][] = [
  [
    'a template without an end',
    helm,
    chart({ 'app/templates/a': '{{ range until 1000000000 }}x{{ end }}' }),
    /^not-rendered: helm/,
  ],
  [
    'a template that calls itself',
    helm,
    chart({ 'app/templates/a': '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}' }),
    /^not-rendered: helm ended/,
  ],
  [
    'a template that prints too much',
    helm,
    chart({ 'app/templates/a': 'a: {{ repeat 8000000 "x" }}' }),
    /^not-rendered: helm printed more than 4 MiB/,
  ],
  [
    'values that unfold',
    helm,
    chart({ 'app/values.yaml': aliases, 'app/templates/a': 'a: {{ toJson .Values | len }}' }),
    /^not-rendered: helm/,
  ],
  ['a chart that depends on itself', helm, dependency('file://../app'), /depend on each other more than 10 deep/],
  ['a dependency out of the repository', helm, dependency('file://../../../b'), /leads out of the repository/],
  ['a dependency by an absolute path', helm, dependency('file:///etc'), /is not a relative path/],
  ['a dependency of an alias', helm, dependency('@stable'), /not in charts\/; nothing is fetched/],
  [
    'a dependency named like a path',
    helm,
    chart({ 'app/Chart.yaml': 'dependencies: [{name: ../../x}]' }),
    /without a proper name/,
  ],
  ['a chart of one large file', helm, chart({ 'app/files/a': { size: 9_000_000 } }), /larger than 8 MiB/],
  [
    'a schema of another host',
    helm,
    chart({ 'app/values.schema.json': '{"$ref": "https://192.0.2.1/a.json"}', 'app/templates/a': 'a: 1' }),
    /^not-rendered: .* refers to another schema/,
  ],
  [
    'many aliases in a resource',
    kustomize,
    kustomization('resources: [a.yaml]', { 'app/a.yaml': `kind: ConfigMap\nmetadata: {name: a}\n${aliases}` }),
    /^not-rendered: kustomize/,
  ],
  [
    'a resource that is no object',
    kustomize,
    kustomization('resources: [a.yaml]', { 'app/a.yaml': 'a: 1' }),
    /^not-rendered: kustomize ended/,
  ],
  [
    'a chain of folders',
    kustomize,
    Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [
        n === 0 ? 'app/kustomization.yaml' : `n${n}/kustomization.yaml`,
        `resources: [../n${n + 1}]`,
      ]),
    ),
    /more than 50 folders|no kustomization|not in the repository/,
  ],
  [
    'a remote patch',
    kustomize,
    kustomization('patches: [{path: "https://example.com/p.yaml"}]'),
    /remote ones are not fetched/,
  ],
  ['a path with a line break', kustomize, kustomization('resources: ["a\\nb"]'), /is not a relative path/],
  ['a backslash', kustomize, kustomization('resources: ["..\\\\..\\\\etc"]'), /is not a relative path/],
  [
    'an environment file that is a link',
    kustomize,
    kustomization('secretGenerator: [{name: a, envs: [e]}]', { 'app/e': { symlink: '/proc/self/environ' } }),
    /symbolic link/,
  ],
  ['a validator', kustomize, kustomization('validators: [v.yaml]'), /validators, which are not run/],
  [
    'a function in a transformer',
    kustomize,
    kustomization('transformers: ["kind: X"]'),
    /transformers, which are not run/,
  ],
  ['the folder above', inFolder('../app', plainTool), {}, /there is no folder/],
  ['the root of the disk', inFolder('/etc', kustomizeTool), {}, /has no kustomization/],
  ['a file name that no disk takes', helm, chart({ [`app/templates/${'n'.repeat(300)}`]: 'a: 1' }), /is too long/],
];
for (const [what, one, files, expected] of refused) {
  test(`hostile: ${what}`, { skip, timeout: 30_000 }, async () => {
    assert.match(refusalOf(await render(one, { files, options: { tools: await tools(), limits } })), expected);
  });
}

test('the root of a repository is a folder like others', { skip }, async () => {
  const options = { tools: await tools() };
  const object = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
  const kustomized = { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': object };
  const overlay = new Hidden({ namePrefix: 'b-' });
  assert.match(textOf(await render(inFolder('', kustomizeTool), { files: kustomized, options })), /name: a/);
  assert.match(
    textOf(await render(inFolder('', { ...kustomizeTool, overlay }), { files: kustomized, options })),
    /name: b-a/,
  );
  const listing = { ...kustomizeTool, missing: 'list-manifests' } as const;
  assert.match(textOf(await render(inFolder('', listing), { files: { 'x/a.yaml': object }, options })), /name: a/);
  const charted = { 'Chart.yaml': 'apiVersion: v2\nname: a\nversion: 1.0.0\n', 'templates/a.yaml': object };
  const auto: Tool = { tool: 'auto', plain: plainTool, kustomize: kustomizeTool, helm: helmTool };
  assert.match(textOf(await render(inFolder('', auto), { files: charted, options })), /name: a/);
  assert.match(textOf(await render(inFolder('', auto), { files: kustomized, options })), /^apiVersion: v1\nkind/);
  assert.match(textOf(await render(inFolder('', auto), { files: { 'a.yaml': object }, options })), /name: a/);
});

let directory = '';
before(async () => (directory = await mkdtemp(join(tmpdir(), 'hostile-'))));
after(() => rm(directory, { recursive: true, force: true }));

test('an abort ends a tool that reads nothing, and its directory', { timeout: 30_000 }, async () => {
  const stuck = join(directory, 'stuck');
  const started = join(directory, 'started');
  await writeFile(stuck, `#!/bin/sh\n: > ${started}\nexec /bin/sleep 60\n`, { mode: 0o755 });
  const found = await findTools({ kustomize: stuck }, process.env['PATH'] ?? '');
  const abort = new AbortController();
  const overlay = new Hidden({ namespace: 'a' });
  const setting = { files: kustomization('resources: []'), options: { tools: found }, signal: abort.signal };
  const rendering = render(part({ ...kustomizeTool, overlay }), setting);
  while (!existsSync(started)) await setImmediate();
  abort.abort(new Error('enough'));
  await assert.rejects(rendering, /enough/);
});

test(
  'a temporary directory that is not there is the machine’s trouble, no answer about the source',
  { skip },
  async () => {
    const options = { tools: await tools(), tempDirectory: join(directory, 'gone') };
    const rendering = render(kustomize, { files: kustomization('namespace: a'), options });
    await assert.rejects(rendering, { code: 'render-failed' });
  },
);
