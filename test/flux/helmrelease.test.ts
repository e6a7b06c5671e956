import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type HelmRelease, judgeHelmRelease, readHelmRelease } from '../../flux/helmrelease.ts';
import type { SyncState } from '../../flux/sync-state.ts';
import { condition, deployed, digest, type Fields, helmRelease, helmStatus } from './resources.ts';

function read(value: unknown): { release: HelmRelease; problems: string[] } {
  const reading = readHelmRelease(value);
  assert.ok(reading.kind === 'read', JSON.stringify(reading.problems));
  return { release: reading.value, problems: reading.problems.map(({ path, word }) => `${path} ${word}`) };
}
type Changes = Parameters<typeof helmRelease>[0];

test('flux helmrelease: a plain one', () => {
  const { release, problems } = read(helmRelease());
  const { inventory, progress, history, ...facts } = release;
  assert.deepEqual(facts, {
    ref: { engine: 'flux', kind: 'HelmRelease', namespace: 'apps', name: 'podinfo' },
    chart: {
      source: { kind: 'HelmRepository', namespace: 'flux-system', name: 'podinfo' },
      name: 'podinfo',
      path: undefined,
      version: '6.x',
      valuesFiles: ['values.yaml', 'values-prod.yaml'],
    },
    values: {
      inline: 'present',
      from: [{ kind: 'Secret', name: 'podinfo-values', key: 'values.yaml', targetPath: undefined, optional: false }],
    },
    release: { name: 'shop-podinfo', namespace: 'shop', storageNamespace: 'apps' },
    upgrade: { force: false, serverSideApply: 'auto' },
    driftDetection: 'disabled',
    ignores: [],
    postRendered: false,
    otherCluster: false,
    serviceAccountName: undefined,
    generation: 3,
    attempted: { revision: '6.5.4', digest: undefined, generation: 3 },
    handledRequest: undefined,
  });
  assert.deepEqual(
    history.map(({ version, status }) => [version, status]),
    [
      [7, 'deployed'],
      [6, 'superseded'],
    ],
  );
  assert.equal(inventory?.ids.size, 5);
  assert.equal(progress.ready?.reason, 'UpgradeSucceeded');
  assert.deepEqual(problems, []);
});

test('flux helmrelease: one with everything, and no value among the facts', () => {
  const spec = {
    values: { password: 's3cr3t' },
    valuesFrom: [
      { kind: 'ConfigMap', name: 'a', valuesKey: 'prod.yaml', optional: true },
      { kind: 'Secret', name: 'b', valuesKey: 'password', targetPath: 'db.password', literal: true },
    ],
    postRenderers: [{ kustomize: { patches: [{ patch: 's3cr3t' }] } }],
    upgrade: { force: true, serverSideApply: 'enabled' },
    driftDetection: { mode: 'enabled' },
    kubeConfig: { secretRef: { name: 'edge' } },
    releaseName: 'web',
    storageNamespace: 'records',
    serviceAccountName: 'deployer',
  };
  const { release, problems } = read(helmRelease({ spec }));
  assert.deepEqual(release.values.from, [
    { kind: 'ConfigMap', name: 'a', key: 'prod.yaml', targetPath: undefined, optional: true },
    { kind: 'Secret', name: 'b', key: 'password', targetPath: 'db.password', optional: false },
  ]);
  assert.deepEqual(release.release, { name: 'web', namespace: 'shop', storageNamespace: 'records' });
  assert.deepEqual(release.upgrade, { force: true, serverSideApply: 'enabled' });
  const { driftDetection, postRendered, otherCluster, serviceAccountName } = release;
  assert.deepEqual(
    [driftDetection, postRendered, otherCluster, serviceAccountName],
    ['enabled', true, true, 'deployer'],
  );
  assert.deepEqual(problems, []);
  assert.ok(!JSON.stringify(release).includes('s3cr3t'));
});

const long = 'payments-and-invoices-of-the-european-subsidiaries-eu-west';
const hash = createHash('sha256').update(long).digest('hex').slice(0, 12);
const short = `${long.slice(0, 40)}-${hash}`;
const names: [rule: string, changes: Changes, expected: string | undefined][] = [
  ['its own, in its own namespace', { spec: { targetNamespace: undefined } }, 'podinfo'],
  ['after the target namespace', {}, 'shop-podinfo'],
  ['as it is told', { spec: { releaseName: 'web' } }, 'web'],
  ['53 characters are kept', { spec: { releaseName: 'x'.repeat(53) } }, 'x'.repeat(53)],
  [
    'a long one, as the history has it',
    { spec: { releaseName: long }, status: { history: [{ ...deployed, name: short }] } },
    short,
  ],
  ['a long one before the first installation', { spec: { releaseName: long }, status: { history: [] } }, undefined],
  ['a long one after another release', { spec: { releaseName: long } }, undefined],
  ['of the wrong type', { spec: { releaseName: 7 } }, undefined],
  ['with a target of the wrong type', { spec: { targetNamespace: ['shop'] } }, undefined],
];
for (const [rule, changes, expected] of names) {
  test(`flux helmrelease name: ${rule}`, () => assert.equal(read(helmRelease(changes)).release.release.name, expected));
}

