import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countFigures, judge, type DriftEvidence, type Evidence, type Figures } from './judge.ts';

const web = 'Deployment/lockstep-demo/web';
const restart = { workload: web, fieldManager: 'lockstep', at: 2_000 };

/** A run as it should be. */
const good: Evidence = {
  cluster: 'memory',
  templateChanges: [restart],
  changedAt: 900,
  mergedAt: 5_000,
  uses: [
    {
      workload: web,
      contents: [
        { version: 10n, digest: 'a' },
        { version: 50n, digest: 'b' },
      ],
    },
    { workload: web, contents: [{ version: 10n, digest: 'c' }] },
  ],
  pods: [
    { workload: web, name: 'web-1', version: 60n },
    { workload: web, name: 'web-2', version: 61n },
  ],
  pullRequests: 1,
  diffLines: 1,
  drift: undefined,
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
  [
    'pods older than the other config object',
    {
      uses: [
        {
          workload: web,
          contents: [
            { version: 10n, digest: 'c' },
            { version: 99n, digest: 'd' },
          ],
        },
      ],
    },
    ['missed'],
  ],
  ['no pod at all', { pods: [] }, ['missed']],
  [
    'one of two workloads is left',
    { uses: [...good.uses, { workload: 'StatefulSet/lockstep-demo/db', contents: [{ version: 1n, digest: 'a' }] }] },
    ['missed'],
  ],
];
for (const [what, evidence, figures] of bad) {
  test(`the judge finds: ${what}`, () => {
    assert.deepEqual(wrong(countFigures({ ...good, ...evidence })), figures);
  });
}

/** The same, and then the ConfigMap was edited, reverted, and edited again. */
const drift: DriftEvidence = {
  editedAt: 10_000,
  revertAskedAt: 20_000,
  editedAgainAt: 30_000,
  events: [
    { reason: 'DriftFound', message: 'differs in index.html; written by kubectl-edit', at: 10_500 },
    { reason: 'DriftGone', message: '', at: 20_500 },
    { reason: 'DriftFound', message: 'differs in index.html; written by kubectl-edit', at: 30_500 },
  ],
};
const forEdit = { ...restart, at: 11_000 };
const forReturn = { ...restart, at: 21_000 };
const changes = [restart, forEdit, forReturn];

test('drift as it should be is right in every figure, and leaves those of the certificate alone', () => {
  const figures = countFigures({ ...good, templateChanges: changes, drift });
  assert.deepEqual(figures, {
    ...countFigures(good),
    driftsFound: 1,
    driftRollouts: 1,
    driftsGone: 1,
    revertRollouts: 1,
    takenBackRollouts: 0,
  });
  assert.deepEqual(wrong(figures), []);
});

const badDrift: readonly [what: string, evidence: Partial<Evidence>, figures: readonly (keyof Figures)[]][] = [
  ['nothing told', { drift: { ...drift, events: [] } }, ['driftsFound', 'driftsGone']],
  [
    'no writer named',
    { drift: { ...drift, events: drift.events.map((event) => ({ ...event, message: 'differs' })) } },
    ['driftsFound'],
  ],
  ['no restart for the edit', { templateChanges: [restart, forReturn] }, ['driftRollouts']],
  ['two for it', { templateChanges: [...changes, forEdit] }, ['driftRollouts']],
  ['none for what came back', { templateChanges: [restart, forEdit] }, ['revertRollouts']],
  ['one for what was taken back', { templateChanges: [...changes, { ...restart, at: 31_000 }] }, ['takenBackRollouts']],
];
for (const [what, evidence, figures] of badDrift) {
  test(`the judge finds of drift: ${what}`, () => {
    assert.deepEqual(wrong(countFigures({ ...good, templateChanges: changes, drift, ...evidence })), figures);
  });
}

test('content that was there and back when no pod began leaves nobody with old content', () => {
  const contents = ['a', 'b', 'a'].map((digest, index) => ({ version: 50n + 20n * BigInt(index), digest }));
  assert.equal(countFigures({ ...good, uses: [{ workload: web, contents }] }).missed, 0);
});

test('without a restart there is no time to it', () => {
  assert.equal(countFigures({ ...good, templateChanges: [] }).restartMs, -1);
});

function wrong(figures: Figures): string[] {
  return judge(figures)
    .filter(({ isRight }) => !isRight)
    .map(({ figure }) => figure);
}
