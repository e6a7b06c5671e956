// No value reaches an argument, the environment, a file or a sentence: the tools are wrapped by a script that records them.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Hidden } from '../../server/core/hidden.ts';
import type { HelmTool, RenderPart, Tool } from '../../server/core/rendering.ts';
import { findTools } from '../../server/render/find-tools.ts';
import { provideTools, whyNoTools } from '../tools/tools.ts';
import { helmTool, identify, kustomizeTool, part, render, type Setting } from './rig.ts';

const skip = await whyNoTools();
let directory = '';
before(async () => (directory = await mkdtemp(join(tmpdir(), 'canary-'))));
after(() => rm(directory, { recursive: true, force: true }));

const canary = 'canary-7f3a';
const record = () => join(directory, 'record');

/** Records its arguments, environment and the files of its private directory, before and after the tool ran. */
async function wrap(name: string, program: string): Promise<string> {
  const file = join(directory, name);
  const look = `{ echo ran; echo "$@"; /usr/bin/env; /usr/bin/find "$HOME/.." -type f -exec /bin/cat {} +; } >> ${record()}`;
  await writeFile(file, `#!/bin/sh\n${look}\n${program} "$@"\ncode=$?\n${look}\nexit $code\n`, { mode: 0o755 });
  return file;
}

const patch = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {k: ${canary}}\n`;
const files = {
  'app/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
  'app/templates/cm.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {v: {{ .Values.v | quote }}, w: {{ .Values.w | default "none" | quote }}}\n',
  'kustomized/kustomization.yaml': 'resources: [cm.yaml]\n',
  'kustomized/cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n',
};
const failing = { ...files, 'app/templates/cm.yaml': '{{ fail .Values.v }}' };
const helmWith = (more: Partial<HelmTool>): RenderPart => part({ ...helmTool, ...more });
const inKustomized = (tool: Tool): RenderPart => part(tool, { path: 'kustomized' });
const object = { from: 'object', kind: 'Secret', namespace: 'ns', name: 'v', optional: false } as const;

const cases: readonly [string, RenderPart, Setting['files']][] = [
  ['a patch of an engine', inKustomized({ ...kustomizeTool, overlay: new Hidden({ patches: [{ patch }] }) }), files],
  [
    'a broken patch',
    inKustomized({ ...kustomizeTool, overlay: new Hidden({ patches: [{ patch: `{{${canary}` }] }) }),
    files,
  ],
  ['inline values', helmWith({ values: [{ from: 'inline', text: new Hidden(`v: ${canary}`) }] }), files],
  [
    'a parameter',
    helmWith({ parameters: [{ from: 'inline', name: 'v', value: new Hidden(canary), forceString: false }] }),
    files,
  ],
  [
    'values of the cluster',
    helmWith({
      values: [
        { ...object, key: 'whole', targetPath: undefined },
        { ...object, key: 'one', targetPath: 'w' },
      ],
    }),
    files,
  ],
  [
    'a post-renderer',
    helmWith({
      values: [{ from: 'inline', text: new Hidden(`v: ${canary}`) }],
      postRender: new Hidden({ patches: [{ patch }] }),
    }),
    files,
  ],
  [
    'a template that fails with a value',
    helmWith({ values: [{ from: 'inline', text: new Hidden(`v: ${canary}`) }] }),
    failing,
  ],
  ['values that are no YAML', helmWith({ values: [{ from: 'inline', text: new Hidden(`{${canary}`) }] }), files],
];
const live = { 'Secret/ns/v': { whole: `v: ${canary}`, one: canary } };
for (const [what, one, tree] of cases) {
  test(`no value is seen: ${what}`, { skip }, async () => {
    await rm(record(), { force: true });
    const { kustomize, helm4 } = await provideTools();
    const wrapped = { kustomize: await wrap('kustomize', kustomize), helm: await wrap('helm', helm4) };
    const tools = await findTools(wrapped, process.env['PATH'] ?? '');
    const setting = { files: tree, live, options: { tools } };
    const result = await render(one, setting);
    const seen = await readFile(record(), 'utf8');
    assert.match(seen, /^ran$/m);
    assert.equal(seen.includes(canary), false, 'in an argument, the environment or a file');
    if (result.kind === 'not-rendered') assert.equal(result.detail.includes(canary), false, 'in the sentence');
    else
      assert.equal(
        result.manifests.some(({ text }) => text.reveal().includes(canary)),
        true,
        'it was there at all',
      );
    assert.equal(JSON.stringify(result).includes(canary), false, 'in what would be logged');
    assert.equal((await identify(one, setting)).includes(canary), false, 'in the identity');
  });
}
