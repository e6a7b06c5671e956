import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileReload } from '../../server/core/reload-compile.ts';
import { isIgnored, parseBool, type Annotations } from '../../server/core/reload.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';

const [auto, secretAuto, configMapAuto] = [
  'reloader.stakater.com/auto',
  'secret.reloader.stakater.com/auto',
  'configmap.reloader.stakater.com/auto',
];
const restart = 'lockstep.dev/restart';
const both = ['Secret', 'ConfigMap'];

const rows: [
  rule: string,
  workload: Annotations,
  template: Annotations,
  kinds: readonly string[],
  problems?: number,
][] = [
  ['no annotation: no', {}, {}, []],
  ['auto: both kinds', { [auto]: 'true' }, {}, both],
  ['our own word for auto', { [restart]: 'true' }, {}, both],
  ['our own word wins', { [restart]: 'false', [auto]: 'true' }, {}, []],
  ['typed, Secret', { [secretAuto]: 'true' }, {}, ['Secret']],
  ['typed, ConfigMap', { [configMapAuto]: 'true' }, {}, ['ConfigMap']],
  ['both typed', { [secretAuto]: 'true', [configMapAuto]: 'true' }, {}, both],
  ['the template’s count when the workload has none', {}, { [auto]: 'true' }, both],
  ['the template’s do not count when the workload has any', { [auto]: 'false' }, { [secretAuto]: 'true' }, []],
  [
    'but a typed one hides the template for its kind only',
    { [secretAuto]: 'false' },
    { [auto]: 'true' },
    ['ConfigMap'],
  ],
  ['values as Go reads them', { [auto]: 'T' }, {}, both],
  ['anything else counts as false and is named', { [auto]: 'yes' }, {}, [], 1],
];
for (const [rule, workload, template, kinds, problems = 0] of rows) {
  test(`opt-in: ${rule}`, () => {
    const found = readOptIn(workload, template);
    assert.deepEqual([found.kinds, found.problems.length], [kinds, problems]);
  });
}

test('booleans are those of Go’s ParseBool', () => {
  for (const text of ['1', 't', 'T', 'TRUE', 'true', 'True']) assert.equal(parseBool(text), true);
  for (const text of ['0', 'f', 'F', 'FALSE', 'false', 'False']) assert.equal(parseBool(text), false);
  for (const text of ['', 'tRUE', 'yes', ' true']) assert.equal(parseBool(text), undefined);
});

test('ignore: only the word true, by either annotation', () => {
  assert.equal(isIgnored({ 'reloader.stakater.com/ignore': 'true' }), true);
  assert.equal(isIgnored({ 'lockstep.dev/ignore': 'true' }), true);
  assert.equal(isIgnored({ 'lockstep.dev/ignore': 'True' }), false);
  assert.equal(isIgnored({}), false);
});

/** The kinds for which auto is on under the default rules. */
function readOptIn(
  annotations: Annotations,
  templateAnnotations: Annotations,
): { kinds: string[]; problems: string[] } {
  const compiled = compileReload({ kind: 'Deployment', annotations, templateAnnotations }, defaultReloadRules);
  const kinds = (['Secret', 'ConfigMap'] as const).filter((kind) => compiled.kinds[kind].auto.kind === 'on');
  return { kinds, problems: compiled.problems.map(({ key, says }) => `annotation ${key} ${says}`) };
}