const hostile: [rule: string, changes: Changes, problems: string[]][] = [
  [
    'a drift mode of the future',
    { spec: { driftDetection: { mode: 'rewind' } } },
    ['spec.driftDetection.mode malformed'],
  ],
  [
    'an apply of the wrong type',
    { spec: { upgrade: { serverSideApply: true } } },
    ['spec.upgrade.serverSideApply wrong-type'],
  ],
  ['"true" for force', { spec: { upgrade: { force: 'true' } } }, ['spec.upgrade.force wrong-type']],
  ['values from a Pod', { spec: { valuesFrom: [{ kind: 'Pod', name: 'x' }] } }, ['spec.valuesFrom[0].kind malformed']],
  [
    'values from nowhere',
    { spec: { valuesFrom: [null] } },
    ['spec.valuesFrom[0] wrong-type', 'spec.valuesFrom[0].kind missing', 'spec.valuesFrom[0].name missing'],
  ],
  [
    '1,001 values',
    { spec: { valuesFrom: Array.from({ length: 1_001 }, () => ({ kind: 'Secret', name: 'x' })) } },
    ['spec.valuesFrom too-many'],
  ],
  ['a history of maps', { status: { history: {} } }, ['status.history wrong-type']],
  [
    'a version that is a text',
    { status: { history: [{ ...deployed, version: '7' }] } },
    ['status.history[0].version wrong-type'],
  ],
  [
    'both ways to name a chart',
    { spec: { chartRef: { kind: 'OCIRepository', name: 'x' } } },
    ['spec.chartRef malformed'],
  ],
];
for (const [rule, changes, expected] of hostile) {
  test(`flux helmrelease: ${rule}`, () => assert.deepEqual(read(helmRelease(changes)).problems, expected));
}

test('flux helmrelease: what cannot be read is not taken for its default', () => {
  const spec = { driftDetection: { mode: 7 }, upgrade: { serverSideApply: 'maybe' } };
  const { driftDetection, upgrade } = read(helmRelease({ spec })).release;
  assert.deepEqual([driftDetection, upgrade.serverSideApply], [undefined, undefined]);
});

const conditions = (...list: Fields[]): Changes => ({ status: { conditions: list } });
const running = condition('Reconciling', 'True', 'Progressing', "Running 'upgrade' action with timeout of 5m0s");
const oci = (attempted: string | undefined): Changes => ({
  status: { lastAttemptedRevision: '6.5.4+5f5f5f5f5f5f', lastAttemptedRevisionDigest: attempted },
});
const states: [rule: string, changes: Changes, offered: string | undefined, expected: SyncState][] = [
  ['done', {}, '6.5.4', { kind: 'settled' }],
  ['done, the chart’s artifact not known', {}, undefined, { kind: 'settled' }],
  ['a newer chart is offered', {}, '6.5.5', { kind: 'revision-not-attempted' }],
  ['an OCI artifact that was attempted', oci(digest), `latest@${digest}`, { kind: 'settled' }],
  [
    'an OCI artifact that was not',
    oci(`sha256:${'0'.repeat(64)}`),
    `latest@${digest}`,
    { kind: 'revision-not-attempted' },
  ],
  ['an OCI artifact, nothing to compare it with', oci(undefined), `latest@${digest}`, { kind: 'settled' }],
  ['its values changed', { metadata: { generation: 4 } }, '6.5.4', { kind: 'spec-not-attempted' }],
  [
    'nothing was ever attempted',
    { status: { conditions: [], lastAttemptedGeneration: undefined, lastAttemptedRevision: undefined } },
    undefined,
    { kind: 'spec-not-attempted' },
  ],
  [
    'it looks whether there is something to do',
    conditions(
      condition('Reconciling', 'True', 'Progressing', 'Fulfilling prerequisites'),
      condition('Ready', 'True', 'UpgradeSucceeded'),
    ),
    '6.5.4',
    { kind: 'applying' },
  ],
  ['it upgrades', conditions(running, condition('Ready', 'Unknown', 'Progressing')), '6.5.4', { kind: 'applying' }],
  ['it tries again', conditions(running, condition('Ready', 'False', 'UpgradeFailed')), '6.5.4', { kind: 'applying' }],
  [
    'it failed',
    conditions(condition('Ready', 'False', 'UpgradeFailed'), condition('Reconciling', 'True', 'ProgressingWithRetry')),
    '6.5.4',
    { kind: 'failed', reason: 'UpgradeFailed' },
  ],
  [
    'its chart is not there, and its values changed',
    { metadata: { generation: 4 }, ...conditions(condition('Ready', 'False', 'SourceNotReady')) },
    '6.5.4',
    { kind: 'failed', reason: 'SourceNotReady' },
  ],
  [
    'it gave up',
    conditions(condition('Stalled', 'True', 'RetriesExceeded'), condition('Ready', 'False', 'UpgradeFailed')),
    '6.5.4',
    { kind: 'stalled', reason: 'RetriesExceeded' },
  ],
  ['it is suspended', { spec: { suspend: true } }, '6.5.5', { kind: 'suspended' }],
];
for (const [rule, changes, offered, expected] of states) {
  test(`flux helmrelease state ${expected.kind}: ${rule}`, () => {
    assert.deepEqual(judgeHelmRelease(read(helmRelease(changes)).release, offered), expected);
  });
}

test('flux helmrelease: the history is sorted, whatever its order', () => {
  const history = [...helmStatus.history].reverse();
  assert.deepEqual(
    read(helmRelease({ status: { history } })).release.history.map(({ version }) => version),
    [7, 6],
  );
});
