// What is kept of each object of the API server. Long because it is tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkloadKind } from '../../server/core/object.ts';
import { parseConfig } from '../../server/kube/ingest-config.ts';
import { parseNamespace, parsePod, parseRevision } from '../../server/kube/ingest-revision.ts';
import { parseWorkload, workloadPath } from '../../server/kube/ingest-workload.ts';
import { defaultPauseKeys, defaultReloadRules } from '../../server/core/reloader-keys.ts';

const keys = [
  { id: 'k1', secret: Buffer.alloc(32, 1) },
  { id: 'k2', secret: Buffer.alloc(32, 2) },
];
const reading = {
  keys,
  rules: defaultReloadRules,
  pauseKeys: defaultPauseKeys,
  granularity: 'used-keys',
  extras: ['every-volume'],
} as const;
const metadata = (more: object = {}) => ({ name: 'x', namespace: 'shop', uid: 'u', resourceVersion: '7', ...more });
const canary = 'c4n4ry-value';

test('I6: no value of a config object comes through', () => {
  const secret = parseConfig(
    'Secret',
    {
      metadata: metadata({ annotations: { 'kubectl.kubernetes.io/last-applied-configuration': canary } }),
      data: { a: Buffer.from(canary).toString('base64') },
    } as never,
    reading,
  );
  const configMap = parseConfig('ConfigMap', { metadata: metadata(), data: { a: canary } } as never, reading);
  for (const parsed of [secret, configMap]) {
    const text = JSON.stringify({ ...parsed, contents: parsed.value.contents.map(({ values }) => [...values]) });
    for (const form of [canary, Buffer.from(canary).toString('base64'), Buffer.from(canary).toString('hex')])
      assert.ok(!text.includes(form));
  }
});

test('rule 13: a Secret comes under every held key, a ConfigMap once', () => {
  assert.deepEqual(
    parseConfig('Secret', { metadata: metadata() }, reading).value.contents.map(({ keyId }) => keyId),
    ['k1', 'k2'],
  );
  assert.deepEqual(
    parseConfig('ConfigMap', { metadata: metadata() }, reading).value.contents.map(({ keyId }) => keyId),
    ['sha256'],
  );
});

test('the same bytes count as the same, however a Secret spells them', () => {
  const of = (text: string) =>
    parseConfig('Secret', { metadata: metadata(), data: { a: text } } as never, reading).value.contents[0]?.values.get(
      'a',
    );
  assert.equal(of('YQ=='), of('YQ'));
});

const times: [rule: string, entries: object[], time: string | undefined][] = [
  [
    'the newest entry that owns data',
    [
      { time: '2026-01-01T00:00:00Z', fieldsV1: { 'f:data': {} } },
      { time: '2026-01-02T00:00:00Z', fieldsV1: { 'f:data': {} } },
    ],
    '2026-01-02',
  ],
  ['binaryData is data', [{ time: '2026-01-03T00:00:00Z', fieldsV1: { 'f:binaryData': {} } }], '2026-01-03'],
  ['labels are not', [{ time: '2026-01-04T00:00:00Z', fieldsV1: { 'f:metadata': {} } }], undefined],
  ['an entry without a time', [{ fieldsV1: { 'f:data': {} } }], undefined],
];
for (const [rule, managedFields, time] of times) {
  test(`rule 7: data time: ${rule}`, () => {
    const { dataWrittenAt } = parseConfig('Secret', { metadata: metadata({ managedFields }) }, reading).value;
    assert.equal(dataWrittenAt, time === undefined ? undefined : Date.parse(time));
  });
}

const template = {
  metadata: { annotations: { 'lockstep.dev/restarted-for': '{"n":4,"for":{}}' } },
  spec: { containers: [{ envFrom: [{ secretRef: { name: 'a' } }, { configMapRef: { name: 'b' } }] }] },
};
const workload = (
  kind: WorkloadKind,
  annotations: object,
  more: { spec?: object; status?: object; metadata?: object } = {},
) =>
  parseWorkload(
    kind,
    {
      metadata: metadata({ generation: 2, annotations, ...more.metadata }),
      spec: { template, ...more.spec },
      status: { observedGeneration: 2, ...more.status },
    } as never,
    reading,
  ).value;

test('references are those of the kinds that are opted in', () => {
  assert.deepEqual(workload('Deployment', {}).references, []);
  assert.deepEqual(
    workload('Deployment', { 'secret.reloader.stakater.com/auto': 'true' }).references.map(({ name }) => name),
    ['a'],
  );
  assert.deepEqual(
    workload('Deployment', { 'lockstep.dev/restart': 'true' }).references.map(({ name }) => name),
    ['b', 'a'],
  );
});

