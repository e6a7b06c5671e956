// Reloader's pause period, one row a rule of contract §2: annotations, flags, and the patches that pause and resume. What is
// different on purpose says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../server/config.ts';
import type { WorkloadKind } from '../../server/core/object.ts';
import { judgeResume, pauseFields, resumePatch } from '../../server/core/pause-period.ts';
import { withPause, withPrecondition, type ReloaderPatch } from '../../server/core/reloader-patch.ts';
import { defaultReloadRules } from '../../server/core/reloader-keys.ts';
import { parseWorkload } from '../../server/kube/ingest-workload.ts';
import type { ApiObject } from '../../server/kube/reflector.ts';

const period = 'deployment.reloader.stakater.com/pause-period';
const pausedAt = 'deployment.reloader.stakater.com/paused-at';
const now = Date.parse('2026-11-22T12:00:00Z');
const mark = '2026-11-22T11:59:00Z';

interface Given {
  readonly kind?: WorkloadKind;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly template?: Readonly<Record<string, string>>;
  readonly paused?: boolean;
  readonly flags?: readonly string[];
}

interface Found {
  /** What an owed restart does. */
  readonly restart: 'paused' | 'not paused' | 'joins' | 'waits' | 'fails';
  readonly resumed: 'now' | 'later' | 'never';
  readonly problems?: number;
}

const rows: readonly (readonly [paragraph: string, about: string, rule: string, given: Given, found: Found])[] = [
  ['2.t', period, 'a duration', { annotations: { [period]: '5m' } }, { restart: 'paused', resumed: 'never' }],
  [
    '2.t',
    period,
    'never from the pod template',
    { template: { [period]: '5m' } },
    { restart: 'not paused', resumed: 'never' },
  ],
  [
    '2.t',
    period,
    'unparsable: the reload itself fails',
    { annotations: { [period]: '5 minutes' } },
    { restart: 'fails', resumed: 'never', problems: 1 },
  ],
  [
    '2.t',
    period,
    'not positive: Reloader pauses for nothing; here the restart is written without',
    { annotations: { [period]: '-5m' } },
    { restart: 'not paused', resumed: 'never' },
  ],
  ...(['StatefulSet', 'DaemonSet', 'Rollout'] as const).map(
    (kind) =>
      [
        '2.t',
        period,
        `on a ${kind}: a warning, and the reload goes on`,
        { kind, annotations: { [period]: '5m' } },
        { restart: 'not paused', resumed: 'never', problems: 1 },
      ] as const,
  ),
  [
    '2 pause flow',
    period,
    'paused by a user: Reloader patches the template; here the restart stays owed (rule 18)',
    { annotations: { [period]: '5m' }, paused: true },
    { restart: 'waits', resumed: 'never' },
  ],
  [
    '2 pause flow',
    pausedAt,
    'paused by Reloader: the reload joins',
    { annotations: { [period]: '5m', [pausedAt]: mark }, paused: true },
    { restart: 'joins', resumed: 'later' },
  ],
  [
    '2 pause flow',
    pausedAt,
    'an empty mark is none',
    { annotations: { [period]: '5m', [pausedAt]: '' }, paused: true },
    { restart: 'waits', resumed: 'never' },
  ],
  [
    '2 pause flow',
    pausedAt,
    'an unparsable mark: resumed immediately',
    { annotations: { [period]: '5m', [pausedAt]: 'then' }, paused: true },
    { restart: 'joins', resumed: 'now' },
  ],
  [
    '2 pause flow, W11',
    pausedAt,
    'the period is over: Reloader waits for the next change; here it is resumed now',
    { annotations: { [period]: '30s', [pausedAt]: mark }, paused: true },
    { restart: 'joins', resumed: 'now' },
  ],
  [
    'W11',
    pausedAt,
    'the period was removed: Reloader leaves it paused; here it is resumed now',
    { annotations: { [pausedAt]: mark }, paused: true },
    { restart: 'joins', resumed: 'now' },
  ],
  [
    '1',
    '--pause-deployment-annotation',
    'the key of the period',
    { annotations: { 'x/period': '5m', [period]: 'no' }, flags: ['--pause-deployment-annotation=x/period'] },
    { restart: 'paused', resumed: 'never' },
  ],
  [
    '1',
    '--pause-deployment-time-annotation',
    'the key of the mark',
    {
      annotations: { [period]: '5m', 'x/at': mark },
      paused: true,
      flags: ['--pause-deployment-time-annotation=x/at'],
    },
    { restart: 'joins', resumed: 'later' },
  ],
];
for (const [paragraph, about, rule, given, found] of rows) {
  test(`contract ${paragraph}: ${about}: ${rule}`, () => {
    const { restart, resumed, problems } = ask(given);
    assert.deepEqual({ restart, resumed, problems }, { problems: 0, ...found });
  });
}

