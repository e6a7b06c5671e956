// Contract §2 and §3 kind by kind: whether an object is asked for, how it is restarted, and since when its pods can exist.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkloadKind, WorkloadKindFacts } from '../../server/core/object.ts';
import { defaultPauseKeys, defaultReloadRules, type ReloadRules } from '../../server/core/reloader-keys.ts';
import { parseWorkload } from '../../server/kube/ingest-workload.ts';
import type { ApiObject } from '../../server/kube/reflector.ts';
import type { SeenWorkload } from '../../server/core/seen.ts';

const auto = { 'reloader.stakater.com/auto': 'true' };
const off = { 'reloader.stakater.com/auto': 'false' };
const named = { 'secret.reloader.stakater.com/reload': 'elsewhere' };
const strategy = (value: string) => ({ ...auto, 'reloader.stakater.com/rollout-strategy': value });
const ours = { ...defaultReloadRules, runsAllJobs: false };
const all = { ...defaultReloadRules, autoReloadAll: true };
const created = '2026-01-02T03:04:05Z';
const later = '2026-01-02T04:00:00Z';

interface Input {
  readonly own?: object;
  readonly inTemplate?: object;
  /** Of a Job: the CronJob's name. */
  readonly owner?: string;
  readonly spec?: object;
  readonly status?: object;
  readonly rules?: ReloadRules;
  readonly granularity?: 'used-keys' | 'whole-objects';
  readonly bare?: true;
}

function parse(kind: WorkloadKind, input: Input): SeenWorkload {
  const { own = {}, inTemplate = {}, owner, spec, status, rules = ours, granularity = 'used-keys', bare } = input;
  const containers = [{ name: 'main', envFrom: [{ secretRef: { name: 'db' } }] }];
  const template = { metadata: { annotations: inTemplate }, spec: { containers } };
  const carried = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template };
  const ownerReferences = owner === undefined ? [] : [{ kind: 'CronJob', name: owner, uid: 'c', controller: true }];
  const object = {
    metadata: {
      name: 'x',
      namespace: 'shop',
      uid: 'u',
      resourceVersion: '7',
      creationTimestamp: created,
      annotations: own,
      ownerReferences,
    },
    ...(bare === true ? {} : { spec: { ...carried, ...spec } }),
    ...(status === undefined ? {} : { status }),
  };
  const reading = { rules, granularity, extras: [], pauseKeys: defaultPauseKeys } as const;
  return parseWorkload(kind, object as unknown as ApiObject, reading).value;
}

const kinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'Rollout', 'DeploymentConfig'] as const;
const restarts: Readonly<Record<WorkloadKind, WorkloadKindFacts['restart']>> = {
  Deployment: 'template',
  StatefulSet: 'template',
  DaemonSet: 'template',
  CronJob: 'run',
  Job: 'recreate',
  Rollout: 'restart-at',
  DeploymentConfig: 'template',
};
const isJob = (kind: WorkloadKind): boolean => kind === 'Job' || kind === 'CronJob';

for (const kind of kinds) {
  const rows: [rule: string, input: Input, isAsked: boolean][] = [
    ['asks for nothing by itself', {}, false],
    ['is asked for by its own annotation', { own: auto }, true],
    ['is asked for by its pod template’s', { inTemplate: auto }, true],
    ['its own hide its pod template’s', { own: off, inTemplate: auto }, false],
    ['is asked for by a name', { own: named }, true],
    ['--auto-reload-all reaches it, as with Reloader', { rules: all }, true],
    ['a false stands against --auto-reload-all', { own: off, rules: all }, false],
    [
      `--auto-reload-all ${isJob(kind) ? 'spares it' : 'reaches it'} with Lockstep’s strategy`,
      { rules: { ...all, runsAllJobs: false } },
      !isJob(kind),
    ],
    ['without a spec it asks for nothing', { bare: true }, false],
  ];
  for (const [rule, input, isAsked] of rows) {
    test(`2 ${kind}: ${rule}`, () => {
      const { reload, references } = parse(kind, input);
      assert.equal(reload !== undefined, isAsked);
      const refers = isAsked && input.own !== named;
      assert.deepEqual(
        references.map(({ name }) => name),
        refers ? ['db'] : [],
      );
    });
  }
  test(`3 ${kind}: how it is restarted`, () => assert.equal(parse(kind, { own: auto }).restart, restarts[kind]));
}

