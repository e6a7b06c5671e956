import { deepEqual, equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decide, type Outcome } from './decide.ts';
import { defaultFlags, toArguments } from './flags.ts';
import type { Change, ConfigObject, Content, Flags, ReloaderCase, Workload } from './types.ts';

const one: Content = { kind: 'ConfigMap', data: { a: '1' }, binaryData: {} };
const two: Content = { kind: 'ConfigMap', data: { a: '2' }, binaryData: {} };
const status: Content = { kind: 'SecretProviderClass', className: 'foo', objects: [] };
const auto = { 'reloader.stakater.com/auto': 'true' };
const named = { 'configmap.reloader.stakater.com/reload': 'foo' };

interface Row {
  readonly says: string;
  readonly flags?: Partial<Flags>;
  readonly workload?: Partial<Workload>;
  readonly config?: Partial<ConfigObject>;
  readonly change?: Change;
  /** The reason why not, or how it is written. */
  readonly expect: string;
}

const rows: readonly Row[] = [
  { says: '§2 auto and referenced', workload: { annotations: auto }, expect: 'patch-template' },
  {
    says: '§2 auto needs a reference',
    workload: { annotations: auto, podSpec: { containers: [{ name: 'main', image: 'x' }] } },
    expect: 'not-referenced',
  },
  {
    says: '§2 named does not',
    workload: { annotations: named, podSpec: { containers: [{ name: 'main', image: 'x' }] } },
    expect: 'patch-template',
  },
  { says: '§2.8 no rule', expect: 'none' },
  {
    says: '§1 --resources-to-ignore, in any case',
    flags: { resourcesToIgnore: ['configMaps'] },
    workload: { annotations: auto },
    expect: 'config-not-watched',
  },
  {
    says: '§1 --resources-to-ignore, the other',
    flags: { resourcesToIgnore: ['secrets'] },
    workload: { annotations: auto },
    expect: 'patch-template',
  },
  {
    says: '§1 --enable-csi-integration',
    config: { kind: 'SecretProviderClass' },
    change: { action: 'update', before: status, after: status },
    expect: 'config-not-watched',
  },
  {
    says: '§1 --is-Argo-Rollouts off',
    workload: { kind: 'Rollout', annotations: auto },
    expect: 'workload-not-watched',
  },
  {
    says: '§1 --is-Argo-Rollouts must be true',
    flags: { isArgoRollouts: 'True' },
    workload: { kind: 'Rollout', annotations: auto },
    expect: 'workload-not-watched',
  },
  {
    says: '§3 Rollout',
    flags: { isArgoRollouts: 'true' },
    workload: { kind: 'Rollout', annotations: auto },
    expect: 'put-rollout',
  },
  {
    says: '§2 rollout-strategy',
    flags: { isArgoRollouts: 'true' },
    workload: { kind: 'Rollout', annotations: { ...auto, 'reloader.stakater.com/rollout-strategy': 'restart' } },
    expect: 'patch-restart-at',
  },
  { says: '§3 CronJob', workload: { kind: 'CronJob', annotations: auto }, expect: 'create-job' },
  { says: '§3 Job', workload: { kind: 'Job', annotations: auto }, expect: 'recreate-job' },
  {
    says: '§3 in the namespace of the changed object',
    workload: { namespace: 'other', annotations: auto },
    expect: 'other-namespace',
  },
  {
    says: '§1 --reload-on-create off',
    change: { action: 'create', after: one },
    workload: { annotations: auto },
    expect: 'action-not-enabled',
  },
  {
    says: '§1 --reload-on-create',
    flags: { reloadOnCreate: 'true' },
    change: { action: 'create', after: one },
    workload: { annotations: auto },
    expect: 'patch-template',
  },
  {
    says: '§1 --reload-on-create must be true',
    flags: { reloadOnCreate: '1' },
    change: { action: 'create', after: one },
    workload: { annotations: auto },
    expect: 'action-not-enabled',
  },
  {
    says: '§1 --reload-on-delete off',
    change: { action: 'delete', before: one },
    workload: { annotations: auto },
    expect: 'action-not-enabled',
  },
  {
    says: '§3 delete of what was never restarted for',
    flags: { reloadOnDelete: 'true' },
    change: { action: 'delete', before: one },
    workload: { annotations: auto },
    expect: 'not-updated',
  },
  {
    says: '§3 delete, annotations strategy',
    flags: { reloadOnDelete: 'true', reloadStrategy: 'annotations' },
    change: { action: 'delete', before: one },
    workload: { annotations: auto },
    expect: 'patch-template',
  },
  {
    says: '§4 the same content',
    change: { action: 'update', before: one, after: one },
    workload: { annotations: auto },
    expect: 'no-data-change',
  },
  {
    says: '§4 W18 create of a status',
    flags: { enableCsiIntegration: true, reloadOnCreate: 'true' },
    config: { kind: 'SecretProviderClass' },
    change: { action: 'create', after: status },
    expect: 'action-not-enabled',
  },
];

suite('the whole decision', () => {
  for (const { says, flags, workload, config, change, expect } of rows) {
    test(says, () => {
      const given: ReloaderCase = {
        flags: { ...defaultFlags, ...flags },
        workload: {
          kind: 'Deployment',
          name: 'web',
          namespace: 'shop',
          annotations: {},
          templateAnnotations: {},
          podSpec,
          ...workload,
        },
        config: { kind: 'ConfigMap', name: 'foo', namespace: 'shop', annotations: {}, ...config },
        change: change ?? { action: 'update', before: one, after: two },
      };
      equal(summarize(decide(given)), expect);
    });
  }
});

test('flags become arguments', () => {
  deepEqual(toArguments(defaultFlags), []);
  deepEqual(
    toArguments({
      ...defaultFlags,
      autoReloadAll: true,
      ignoredWorkloadTypes: ['jobs', 'cronjobs'],
      isArgoRollouts: 'true',
    }),
    ['--auto-reload-all=true', '--ignored-workload-types=jobs,cronjobs', '--is-Argo-Rollouts=true'],
  );
});

const podSpec = { containers: [{ name: 'main', image: 'x', envFrom: [{ configMapRef: { name: 'foo' } }] }] };

function summarize(outcome: Outcome): string {
  return outcome.restart ? outcome.write : outcome.reason;
}