test('contract 2 pause flow: the patches that pause and resume hold Reloader’s fields', () => {
  assert.deepEqual(pauseFields(pausedAt, now), {
    metadata: { annotations: { [pausedAt]: '2026-11-22T12:00:00Z' } },
    spec: { paused: true },
  });
  assert.deepEqual(resumePatch(pausedAt, '7'), {
    metadata: { resourceVersion: '7', annotations: { [pausedAt]: null } },
    spec: { paused: false },
  });
});

test('contract 2 pause flow: one patch pauses and restarts, whatever its type, and keeps its precondition', () => {
  const pause = pauseFields(pausedAt, now);
  const merged: ReloaderPatch = { type: 'strategic-merge', body: { spec: { template: {} } } };
  assert.deepEqual(withPrecondition(withPause(merged, pause), '7').body, {
    metadata: { resourceVersion: '7', annotations: { [pausedAt]: '2026-11-22T12:00:00Z' } },
    spec: { paused: true, template: {} },
  });
  const removal: ReloaderPatch = { type: 'json', body: [{ op: 'remove', path: '/x' }] };
  assert.deepEqual(withPrecondition(withPause(removal, pause), '7').body, [
    { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
    { op: 'remove', path: '/x' },
    {
      op: 'add',
      path: '/metadata/annotations/deployment.reloader.stakater.com~1paused-at',
      value: '2026-11-22T12:00:00Z',
    },
    { op: 'add', path: '/spec/paused', value: true },
  ]);
  const unpaused = withPrecondition(withPause(merged, pauseFields(pausedAt, undefined)), '7').body;
  assert.deepEqual(unpaused, { metadata: { resourceVersion: '7' }, spec: { template: {} } });
});

function ask({ kind = 'Deployment', annotations = {}, template = {}, paused = false, flags = [] }: Given): Found {
  const from = { argv: flags, env: {}, hostname: 'h', tempDir: '/tmp', isTerminal: false, readFile: () => '' };
  const { pauseKeys } = loadConfig(from).reloader;
  const metadata = { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1', annotations };
  const spec = { paused, template: { metadata: { annotations: template }, spec: { containers: [] } } };
  const reading = { rules: defaultReloadRules, pauseKeys, granularity: 'whole-objects', extras: [] } as const;
  const seen = parseWorkload(kind, { metadata, spec } as unknown as ApiObject, reading).value;
  const resume = judgeResume(seen.pause, now);
  return {
    restart: restartOf(seen),
    resumed: resume === undefined ? 'never' : resume.at <= now ? 'now' : 'later',
    problems: seen.problems.length,
  };
}

function restartOf({ paused, pause }: ReturnType<typeof parseWorkload>['value']): Found['restart'] {
  if (paused) return 'waits';
  if (pause?.isPaused === true) return 'joins';
  if (pause?.period === 'unreadable') return 'fails';
  return typeof pause?.period === 'number' ? 'paused' : 'not paused';
}
