import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countFigures, judge, type Evidence, type Figures } from './judge.ts';

const web = 'Deployment/lockstep-demo/web';
const restart = { workload: web, fieldManager: 'lockstep', at: 2_000 };

/** A run as it should be. */
const good: Evidence = {
  cluster: 'memory',
  templateChanges: [restart],
  dataChange: { at: 900, version: 50n },
  mergedAt: 5_000,
  workloads: [web],
  pods: [
    { workload: web, name: 'web-1', version: 60n },
    { workload: web, name: 'web-2', version: 61n },
  ],
  pullRequests: 1,
  diffLines: 1,
};

test('a run as it should be is right in every figure', () => {
  const figures = countFigures(good);
  assert.deepEqual(figures, {
    cluster: 'memory',
    restarts: 1,
    rollouts: 1,
    pullRequests: 1,
    rolloutsAfterMerge: 0,
    missed: 0,
    restartMs: 1_100,
    diffLines: 1,
  });
  assert.deepEqual(wrong(figures), []);
});

/** Each row is a run with one thing wrong, and the figures that must say so. */
const bad: readonly [what: string, evidence: Partial<Evidence>, figures: readonly (keyof Figures)[]][] = [
  ['no restart', { templateChanges: [] }, ['restarts', 'rollouts']],
  ['two restarts', { templateChanges: [restart, { ...restart, at: 3_000 }] }, ['restarts', 'rollouts']],
  [
    'the engine takes the restart back',
    { templateChanges: [restart, { ...restart, fieldManager: 'kustomize-controller', at: 3_000 }] },
    ['rollouts'],
  ],
  ['somebody else restarts', { templateChanges: [{ ...restart, fieldManager: 'kubectl-rollout' }] }, ['restarts']],
  [
    'the merge rolls',
    { templateChanges: [restart, { ...restart, fieldManager: 'kustomize-controller', at: 5_000 }] },
    ['rollouts', 'rolloutsAfterMerge'],
  ],
  ['no pull request', { pullRequests: 0 }, ['pullRequests']],
  ['two pull requests', { pullRequests: 2 }, ['pullRequests']],
  ['an empty merge', { diffLines: 0 }, ['diffLines']],
  ['a reformatted manifest', { diffLines: 14 }, ['diffLines']],
  ['an old pod is left', { pods: [...good.pods, { workload: web, name: 'web-0', version: 49n }] }, ['missed']],
  ['a pod as old as the content', { pods: [{ workload: web, name: 'web-0', version: 50n }] }, ['missed']],
  ['no pod at all', { pods: [] }, ['missed']],
  ['one of two workloads is left', { workloads: [web, 'StatefulSet/lockstep-demo/db'] }, ['missed']],
];
for (const [what, evidence, figures] of bad) {
  test(`the judge finds: ${what}`, () => {
    assert.deepEqual(wrong(countFigures({ ...good, ...evidence })), figures);
  });
}

test('without a restart there is no time to it', () => {
  assert.equal(countFigures({ ...good, templateChanges: [] }).restartMs, -1);
});

function wrong(figures: Figures): string[] {
  return judge(figures)
    .filter(({ isRight }) => !isRight)
    .map(({ figure }) => figure);
}
