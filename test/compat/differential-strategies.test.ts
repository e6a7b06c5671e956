// What the server writes against what the oracle writes (§3): hashes, then both strategies and their patches byte for byte. Where the
// server differs on purpose, the difference has a name, is checked, and is counted.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { hashContent, hashMountedObjects } from '../../server/core/reloader-hash.ts';
import { applyChange, changesPatch, reloaderFieldManager, restartsRollout } from '../../server/core/reloader-patch.ts';
import { applyStrategy, type TemplateChange } from '../../server/core/reloader-strategy.ts';
import { applyJsonPatch, applyMergePatch } from '../fakes/json-patch.ts';
import type { JsonObject } from '../fakes/json.ts';
import { decide } from './oracle/decide.ts';
import { generateCases } from './oracle/generate.ts';
import { deletedHash, hashContent as hashByOracle } from './oracle/hashes.ts';
import { findTarget } from './oracle/references.ts';
import * as oracle from './oracle/strategies.ts';
import type { Change, Content, PodSpec, ReloaderCase } from './oracle/types.ts';
import { readVectors } from './oracle/vectors.ts';

const seed = Number(process.env['LOCKSTEP_SEED'] ?? 20_260_815);
const many = 20_000;
const observedAt = 1_790_000_000;
const strategies = ['env-vars', 'annotations'] as const;

type Strategy = (typeof strategies)[number];
type How = 'auto' | 'named';

/** Why the server may write something else than Reloader. */
const differences = {
  'equal hash in place': 'Reloader annotates a ConfigMap’s or Secret’s hash again although it is there already',
  'hash of another object': 'Reloader looks for name and hash anywhere in the text that another object may have left',
  'removal guarded by tests': 'Reloader removes by position whatever is there by then',
} as const;
type Difference = keyof typeof differences;

/** Undefined: nothing is written. */
interface Written {
  readonly change: TemplateChange | undefined;
  readonly edit: oracle.Edit | undefined;
}

suite(`hashes, seed ${seed}`, () => {
  for (const { title, content, hash } of readVectors('hashes.json')) {
    test(`§3 ${title}`, () => assert.equal(hashByServer(content), hash));
  }

  test(`§3 the contents of ${many} cases`, (t) => {
    const contents = [...generateCases(seed, many)].flatMap(({ change }) => contentsOf(change));
    for (const content of contents) assert.equal(hashByServer(content), hashByOracle(content), JSON.stringify(content));
    t.diagnostic(`seed ${seed}: ${contents.length} contents`);
  });
});

suite(`strategies, seed ${seed}`, () => {
  test(`§3 ${many} cases, either strategy, referenced or named: the same change, the same patch`, (t) => {
    const counts = new Map<string, number>();
    const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
    let number = 0;
    for (const one of generateCases(seed, many)) {
      const about = `case ${number++} of seed ${seed}: ${JSON.stringify(one)}`;
      for (const strategy of strategies) {
        for (const how of ['auto', 'named'] as const) {
          const written = write(one, strategy, how);
          const difference = compareChanges(one, written, about);
          count(difference ?? written.edit?.edit ?? 'not-updated');
          if (written.change && written.edit && comparePatches(one, written.change, written.edit, about)) {
            count('removal guarded by tests' satisfies Difference);
          }
        }
      }
    }
    t.diagnostic(`seed ${seed}: ${[...counts].map(([name, times]) => `${name} ${times}`).join(', ')}`);
    for (const name of [...Object.keys(differences), 'set-env', 'remove-env', 'annotate', 'not-updated']) {
      assert.ok((counts.get(name) ?? 0) >= 1, `${name}: only ${counts.get(name) ?? 0}`);
    }
  });

  test('§3 a Rollout is restarted by restartAt in the same cases', () => {
    for (const one of generateCases(seed, many)) {
      const outcome = decide(one);
      if (!outcome.restart || one.workload.kind !== 'Rollout') continue;
      assert.equal(restartsRollout(one.workload.annotations), outcome.write === 'patch-restart-at');
    }
  });

  test('§3 the field manager', () => assert.equal(reloaderFieldManager, oracle.fieldManager));
});

function hashByServer(content: Content): string {
  if (content.kind === 'SecretProviderClass') return hashMountedObjects(content);
  const encoding = content.kind === 'Secret' ? 'base64' : 'utf8';
  const binary = content.kind === 'Secret' ? {} : content.binaryData;
  return hashContent([
    ...Object.entries(content.data).map(
      ([dataKey, text]) => ({ dataKey, field: 'data', value: Buffer.from(text, encoding) }) as const,
    ),
    ...Object.entries(binary).map(
      ([dataKey, text]) => ({ dataKey, field: 'binaryData', value: Buffer.from(text, 'base64') }) as const,
    ),
  ]);
}

function contentsOf(change: Change): Content[] {
  if (change.action === 'update') return [change.before, change.after];
  return [change.action === 'create' ? change.after : change.before];
}