test('restart key, own annotations and selector', () => {
  const found = workload(
    'Deployment',
    { 'lockstep.dev/settle': '2s', other: 'x', 'checksum.lockstep.dev/secret.a': 'y' },
    {
      spec: {
        selector: {
          matchLabels: { app: 'x' },
          matchExpressions: [
            { key: 't', operator: 'In', values: ['1', '2'] },
            { key: 'u', operator: 'NotIn', values: ['3'] },
            { key: 'e', operator: 'Exists' },
            { key: 'n', operator: 'DoesNotExist' },
          ],
        },
      },
    },
  );
  assert.equal(found.restartKey?.n, 4);
  assert.deepEqual(Object.keys(found.annotations), ['lockstep.dev/settle', 'checksum.lockstep.dev/secret.a']);
  assert.equal(found.podSelector, 'app=x,t in (1,2),u notin (3),e,!n');
});

const revisions: [kind: WorkloadKind, more: Parameters<typeof workload>[2], current: string | undefined][] = [
  ['Deployment', { metadata: { annotations: { 'deployment.kubernetes.io/revision': '3' } } }, '3'],
  ['StatefulSet', { status: { updateRevision: 'x-abc' } }, 'x-abc'],
  ['DaemonSet', {}, ''],
  ['Deployment', { status: { observedGeneration: 1 } }, undefined],
];
for (const [kind, more, current] of revisions) {
  test(`the current revision of a ${kind} is ${current}`, () =>
    assert.equal(workload(kind, {}, more).currentRevision, current));
}

const two = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
const rollouts: [rule: string, kind: WorkloadKind, spec: object, status: object, rolledOut: boolean][] = [
  [
    'all updated and available',
    'Deployment',
    { replicas: 2 },
    { replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
    true,
  ],
  [
    'an old one is left',
    'Deployment',
    { replicas: 2 },
    { replicas: 3, updatedReplicas: 2, availableReplicas: 3 },
    false,
  ],
  [
    'not available yet',
    'Deployment',
    { replicas: 2 },
    { replicas: 2, updatedReplicas: 2, availableReplicas: 1 },
    false,
  ],
  ['scaled to nothing', 'Deployment', { replicas: 0 }, {}, true],
  ['StatefulSet scaled to nothing', 'StatefulSet', { replicas: 0 }, {}, true],
  ['StatefulSet, an old one is left', 'StatefulSet', { replicas: 2 }, { ...two, updatedReplicas: 1 }, false],
  ['StatefulSet, not available yet', 'StatefulSet', { replicas: 2 }, { ...two, availableReplicas: 1 }, false],
  ['StatefulSet, all', 'StatefulSet', { replicas: 2 }, two, true],
  ['StatefulSet, not observed', 'StatefulSet', { replicas: 2 }, { ...two, observedGeneration: 1 }, false],
  ['DaemonSet without a node', 'DaemonSet', {}, {}, true],
  [
    'DaemonSet, not available yet',
    'DaemonSet',
    {},
    { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 },
    false,
  ],
  ['replicas default to one', 'StatefulSet', {}, {}, false],
  ['not observed', 'Deployment', { replicas: 0 }, { observedGeneration: 1 }, false],
  [
    'DaemonSet on all nodes',
    'DaemonSet',
    {},
    { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 },
    true,
  ],
  [
    'DaemonSet on some',
    'DaemonSet',
    {},
    { desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2 },
    false,
  ],
];
for (const [rule, kind, spec, status, rolledOut] of rollouts) {
  test(`rolled out: ${rule}`, () => assert.equal(workload(kind, {}, { spec, status }).rolledOut, rolledOut));
}

const gaveUp = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' };
const failures: [rule: string, kind: WorkloadKind, status: object, failed: boolean][] = [
  ['its deadline passed', 'Deployment', { conditions: [{ type: 'Available', status: 'False' }, gaveUp] }, true],
  ['of an older template', 'Deployment', { conditions: [gaveUp], observedGeneration: 1 }, false],
  ['in progress', 'Deployment', { conditions: [{ ...gaveUp, status: 'True' }] }, false],
  ['paused', 'Deployment', { conditions: [{ ...gaveUp, status: 'Unknown', reason: 'DeploymentPaused' }] }, false],
  ['no conditions', 'Deployment', {}, false],
  ['its deadline passed', 'Rollout', { conditions: [gaveUp] }, true],
  ['it has none', 'StatefulSet', {}, false],
];
for (const [rule, kind, status, failed] of failures) {
  test(`failed: ${kind}, ${rule}`, () => assert.equal(workload(kind, {}, { status }).failed, failed));
}

const owns = (manager: string, time: string, fields: object = { 'f:data': {} }) => ({
  manager,
  time: `2026-01-01T00:00:0${time}Z`,
  fieldsV1: fields,
});
const writers: [rule: string, managedFields: object[], names: string[]][] = [
  ['newest first', [owns('old', '1'), owns('new', '2')], ['new', 'old']],
  ['not who owns metadata only', [owns('labels', '1', { 'f:metadata': {} })], []],
  ['binaryData counts', [owns('files', '1', { 'f:binaryData': {} })], ['files']],
  [
    'each once, five at most',
    ['1', '2', '2', '3', '4', '5', '6'].map((name) => owns(name, name)),
    ['6', '5', '4', '3', '2'],
  ],
  ['nothing that a receiver of alerts takes for markup', [owns('<!channel>*_@x', '1')], ['??channel??_?x']],
];
for (const [rule, managedFields, names] of writers) {
  test(`writers: ${rule}`, () => {
    const { value } = parseConfig('Secret', { metadata: metadata({ managedFields }) }, reading);
    assert.deepEqual(value.writers, names);
  });
}

test('rule 18: paused, OnDelete, partitioned, deleting', () => {
  assert.equal(workload('Deployment', {}, { spec: { paused: true } }).paused, true);
  assert.equal(workload('StatefulSet', {}, { spec: { updateStrategy: { type: 'OnDelete' } } }).waitsForDelete, true);
  assert.equal(
    workload('StatefulSet', {}, { spec: { updateStrategy: { rollingUpdate: { partition: 1 } } } }).waitsForDelete,
    true,
  );
  assert.equal(workload('Deployment', {}, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }).deleting, true);
});