const condition = (type: string, status = 'True') => ({ conditions: [{ type, status }] });
const facts: [rule: string, kind: WorkloadKind, input: Input, expected: Partial<SeenWorkload>][] = [
  ['finished', 'Job', { own: auto, status: condition('Complete') }, { dormant: 'finished', reload: undefined }],
  ['failed for good', 'Job', { own: auto, status: condition('Failed') }, { dormant: 'finished', reload: undefined }],
  ['about to fail is in progress', 'Job', { status: condition('FailureTarget') }, { dormant: undefined }],
  ['a condition that does not hold', 'Job', { status: condition('Complete', 'False') }, { dormant: undefined }],
  ['suspended', 'Job', { own: auto, spec: { suspend: true } }, { dormant: 'suspended', reload: undefined }],
  ['suspended', 'CronJob', { own: auto, spec: { suspend: true } }, { dormant: 'suspended', reload: undefined }],
  ['its last run has ended', 'CronJob', { status: condition('Complete') }, { dormant: undefined }],
  ['suspend says nothing of others', 'Rollout', { spec: { suspend: true } }, { dormant: undefined }],
  ['its pods come after it', 'Job', {}, { podsSince: Date.parse(created) }],
  ['its last run on time', 'CronJob', { status: { lastScheduleTime: later } }, { podsSince: Date.parse(later) }],
  ['never run', 'CronJob', {}, { podsSince: 0 }],
  ['its revisions are not watched', 'DeploymentConfig', {}, { podsSince: 0, currentRevision: undefined }],
  ['its ReplicaSets are', 'Rollout', {}, { podsSince: undefined }],
  [
    'a run beside which none may start',
    'CronJob',
    { spec: { concurrencyPolicy: 'Forbid' }, status: { active: [{}] } },
    { running: true, runsAlone: true },
  ],
  ['no run yet', 'CronJob', { spec: { concurrencyPolicy: 'Forbid' } }, { running: false, runsAlone: true }],
  [
    'runs may overlap',
    'CronJob',
    { spec: { concurrencyPolicy: 'Allow' }, status: { active: [{}] } },
    { running: false },
  ],
  ['active pods are no runs', 'Job', { status: { active: 2 } }, { running: false }],
  ['a run of a CronJob', 'Job', { owner: 'report' }, { runOf: 'CronJob/shop/report', reload: undefined }],
  ['a run is not asked for by its pod template', 'Job', { owner: 'report', inTemplate: auto }, { reload: undefined }],
  ['a run is not asked for by --auto-reload-all', 'Job', { owner: 'report', rules: all }, { reload: undefined }],
  ['restart: restartAt', 'Rollout', { own: strategy('restart') }, { restart: 'restart-at' }],
  ['rollout: the template', 'Rollout', { own: strategy('rollout') }, { restart: 'template' }],
  ['anything else: restartAt with Lockstep’s strategy', 'Rollout', { own: strategy('x') }, { restart: 'restart-at' }],
  [
    'the template without a word, as Reloader',
    'Rollout',
    { own: auto, granularity: 'whole-objects' },
    { restart: 'template' },
  ],
  [
    'restart, as Reloader',
    'Rollout',
    { own: strategy('restart'), granularity: 'whole-objects' },
    { restart: 'restart-at' },
  ],
  [
    'anything else, as Reloader',
    'Rollout',
    { own: strategy('x'), granularity: 'whole-objects' },
    { restart: 'template' },
  ],
  [
    'a borrowed template is not written',
    'Rollout',
    { own: strategy('rollout'), spec: { template: undefined, workloadRef: {} } },
    { restart: 'restart-at', references: [] },
  ],
  ['paused', 'Rollout', { spec: { paused: true } }, { paused: true }],
  ['paused', 'DeploymentConfig', { spec: { paused: true } }, { paused: true }],
  [
    'its selector is plain labels',
    'DeploymentConfig',
    { spec: { selector: { app: 'x', tier: 'y' } } },
    { podSelector: 'app=x,tier=y' },
  ],
  [
    'healthy and restarted',
    'Rollout',
    { spec: { restartAt: created }, status: { observedGeneration: '1', phase: 'Healthy', restartedAt: created } },
    { rolledOut: true },
  ],
  [
    'restarting',
    'Rollout',
    { spec: { restartAt: later }, status: { observedGeneration: '1', phase: 'Healthy', restartedAt: created } },
    { rolledOut: false },
  ],
  ['in a canary step', 'Rollout', { status: { observedGeneration: '1', phase: 'Paused' } }, { rolledOut: false }],
  ['rolling out is no matter of Jobs', 'Job', {}, { rolledOut: true }],
];
for (const [rule, kind, input, expected] of facts) {
  test(`3 ${kind}: ${rule}`, () => {
    const seen = parse(kind, input);
    const found = Object.fromEntries(Object.keys(expected).map((field) => [field, seen[field as keyof SeenWorkload]]));
    assert.deepEqual(found, expected);
  });
}

test('2 Job: a run is asked for by what is written on itself', () =>
  assert.ok(parse('Job', { owner: 'report', own: auto }).reload));