/** What either side writes. */
function write({ workload, config, change }: ReloaderCase, strategy: Strategy, how: How): Written {
  const content = change.action === 'delete' ? ('deleted' as const) : { hash: hashByServer(change.after) };
  const template = { annotations: workload.templateAnnotations, spec: workload.podSpec };
  const source = { ...config, content, how };
  const decision = applyStrategy(strategy, template, { source, observedAt: observedAt * 1000 + 999 });
  const { kind, name } = config;
  const target = findTarget(workload.podSpec, { kind, name, auto: how === 'auto' });
  const result = target && oracle.applyStrategy({ strategy, workload, config, change, target, observedAt });
  return {
    change: decision.kind === 'change' ? decision.change : undefined,
    edit: result && result.edit !== 'not-updated' ? result : undefined,
  };
}

/** Undefined: the same change. Fails for a difference that has no name. */
function compareChanges(one: ReloaderCase, { change, edit }: Written, about: string): Difference | undefined {
  if (change === undefined && edit?.edit === 'annotate' && tracesOf(one) === 'same object, same hash') {
    return 'equal hash in place';
  }
  const isClass = one.config.kind === 'SecretProviderClass';
  if (isClass && change?.kind === 'set-annotation' && edit === undefined && tracesOf(one) === 'another object') {
    return 'hash of another object';
  }
  const { podSpec } = one.workload;
  assert.deepEqual(change, edit && toChange(edit, podSpec), about);
  return undefined;
}

/** What the annotation that is there speaks of, read without the server's help. */
function tracesOf({ workload, config, change }: ReloaderCase): 'same object, same hash' | 'another object' | 'neither' {
  const text = workload.templateAnnotations[oracle.lastReloadedFrom];
  if (text === undefined || text === '{') return 'neither';
  const { type, name, namespace, hash } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const isSame = type === config.kind.toUpperCase() && name === config.name && namespace === config.namespace;
  if (!isSame) return 'another object';
  const wanted = change.action === 'delete' ? deletedHash : hashByOracle(change.after);
  return hash === wanted ? 'same object, same hash' : 'neither';
}

/** The oracle's edit in the server's words: names instead of positions. */
function toChange(edit: oracle.Edit, { containers }: PodSpec): TemplateChange {
  switch (edit.edit) {
    case 'set-env':
      return { kind: 'set-env', container: edit.container, name: edit.name, value: edit.value };
    case 'remove-env': {
      const container = containers[edit.containerIndex];
      const name = container?.env?.[edit.envIndex]?.name ?? '';
      return { kind: 'remove-env', container: container?.name ?? '', name };
    }
    case 'annotate':
      return { kind: 'set-annotation', key: edit.key, value: edit.value };
  }
}

/** True when the server's patch is the oracle's behind tests. Jobs are made anew, a Rollout may not lose fields: there the result counts. */
function comparePatches({ workload }: ReloaderCase, change: TemplateChange, edit: oracle.Edit, about: string): boolean {
  const { kind, podSpec: spec, templateAnnotations: annotations } = workload;
  const template = { metadata: { annotations }, spec };
  const result = applyEdit(template, edit);
  assert.deepEqual(applyChange(template, change), result, about);
  if (kind === 'CronJob' || kind === 'Job') return false;
  const patch = changesPatch(kind, [change], spec);
  assert.ok(patch, about);
  const object = { spec: { template } } as unknown as JsonObject;
  if (kind === 'Rollout') {
    const apply = patch.type === 'json' ? applyJsonPatch : applyMergePatch;
    assert.notEqual(patch.type, 'strategic-merge', about);
    assert.deepEqual(apply(object, patch.body as unknown as JsonObject), { spec: { template: result } }, about);
    return false;
  }
  const expected = oracle.toPatch(edit);
  if (patch.type !== 'json') {
    assert.equal(JSON.stringify(patch), JSON.stringify(expected), about);
    return false;
  }
  const [tests, others] = [patch.body.filter(({ op }) => op === 'test'), patch.body.filter(({ op }) => op !== 'test')];
  assert.equal(JSON.stringify({ type: patch.type, body: others }), JSON.stringify(expected), about);
  assert.deepEqual(applyJsonPatch(object, patch.body as unknown as JsonObject), { spec: { template: result } }, about);
  return tests.length > 0;
}

interface Template {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

/** The template with the oracle's edit made, as simply as can be. */
function applyEdit(template: Template, edit: oracle.Edit): Template {
  const copy = structuredClone(template) as unknown as {
    metadata: { annotations: Record<string, string> };
    spec: { containers: { name: string; env?: { name: string; value?: string }[] }[] };
  };
  const { containers } = copy.spec;
  switch (edit.edit) {
    case 'annotate':
      copy.metadata.annotations[edit.key] = edit.value;
      break;
    case 'remove-env':
      containers[edit.containerIndex]?.env?.splice(edit.envIndex, 1);
      break;
    case 'set-env': {
      const container = containers.find(({ name }) => name === edit.container);
      const env = (container && (container.env ??= [])) ?? [];
      const there = env.find(({ name }) => name === edit.name);
      if (there) there.value = edit.value;
      else env.push({ name: edit.name, value: edit.value });
    }
  }
  return copy as unknown as Template;
}
