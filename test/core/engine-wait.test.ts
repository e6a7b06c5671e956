import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originOfWriters, type Origin } from '../../server/core/attribution.ts';
import type { Owed } from '../../server/core/decide-workload.ts';
import type { EngineProgress } from '../../server/core/engine.ts';
import {
  blameEngine,
  engineDeadlineMs,
  isAboutContent,
  judgeEngineWait,
  type EngineFacts,
  type EngineWait,
} from '../../server/core/engine-wait.ts';

const now = 1_000_000_000;
const syncing: EngineProgress = { kind: 'on-its-way', reason: 'syncing' };
const none: EngineWait = { kind: 'none' };
const waitSince = (since: number): EngineWait => ({
  kind: 'wait',
  since,
  hold: { reason: 'engine-syncing', retryAt: since + engineDeadlineMs },
});

const rows: [rule: string, facts: Partial<EngineFacts>, wait: EngineWait][] = [
  ['engine-syncing: from Git, and the owner is on its way', {}, waitSince(now)],
  ['engine-syncing: counted from when it began', { since: now - 10_000 }, waitSince(now - 10_000)],
  ['engine-deadline: the last moment', { since: now - engineDeadlineMs + 1 }, waitSince(now - engineDeadlineMs + 1)],
  ['engine-deadline: over', { since: now - engineDeadlineMs }, { kind: 'late' }],
  ['the owner has handled it, failed, or has nothing to do', { progress: { kind: 'idle' } }, none],
  ['the same after the deadline', { progress: { kind: 'idle' }, since: 0 }, none],
  ['several config objects, all from Git', { origins: ['git', 'git'] }, waitSince(now)],
  ['one of them written at runtime', { origins: ['git', 'runtime'] }, none],
  ['a writer that nobody knows', { origins: ['unknown'] }, none],
  ['nothing is owed for', { origins: [] }, none],
  ['a clock that was put back an hour', { since: now + 3_600_000 }, waitSince(now)],
];
for (const [rule, facts, wait] of rows) {
  test(`rule 11: ${rule}`, () =>
    assert.deepEqual(judgeEngineWait({ now, origins: ['git'], progress: syncing, since: undefined, ...facts }), wait));
}

const writers: [rule: string, writers: string[], origin: Origin][] = [
  ['Argo CD', ['argocd-controller'], 'git'],
  ['Argo CD before it named itself', ['argocd-application-controller'], 'git'],
  ['Flux', ['kustomize-controller'], 'git'],
  ['Flux’s Helm', ['helm-controller', 'kubectl-edit'], 'git'],
  ['a person after an engine', ['kubectl-edit', 'argocd-controller'], 'runtime'],
  ['a controller', ['cert-manager-certificates-issuing'], 'runtime'],
  ['an entry without a name', ['unknown', 'argocd-controller'], 'unknown'],
  ['none', [], 'unknown'],
];
for (const [rule, names, origin] of writers) {
  test(`origin of the newest writer: ${rule}`, () => assert.equal(originOfWriters(names), origin));
}

test('engine-deadline: told of each config object instead of its own reason', () => {
  const owed: Owed[] = [
    { name: 'Secret/a', reason: 'changed' },
    { name: 'ConfigMap/b', reason: 'returned' },
  ];
  assert.deepEqual(blameEngine(owed), [
    { name: 'Secret/a', reason: 'engine-deadline' },
    { name: 'ConfigMap/b', reason: 'engine-deadline' },
  ]);
});

test('rule 11: what was undone or deleted is no content from Git', () => {
  const about = (['changed', 'changed-before-first-sight', 'returned', 'blind-return', 'created'] as const).map(
    (reason) => isAboutContent({ name: 'Secret/a', reason }),
  );
  const other = (['undone', 'deleted'] as const).map((reason) => isAboutContent({ name: 'Secret/a', reason }));
  assert.deepEqual([new Set(about), new Set(other)], [new Set([true]), new Set([false])]);
});
