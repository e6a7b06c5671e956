// Whatever a repository holds: it is refused or named, nothing of it runs, nothing outside of it is read, and it ends in time.
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Hidden } from '../../server/core/hidden.ts';
import type { HelmTool, KustomizeTool, PlainTool, RenderPart, RenderPorts } from '../../server/core/rendering.ts';
import { readDeclaration } from '../../server/declared/rendered.ts';
import { findTools } from '../../server/render/find-tools.ts';
import { createRenderer } from '../../server/render/renderer.ts';
import { fakeRef, fakeTree } from '../fakes/source-tree.ts';
import { provideTools, whyNoTools } from '../tools/tools.ts';
import { asked } from './bait.ts';
import { charts } from './hostile-charts.ts';
import { documents } from './hostile-documents.ts';
import { kustomizations } from './hostile-kustomizations.ts';
import { facts } from './rig.ts';
import { canary, outside, type HostilePart, type HostileRow } from './hostile-rows.ts';

/** Of one tool; what Lockstep itself does around it takes the rest. */
const toolDeadlineMs = 8_000;
const rowDeadlineMs = 20_000;
const trapped = ['git', 'sh', 'bash', 'ssh', 'curl', 'docker', 'python3', 'helm-evil', 'go'];

const skip = await whyNoTools();
let base = '';
let marks = '';

before(async () => {
  base = await mkdtemp(join(tmpdir(), 'lockstep-hostile-'));
  marks = join(base, 'marks');
  for (const folder of ['marks', 'traps', 'temp'].map((name) => join(base, name))) await mkdir(folder);
  await mkdir(outside);
  await writeFile(join(outside, 'secret.yaml'), `apiVersion: v1\nkind: Secret\nmetadata: { name: ${canary} }\n`);
  await writeFile(join(outside, 'kustomization.yaml'), 'resources: [secret.yaml]\n');
  await writeFile(join(outside, 'schema.json'), `{"title":"${canary}"}`);
  for (const name of trapped) {
    const file = join(base, 'traps', name);
    await writeFile(file, `#!/bin/sh\n: > '${marks}/${name}'\nexit 1\n`);
    await chmod(file, 0o755);
  }
  process.env['PATH'] = `${join(base, 'traps')}:${process.env['PATH'] ?? ''}`;
  process.env['MARK'] = join(marks, 'MARK');
});

after(async () => {
  process.env['PATH'] = (process.env['PATH'] ?? '').split(':').slice(1).join(':');
  for (const folder of [base, outside]) await rm(folder, { recursive: true, force: true });
});

test('there are enough rows, each with a name of its own', () => {
  const rules = rows.map(({ title, row }) => `${title}: ${row.rule}`);
  assert.ok(rules.length >= 280);
  assert.deepEqual([...new Set(rules)], rules);
});

const rows = Object.entries({ chart: charts, kustomization: kustomizations, manifests: documents }).flatMap(
  ([title, table]) => table.map((row) => ({ title, row })),
);

for (const { title, row } of rows) {
  test(`${title}: ${row.rule}`, { skip, timeout: rowDeadlineMs }, async (t) => {
    const started = performance.now();
    const shown = await answer(row, t.signal).finally(() => assert.deepEqual(asked.splice(0), [], 'nobody was asked'));
    assert.ok(performance.now() - started < rowDeadlineMs, 'it ends in time, also where nothing can interrupt it');
    assert.equal(shown.includes(canary), false, 'nothing outside the tree is shown');
    assert.equal(/root:x:|hunter2/.test(shown), false, 'no file of the machine is shown, and no words of a tool');
    assert.deepEqual(await readdir(marks), [], 'nothing was run');
    assert.deepEqual(await readdir(outside), ['kustomization.yaml', 'schema.json', 'secret.yaml'], 'nothing got out');
    assert.deepEqual(await readdir(join(base, 'temp')), [], 'nothing is left behind');
  });
}

/** Checks what is expected; all that anybody could get to see of it, as one text. */
async function answer({ files, part, expect }: HostileRow, signal: AbortSignal): Promise<string> {
  const tools = await provideTools(signal);
  const renderer = createRenderer({
    tools: await findTools(
      { kustomize: tools.kustomize, helm: tools.helm4, sops: tools.sops },
      process.env['PATH'] ?? '',
    ),
    ageKeyFile: undefined,
    tempDirectory: join(base, 'temp'),
    identityKey: new Uint8Array(32),
    limits: { deadlineMs: toolDeadlineMs },
  });
  const tree = fakeTree(files);
  const ports: RenderPorts = { trees: async () => tree, live: async () => undefined, cluster: async () => facts };
  const result = await renderer.render(planPart(part), ports, signal);
  if (result.kind === 'not-rendered') {
    assert.equal(expect.kind, 'refused', result.detail);
    if (expect.kind === 'refused' && expect.reason !== 'any') assert.equal(result.reason, expect.reason, result.detail);
    assert.ok(result.detail.length > 0 && result.detail.length < 400 && !result.detail.includes('\n'), result.detail);
    return result.detail;
  }
  const text = result.manifests.map((manifest) => manifest.text.reveal()).join('\n');
  const key = { id: 'k1', secret: new Uint8Array(32) };
  const declaration = readDeclaration(result.manifests, { namespace: 'shop', key, variables: 'none' });
  const shown = `${text}\n${declaration.problems.join('\n')}`;
  switch (expect.kind) {
    case 'refused':
      assert.fail(`it was rendered: ${text.slice(0, 300)}`);
      break;
    case 'rendered':
      assert.ok(text.includes(expect.text), text.slice(0, 300));
      break;
    case 'problem':
      assert.equal(declaration.configs.get('ConfigMap/shop/web'), undefined);
      assert.ok(declaration.problems.length > 0, 'it is not passed over in silence');
      break;
    case 'declared': {
      const content = declaration.configs.get('ConfigMap/shop/web')?.content;
      assert.ok(content !== undefined, declaration.problems.join('\n'));
      const rest = content.rest === undefined ? [] : [['*', content.rest] as const];
      const clear = [...content.content.values.keys()].map((key) => [key, 'clear'] as const);
      assert.deepEqual(new Map([...content.unclear, ...rest, ...clear]), new Map(Object.entries(expect.keys)));
      if (expect.andProblem === true) assert.ok(declaration.problems.length > 0, 'it is not passed over in silence');
    }
  }
  return shown;
}

function planPart(part: HostilePart): RenderPart {
  return { tree: fakeRef, path: part.path, tool: toolOf(part), substitution: undefined, decrypts: false };
}

function toolOf(part: HostilePart): PlainTool | KustomizeTool | HelmTool {
  switch (part.tool) {
    case 'plain':
      return { tool: 'plain', recurse: part.recurse ?? false, include: part.include, exclude: undefined };
    case 'kustomize': {
      const overlay = part.overlay === undefined ? undefined : new Hidden(part.overlay);
      return { tool: 'kustomize', missing: 'refuse', overlay, ignoreMissingComponents: false };
    }
    case 'helm':
      return {
        tool: 'helm',
        releaseName: part.releaseName ?? 'web',
        namespace: part.namespace ?? 'shop',
        values: (part.valueFiles ?? []).map((path) => ({ from: 'file', tree: undefined, path, optional: false })),
        parameters: [],
        includeCrds: true,
        skipSchemaValidation: false,
        kubeVersion: part.kubeVersion,
        apiVersions: [],
        postRender: undefined,
        cluster: { view: 'told' },
      };
  }
}