test('paused for a period: not by a person, with no revision of its template, and not rolled out', () => {
  const annotations = { [defaultPauseKeys.pausedAt]: '2026-01-01T00:00:00Z', 'deployment.kubernetes.io/revision': '3' };
  const found = workload('Deployment', {}, { spec: { paused: true, replicas: 0 }, metadata: { annotations } });
  const { paused, currentRevision, rolledOut, pause } = found;
  assert.deepEqual([paused, currentRevision, rolledOut], [false, undefined, false]);
  assert.deepEqual(pause, { period: 'none', pausedAt: '2026-01-01T00:00:00Z', isPaused: true });
});

test('a revision: owner, number and hash', () => {
  const ownerReferences = [{ uid: 'no' }, { uid: 'w', controller: true }];
  const set = parseRevision({
    metadata: metadata({ ownerReferences, annotations: { 'deployment.kubernetes.io/revision': '3' } }),
  });
  assert.deepEqual([set.key, set.value.ownerUid, set.value.number, set.value.hash], ['shop/x', 'w', '3', 'x']);
  const controller = parseRevision({
    metadata: metadata({ labels: { 'controller-revision-hash': 'abc' } }),
    revision: 5,
  } as never);
  assert.deepEqual([controller.value.number, controller.value.hash], ['5', 'abc']);
});

const pods: [rule: string, metadata: object, revision: { uid: string; hash: string } | undefined, current: boolean][] =
  [
    ['owned by the ReplicaSet', { ownerReferences: [{ uid: 'r' }] }, { uid: 'r', hash: 'h' }, true],
    ['owned by another', { ownerReferences: [{ uid: 'q' }] }, { uid: 'r', hash: 'h' }, false],
    [
      'labelled by the ControllerRevision',
      { labels: { 'controller-revision-hash': 'abc' } },
      { uid: 'r', hash: 'abc' },
      true,
    ],
    ['labelled by its name', { labels: { 'controller-revision-hash': 'abc' } }, { uid: 'r', hash: 'x-abc' }, true],
    ['revision unknown: every pod counts', {}, undefined, true],
  ];
for (const [rule, more, revision, current] of pods) {
  test(`a current pod: ${rule}`, () => {
    const pod = parsePod({ metadata: metadata({ creationTimestamp: '2026-01-01T00:00:00Z', ...more }) }, revision);
    assert.deepEqual(pod, { createdAt: Date.parse('2026-01-01'), current });
  });
}

test('rule 17: the pause switch is the word true', () => {
  const paused = (value: string) =>
    parseNamespace({ metadata: metadata({ annotations: { 'lockstep.dev/pause': value } }) }).value.paused;
  assert.deepEqual([paused('true'), paused('false')], [true, false]);
});

test('paths of workloads', () => {
  assert.equal(workloadPath('Deployment'), '/apis/apps/v1/deployments');
  assert.equal(workloadPath('StatefulSet', 'shop', 'x'), '/apis/apps/v1/namespaces/shop/statefulsets/x');
});

test('rule 14: what Reloader left on a template, and whether it was Reloader', () => {
  const hash = 'f83e99e324ba68ccc373a58ef1eb42f8ab88646a';
  const env = [
    { name: 'STAKATER_MY_DB_SECRET', value: hash },
    { name: 'STAKATER_APP_CONFIGMAP', value: hash },
    { name: 'STAKATER_X_SECRET', value: 'mine' },
  ];
  const fieldsV1 = {
    'f:spec': {
      'f:template': {
        'f:spec': { 'f:containers': { 'k:{"name":"c"}': { 'f:env': { 'k:{"name":"STAKATER_MY_DB_SECRET"}': {} } } } },
      },
    },
  };
  const { value } = parseWorkload(
    'Deployment',
    {
      metadata: metadata({
        managedFields: [
          { manager: 'Reloader', fieldsV1 },
          { manager: 'kubectl', fieldsV1: {} },
        ],
      }),
      spec: { template: { spec: { containers: [{ name: 'c', env }] } } },
    } as never,
    reading,
  );
  assert.deepEqual(value.marks, [
    { by: 'env-vars', kind: 'Secret', variable: 'STAKATER_MY_DB_SECRET', hash, byReloader: true },
    { by: 'env-vars', kind: 'ConfigMap', variable: 'STAKATER_APP_CONFIGMAP', hash, byReloader: false },
  ]);
});
