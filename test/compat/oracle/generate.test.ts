import { deepEqual, notDeepEqual, ok } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { measureCoverage, shareOf, trapNames } from './coverage.ts';
import { generateCase, generateCases } from './generate.ts';
import { toConfigObjects, toWorkloadObject } from './objects.ts';
import { rules } from './should-reload.ts';

const seed = 20_260_810;
const many = 20_000;

/** Percent of all cases that must at least be reached; what is not here must be reached by at least one case in a thousand. */
const floors: Readonly<Record<string, number>> = {
  ...Object.fromEntries(rules.map((rule) => [`rule:${rule}`, 3])),
  'rule:none': 20,
  'no:not-referenced': 5,
  'no:not-updated': 1,
  'no:no-data-change': 2,
  'edit:set-env': 5,
  'edit:annotate': 5,
  'edit:remove-env': 0.2,
  'found:mount': 3,
  'found:first': 2,
  'write:patch-template': 5,
  'trap:template-never-read': 5,
  'trap:template-merged-into-workload': 5,
  'trap:renamed-keys': 3,
  'trap:pattern-invalid': 3,
  'trap:hash-collision': 2,
};

const reached = [
  ...['config-not-watched', 'workload-not-watched', 'other-namespace', 'action-not-enabled'].map(
    (reason) => `no:${reason}`,
  ),
  ...['init-mount', 'env', 'init-env'].map((found) => `found:${found}`),
  ...['create-job', 'recreate-job', 'put-rollout', 'patch-restart-at'].map((write) => `write:${write}`),
  ...trapNames,
];

suite('generated cases', () => {
  test('the same seed and number give the same case', () => {
    deepEqual(generateCase(seed, 4_711), generateCase(seed, 4_711));
    notDeepEqual(generateCase(seed, 4_711), generateCase(seed + 1, 4_711));
    deepEqual([...generateCases(seed, 3)][2], generateCase(seed, 2));
  });

  test(`${many} of them reach every rule, outcome and trap often enough`, () => {
    const coverage = measureCoverage(generateCases(seed, many));
    const lowest = new Map([...reached.map((name) => [name, 0.1] as const), ...Object.entries(floors)]);
    const missed = [...lowest].filter(([name, floor]) => shareOf(coverage, name) < floor);
    ok(coverage.cases === many);
    deepEqual(
      missed.map(([name, floor]) => `${name}: ${shareOf(coverage, name)} % instead of ${floor} %`),
      [],
    );
  });

  test('they survive as JSON objects', () => {
    for (const one of generateCases(seed, 200)) {
      const content = one.change.action === 'delete' ? one.change.before : one.change.after;
      const objects = [toWorkloadObject(one.workload), ...toConfigObjects(one, content)];
      deepEqual(JSON.parse(JSON.stringify(objects)), objects);
    }
  });
});
