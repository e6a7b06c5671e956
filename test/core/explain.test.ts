// What `lockstep explain` makes of facts, rule by rule. A row changes one fact of a workload that is in step.
// Long because it is tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideWorkload } from '../../server/core/decide-workload.ts';
import {
  explainConfig,
  explainWorkload,
  type ExplainedWorkload,
  type UseFacts,
  type WorkloadFacts,
} from '../../server/core/explain.ts';
import type { Comparison, Consequence, Gap, PauseExplanation, Pending } from '../../server/core/explanation.ts';
import type { Annotations } from '../../server/core/annotations.ts';
import type { PauseFacts } from '../../server/core/pause-period.ts';
import { compileReload } from '../../server/core/reload-compile.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import type { SeenWorkload } from '../../server/core/seen.ts';
import { changed, object, pair, snapshot } from './snapshot.ts';
import { unremarkable } from './seen.ts';

const optIn = { 'reloader.stakater.com/auto': 'true' };
const reference = { kind: 'Secret', name: 'db', keys: 'all', optional: false } as const;
const digest = 'k1:0123456789abcdefghij';
const ack = { digest, projection: '*', uid: 'u', resourceVersion: '100' };
const inStep = object({ digests: [digest] });

function explained(annotations: Annotations, more: Partial<SeenWorkload> = {}): ExplainedWorkload {
  const compiled = compileReload({ kind: 'Deployment', annotations, templateAnnotations: {} }, defaultReloadRules);
  const seen: SeenWorkload = {
    ...unremarkable,
    ref: { kind: 'Deployment', namespace: 'shop', name: 'web' },
    uid: 'w',
    resourceVersion: '150',
    createdAt: 0,
    reload: compiled,
    references: [reference],
    ...more,
  };
  return { seen, compiled, references: [reference] };
}

const use = (more: Partial<UseFacts> = {}): UseFacts => ({
  reference,
  state: 'exists',
  annotations: {},
  object: inStep,
  ...more,
});

const off = { onCreate: false, onDelete: false, atStart: false };
const record = { uid: 'w', n: 0, acks: { 'Secret/db': ack } };

const facts = (more: Partial<WorkloadFacts> = {}): WorkloadFacts => ({
  ...explained(optIn),
  uses: [use()],
  record,
  gaps: [],
  place: { pauseSwitch: false, isWatched: true },
  now: 0,
  presence: off,
  lastEvent: undefined,
  decision: { kind: 'nothing', reason: 'in-step' },
  ...more,
});

const no = (reason: Extract<Comparison, { kind: 'not-comparable' }>['reason']): Comparison => ({
  kind: 'not-comparable',
  reason,
});

const comparisons: Readonly<Record<string, readonly [Partial<WorkloadFacts>, Comparison]>> = {
  'same digest': [{}, { kind: 'same' }],
  'another digest': [{ uses: [use({ object: object({ digests: ['k1:other'] }) })] }, { kind: 'different' }],
  'never acked': [{ record: undefined }, no('never-acked')],
  'the ack of a workload that was deleted since': [{ record: { ...record, uid: 'old' } }, no('never-acked')],
  'the object is gone': [{ uses: [use({ state: 'missing', object: undefined })] }, no('missing')],
  'the object is gone, and that was acked': [
    {
      uses: [use({ state: 'missing', object: undefined })],
      record: { ...record, acks: { 'Secret/db': { ...ack, digest: 'k1:deleted' } } },
    },
    { kind: 'same' },
  ],
  'the object is forbidden': [{ uses: [use({ state: 'unreadable', object: undefined })] }, no('unreadable')],
  'the object is ignored': [{ uses: [use({ object: undefined })] }, no('config-ignored')],
  'other keys are used now': [{ uses: [use({ reference: { ...reference, keys: ['a'] } })] }, no('other-keys')],
  'the digest key is forbidden': [{ gaps: ['digest-key-unreadable'] }, no('digest-key-unreadable')],
  'the digest key is not there': [{ gaps: ['digest-key-absent'] }, no('digest-key-absent')],
  'acked under a key that is gone': [
    { uses: [use({ object: object({ digests: ['k2:x'] }) })] },
    no('unknown-digest-key'),
  ],
};

for (const [rule, [more, content]] of Object.entries(comparisons)) {
  test(`content: ${rule}`, () => assert.deepEqual(explainWorkload(facts(more)).uses[0]?.content, content));
}

