// Realistic repositories, with the answer that each config object must get. sources/README.md says how a case is written.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createRenderer } from '../../server/render/renderer.ts';
import { findTools } from '../../server/render/find-tools.ts';
import type { Renderer } from '../../server/core/rendering.ts';
import { provideBinaries } from '../cluster/binaries.ts';
import { provideTools, whyNoTools, type Tools } from '../tools/tools.ts';
import { answerCase, renderCase } from './answer.ts';
import { listCases, readCase, type Case } from './case.ts';
import { parseObjects, renderDirectly, type Programs } from './direct.ts';
import { encryptCase } from './encrypt.ts';

const helms = ['helm3', 'helm4'] as const;
const deadlineMs = 60_000;

test('there are at least 40 cases', () => {
  assert.ok(listCases().length >= 40);
});

const skip = await whyNoTools();
for (const name of listCases()) {
  test(name, { skip }, async (t) => {
    const tools = await provideTools(t.signal);
    const { item, ageKey } = await encryptCase(readCase(name), tools);
    const isCharted = [...item.trees.values()].some((files) => [...files.keys()].some((path) => /Chart\.yaml$/.test(path)));
    for (const helm of isCharted ? helms : helms.slice(1)) {
      await t.test(`${item.setup.title} (${helm})`, async (t) => {
        const world = { item, tools, helm, ageKey };
        await check(world, t);
      });
    }
  });
}

interface World {
  readonly item: Case;
  readonly tools: Tools;
  readonly helm: (typeof helms)[number];
  readonly ageKey: string | undefined;
}

async function check({ item, tools, helm, ageKey }: World, t: TestContext): Promise<void> {
  const { directory } = await provideBinaries(t.signal);
  const kubectl = join(directory, 'kubectl');
  const signal = AbortSignal.any([t.signal, AbortSignal.timeout(deadlineMs)]);
  const renderer = await openRenderer({ t, tools, helm: tools[helm], ageKey });
  const outcomes = await renderCase(item, renderer, signal);
  const answers = answerCase(item, outcomes);
  assert.deepEqual(answers.refused, item.expected.refused ?? {}, describeRefusals(outcomes));
  assert.deepEqual(answers.objects, sorted(item.expected.objects));
  await checkDirect(item, outcomes, { kubectl, helm: tools[helm] });
}

async function checkDirect(
  item: Case,
  outcomes: Awaited<ReturnType<typeof renderCase>>,
  programs: Programs,
): Promise<void> {
  for (const [owner, calls] of Object.entries(item.setup.direct ?? {})) {
    const texts = outcomes.get(owner)?.texts ?? [];
    const direct = await renderDirectly(item, calls, programs);
    assert.ok(direct.length > 0);
    assert.deepEqual(parseObjects(texts), direct, `${owner} is what the tools print`);
  }
}

interface RendererSetup {
  readonly t: TestContext;
  readonly tools: Tools;
  readonly helm: string;
  readonly ageKey: string | undefined;
}

async function openRenderer({ t, tools, helm, ageKey }: RendererSetup): Promise<Renderer> {
  const tempDirectory = await mkdtemp(join(tmpdir(), 'lockstep-golden-'));
  t.after(() => rm(tempDirectory, { recursive: true, force: true }));
  const ageKeyFile = ageKey === undefined ? undefined : join(tempDirectory, 'age.txt');
  if (ageKeyFile !== undefined && ageKey !== undefined) await writeFile(ageKeyFile, ageKey, { mode: 0o600 });
  return createRenderer({
    tools: await findTools({ kustomize: tools.kustomize, helm, sops: tools.sops }, process.env['PATH'] ?? ''),
    ageKeyFile,
    tempDirectory,
    identityKey: new Uint8Array(32).fill(1),
  });
}

function describeRefusals(outcomes: Awaited<ReturnType<typeof renderCase>>): string {
  return [...outcomes]
    .flatMap(([owner, { declared }]) => (declared.kind === 'not-rendered' ? [`${owner}: ${declared.detail}`] : []))
    .join('\n');
}

/** Key order says nothing, lists of reasons are sets. */
function sorted(objects: Case['expected']['objects']): Case['expected']['objects'] {
  return Object.fromEntries(
    Object.entries(objects).map(([key, row]) => [
      key,
      row.reasons === undefined ? row : { ...row, reasons: [...row.reasons].sort() },
    ]),
  );
}
