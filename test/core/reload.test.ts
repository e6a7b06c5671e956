// What the table of rules (test/compat/rules.test.ts) cannot say: problems, explanations, what an index needs, and limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileReload, type CompiledReload } from '../../server/core/reload-compile.ts';
import { asksForReferences, decideReload, explainReload, type Annotations } from '../../server/core/reload.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import { readPatterns } from '../../server/core/reloader-pattern.ts';

const auto = 'reloader.stakater.com/auto';
const secretAuto = 'secret.reloader.stakater.com/auto';
const configMaps = 'configmap.reloader.stakater.com/reload';
const search = 'reloader.stakater.com/search';
const app = { kind: 'ConfigMap', name: 'app', annotations: {} } as const;

function compile(annotations: Annotations, templateAnnotations: Annotations = {}): CompiledReload {
  return compileReload({ kind: 'Deployment', annotations, templateAnnotations }, defaultReloadRules);
}

const problems: readonly (readonly [rule: string, annotations: Annotations, sentences: string[]])[] = [
  ['none', { [auto]: 'true', [configMaps]: 'a,b.*' }, []],
  [
    'a bad boolean once, although three kinds read it',
    { [auto]: 'yes' },
    [`bad-boolean ${auto} is neither true nor false and counts as false`],
  ],
  [
    'a bad typed boolean',
    { [secretAuto]: 'on' },
    [`bad-boolean ${secretAuto} is neither true nor false and counts as false`],
  ],
  ['a bad pattern', { [configMaps]: 'ok,(a' }, [`bad-pattern ${configMaps} skips (a: missing closing ): \`^(a$\``]],
  [
    'a pattern that would grow',
    { [configMaps]: `ok,${'x{1000}'.repeat(4)}` },
    [`pattern-too-large ${configMaps} skips x{1000}x{1000}x{1000}x{1000}: too large for a name of at most 253 letters`],
  ],
  ['search has no problem: it is compared', { [search]: 'yes' }, []],
];
for (const [rule, annotations, sentences] of problems) {
  test(`reload problems: ${rule}`, () => {
    const found = compile(annotations).problems;
    assert.deepEqual(
      found.map(({ reason, key, says }) => `${reason} ${key} ${says}`),
      sentences,
    );
  });
}

test('reload: a decision names the annotation or the flag behind it', () => {
  assert.deepEqual(decideReload(compile({ [auto]: '1' }), app), { kind: 'yes', how: 'auto', by: auto });
  assert.deepEqual(decideReload(compile({ [configMaps]: 'app' }), app), { kind: 'yes', how: 'named', by: configMaps });
  const all = { ...defaultReloadRules, autoReloadAll: true };
  const bare = compileReload({ kind: 'Deployment', annotations: {}, templateAnnotations: {} }, all);
  assert.deepEqual(decideReload(bare, app), { kind: 'yes', how: 'auto', by: '--auto-reload-all' });
});

test('reload: an explanation names the rules in their order', () => {
  assert.deepEqual(explainReload(compile({}, { [auto]: 'true' }), app), {
    decision: { kind: 'yes', how: 'auto', by: auto },
    level: 'template',
    passed: ['resources-to-ignore', 'ignored-workload-types', 'ignore', 'exclude', 'named', 'search'],
    decidedBy: 'auto',
  });
  const none = explainReload(compile({ [auto]: 'false' }), app);
  assert.equal(none.decidedBy, undefined);
  assert.equal(none.passed.length, 8);
  assert.deepEqual(none.decision, { kind: 'no', reason: 'turned-off' });
});

test('reload: an index can tell names from expressions, and whether references matter', () => {
  const compiled = compile({ [configMaps]: 'a, b ,c.*', [secretAuto]: 'true' });
  const own = compiled.kinds.ConfigMap.named;
  assert.deepEqual([...(own?.names ?? [])], ['a', 'b']);
  assert.equal(own?.expressions.length, 1);
  assert.equal(asksForReferences(compiled, 'ConfigMap'), false);
  assert.equal(asksForReferences(compiled, 'Secret'), true);
  assert.equal(asksForReferences(compile({ [search]: 'true' }), 'Secret'), true);
  assert.equal(asksForReferences(compile({}), 'Secret'), false);
});

test('patterns: 256 KiB of expressions are bounded', () => {
  const { patterns, problems: skipped } = readPatterns(Array.from({ length: 30_000 }, (_, at) => `a.${at}`).join(','));
  assert.ok(patterns.expressions.length > 1_000 && patterns.expressions.length < 10_000);
  assert.equal(patterns.expressions.length + skipped.length, 30_000);
});

test('patterns: names are free, however many', () => {
  const { patterns, problems: skipped } = readPatterns(
    Array.from({ length: 30_000 }, (_, at) => `name-${at}`).join(','),
  );
  assert.equal(patterns.names.size, 30_000);
  assert.deepEqual(skipped, []);
});