test('acks: the restart key counts where it is ahead of the ledger; a digest is never shown in full', () => {
  const acks = { 'Secret/db': { ...ack, resourceVersion: '120' } };
  const ahead = explainWorkload(facts(explained(optIn, { restartKey: { n: 1, acks } })));
  const shown = { digest: 'k1:01234567', keys: '*' };
  assert.deepEqual(ahead.uses[0]?.acked, { from: 'restart-key', ...shown, resourceVersion: '120' });
  assert.equal(ahead.restarts, 1);
  const behind = explainWorkload(
    facts({ ...explained(optIn, { restartKey: { n: 1, acks } }), record: { ...record, n: 1 } }),
  );
  assert.deepEqual(behind.uses[0]?.acked, { from: 'ledger', ...shown, resourceVersion: '100' });
  assert.ok(!JSON.stringify([ahead, behind]).includes('012345678'));
});

const changedDecision = decideWorkload(snapshot({ pairs: [pair(changed())], pods: [{ createdAt: 0, current: true }] }));
const owed = [{ name: 'Secret/db', reason: 'changed' }] as const;
const baseline = [{ name: 'Secret/db', reason: 'baseline' }] as const;
const recorded = { kind: 'record', record, acked: baseline } as const;

const pendings: Readonly<Record<string, readonly [Partial<WorkloadFacts>, Pending]>> = {
  'in step': [{}, { kind: 'nothing', reason: 'in-step' }],
  'not opted in': [{ decision: undefined }, { kind: 'nothing', reason: 'not-opted-in' }],
  'a change': [{ decision: changedDecision }, { kind: 'restart', owed }],
  'a change while paused': [
    { ...explained(optIn, { paused: true }), decision: changedDecision },
    { kind: 'restart', owed, held: 'paused' },
  ],
  'a change, and a pause period that is no duration': [
    {
      ...explained(optIn, { pause: { period: 'unreadable', pausedAt: undefined, isPaused: false } }),
      decision: changedDecision,
    },
    { kind: 'restart', owed, held: 'pause-period-invalid' },
  ],
  'a change while the pause switch is on': [
    { place: { pauseSwitch: true, isWatched: true }, decision: changedDecision },
    { kind: 'restart', owed, held: 'pause-switch' },
  ],
  'a change, whatever else could not be read': [
    { decision: changedDecision, gaps: ['digest-key-unreadable', 'names-unlisted'] },
    { kind: 'restart', owed },
  ],
  'a baseline': [
    { decision: recorded, record: undefined },
    { kind: 'record', acked: baseline },
  ],
  'pods forbidden': [{ decision: { kind: 'look', facts: 'pods' } }, { kind: 'unknown', reason: 'pods-unreadable' }],
  'a config object forbidden': [
    { uses: [use({ state: 'unreadable', object: undefined })] },
    { kind: 'unknown', reason: 'unreadable' },
  ],
  'a config object forbidden that does not count': [
    {
      ...explained({ ...optIn, 'secrets.exclude.reloader.stakater.com/reload': 'db' }),
      uses: [use({ state: 'unreadable' })],
    },
    { kind: 'nothing', reason: 'in-step' },
  ],
  'the digest key forbidden': [
    { gaps: ['digest-key-unreadable'] },
    { kind: 'unknown', reason: 'digest-key-unreadable' },
  ],
  'the ledger forbidden, and nothing on the template': [
    { gaps: ['ledger-unreadable'], record: undefined, decision: recorded },
    { kind: 'unknown', reason: 'ledger-unreadable' },
  ],
  'names forbidden': [{ gaps: ['names-unlisted'] }, { kind: 'unknown', reason: 'names-unlisted' }],
};

for (const [rule, [more, pending]] of Object.entries(pendings)) {
  test(`pending: ${rule}`, () => assert.deepEqual(explainWorkload(facts(more)).pending, pending));
}

const consequences: Readonly<Record<string, readonly [Annotations, Partial<SeenWorkload>, Annotations, Consequence]>> =
  {
    auto: [optIn, {}, {}, { action: 'restart' }],
    'auto, paused': [optIn, { paused: true }, {}, { action: 'held', reason: 'paused' }],
    'auto, deleting': [optIn, { deleting: true }, {}, { action: 'held', reason: 'deleting' }],
    'no annotation': [{}, {}, {}, { action: 'nothing', reason: 'not-opted-in' }],
    'auto false': [{ 'reloader.stakater.com/auto': 'false' }, {}, {}, { action: 'nothing', reason: 'turned-off' }],
    'others named': [
      { 'secret.reloader.stakater.com/reload': 'other' },
      {},
      {},
      { action: 'nothing', reason: 'not-named' },
    ],
    'search without match': [
      { 'reloader.stakater.com/search': 'true' },
      {},
      {},
      { action: 'nothing', reason: 'not-marked' },
    ],
    'search and match': [
      { 'reloader.stakater.com/search': 'true' },
      {},
      { 'reloader.stakater.com/match': 'true' },
      { action: 'restart' },
    ],
    ignored: [optIn, {}, { 'lockstep.dev/ignore': 'true' }, { action: 'nothing', reason: 'config-ignored' }],
  };

for (const [rule, [annotations, more, ofConfig, ifChanged]] of Object.entries(consequences)) {
  test(`if it changed: ${rule}; the same from the workload and from the config object`, () => {
    const workload = explained(annotations, more);
    const fromWorkload = explainWorkload(facts({ ...workload, uses: [use({ annotations: ofConfig })] }));
    const config = { kind: 'Secret', namespace: 'shop', name: 'db' } as const;
    const of = {
      config,
      annotations: ofConfig,
      workloads: [workload],
      gaps: [] as Gap[],
      place: { pauseSwitch: false, isWatched: true },
      presence: off,
    };
    assert.deepEqual(fromWorkload.uses[0]?.ifChanged, ifChanged);
    assert.deepEqual(explainConfig(of).workloads[0]?.ifChanged, ifChanged);
  });
}

test('a config object: named without a reference counts, auto without a reference does not', () => {
  const config = { kind: 'Secret', namespace: 'shop', name: 'other' } as const;
  const workloads = [explained({ 'secret.reloader.stakater.com/reload': 'other' }), explained(optIn)];
  const explanation = explainConfig({
    config,
    annotations: {},
    workloads,
    gaps: [],
    place: { pauseSwitch: false, isWatched: true },
    presence: off,
  });
  assert.deepEqual(
    explanation.workloads.map(({ keys, rule }) => [keys, rule]),
    [[undefined, { kind: 'yes', how: 'named', by: 'secret.reloader.stakater.com/reload' }]],
  );
});

test('opt-in: by kind, with the annotation and where it stands', () => {
  const { optedIn } = explainWorkload(facts(explained({ 'secret.reloader.stakater.com/auto': 'true' })));
  assert.deepEqual(optedIn, [
    {
      config: 'Secret',
      level: 'workload',
      ways: [{ how: 'auto', by: 'secret.reloader.stakater.com/auto' }],
      turnedOff: false,
    },
    { config: 'ConfigMap', level: 'template', ways: [], turnedOff: false },
  ]);
});

const pausedAt = '1970-01-01T00:00:10Z';
const pauses: readonly (readonly [rule: string, pause: PauseFacts | undefined, PauseExplanation | undefined])[] = [
  ['none', undefined, undefined],
  [
    'the next restart begins one',
    { period: 90_000, pausedAt: undefined, isPaused: false },
    { kind: 'next', period: '1m30s' },
  ],
  [
    'it is paused',
    { period: 90_000, pausedAt, isPaused: true },
    { kind: 'until', resumeAt: '1970-01-01T00:01:40.000Z' },
  ],
  ['it is due', { period: 10_000, pausedAt, isPaused: true }, { kind: 'due', reason: 'period-over' }],
  ['the period is gone', { period: 'none', pausedAt, isPaused: true }, { kind: 'due', reason: 'no-period' }],
];
for (const [rule, pause, expected] of pauses) {
  test(`pause: ${rule}`, () => {
    const seen = explained(optIn, pause === undefined ? {} : { pause });
    assert.deepEqual(explainWorkload(facts({ ...seen, now: 30_000 })).pause, expected);
  });
}

const missing = use({ state: 'missing', object: undefined });
const optional = use({ ...missing, reference: { ...reference, optional: true } });
const onBoth = { onCreate: true, onDelete: true, atStart: false };
const uncounted: Consequence = { action: 'nothing', reason: 'creation-not-counted' };
const restarts: Consequence = { action: 'restart' };
const presences: readonly (readonly [
  rule: string,
  facts: Partial<WorkloadFacts>,
  created: Consequence,
  deleted: Consequence | undefined,
])[] = [
  ['missing, never acked: its creation does not count', { uses: [missing], record: undefined }, uncounted, undefined],
  ['missing, acked: other content would be a change', { uses: [missing] }, restarts, undefined],
  ['missing, optional: pods started without it', { uses: [optional], record: undefined }, restarts, undefined],
  ['missing, --reload-on-create', { uses: [missing], record: undefined, presence: onBoth }, restarts, undefined],
  ['exists, --reload-on-delete', { presence: onBoth }, restarts, restarts],
  ['exists, without the flag', {}, restarts, undefined],
];
for (const [rule, more, created, deleted] of presences) {
  test(`if it came or went: ${rule}`, () => {
    const [explanation] = explainWorkload(facts(more)).uses;
    assert.deepEqual([explanation?.ifChanged, explanation?.ifDeleted], [created, deleted]);
  });
}
