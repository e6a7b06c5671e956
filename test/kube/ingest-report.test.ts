// What is kept of objects for the report: writes and their managers, dates of certificates, starts and uses of containers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPauseKeys, defaultReloadRules } from '../../server/core/reloader-keys.ts';
import type { DataWrite, PodShape, ReportedPod } from '../../server/core/report-facts.ts';
import { parseReportedConfig } from '../../server/kube/ingest-report.ts';
import { parseRunningPod } from '../../server/kube/ingest-running-pod.ts';
import type { ApiObject } from '../../server/kube/reflector.ts';
import { createCertificate } from '../fakes/certificate.ts';

const at = Date.parse('2026-11-22T12:00:00Z');
const metadata = { name: 'db', namespace: 'shop', uid: 'u', resourceVersion: '1' };

function secret(data: Readonly<Record<string, string>>, managedFields: readonly object[] = []) {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  const object = { metadata: { ...metadata, managedFields }, data: Object.fromEntries(encoded) as object };
  const keys = [{ id: 'k', secret: Buffer.alloc(32) }];
  const reading = {
    keys,
    rules: defaultReloadRules,
    pauseKeys: defaultPauseKeys,
    granularity: 'used-keys',
    extras: [],
    judged: [],
  } as const;
  return parseReportedConfig('Secret', object as unknown as ApiObject, reading);
}

const entry = (fieldsV1: object, more: object = {}) => ({
  manager: 'm',
  operation: 'Update',
  time: '2026-11-22T12:00:00Z',
  fieldsV1,
  ...more,
});
const data = { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } };
const written: DataWrite = { manager: 'm', at, keys: ['a', 'b'], onlyData: true };

const writes: Readonly<Record<string, readonly [entry: object, writes: readonly DataWrite[]]>> = {
  'an update of data': [entry(data), [written]],
  'an update of data and the type': [entry({ ...data, 'f:type': {} }), [written]],
  'binaryData is data': [entry({ 'f:binaryData': { 'f:c': {} } }), [{ ...written, keys: ['c'] }]],
  'metadata beside it': [entry({ ...data, 'f:metadata': {} }), [{ ...written, onlyData: false }]],
  'an apply takes over what is there': [entry(data, { operation: 'Apply' }), [{ ...written, onlyData: false }]],
  'metadata alone': [entry({ 'f:metadata': {} }), []],
  'no time': [entry(data, { time: undefined }), []],
};
for (const [rule, [managed, expected]] of Object.entries(writes)) {
  test(`report, writes: ${rule}`, () => assert.deepEqual(secret({}, [managed]).writes, expected));
}

test('report, certificates: the dates of the first, nothing of the rest', () => {
  const [leaf, issuer] = [at, at + 1_000].map((notBefore) =>
    createCertificate({ name: 'n', notBefore, notAfter: notBefore + 9_000 }),
  );
  const found = secret({ 'tls.crt': `${leaf?.cert}${issuer?.cert}` });
  assert.deepEqual(found.certificate, { notBefore: at, notAfter: at + 9_000 });
  assert.equal(secret({ 'tls.crt': 'no certificate' }).certificate, 'unreadable');
  assert.equal(secret({ 'tls.crt': '' }).certificate, undefined);
  assert.equal(secret({ other: leaf?.cert ?? '' }).certificate, undefined);
});

const started = { startedAt: '2026-11-22T12:00:00Z' };
const env = [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }];
const mounts = [
  { name: 'v', mountPath: '/v' },
  { name: 'v', mountPath: '/f', subPath: 'file' },
];

function podOf({ status = {}, meta = {} }: { status?: object; meta?: object } = {}): ReportedPod | undefined {
  const controllers = new Map([['rs', { kind: 'Deployment', name: 'web' }]]);
  const ownerReferences = [{ uid: 'rs', kind: 'ReplicaSet', name: 'web-1', controller: true }];
  const object = {
    metadata: { name: 'web-1-a', namespace: 'shop', ownerReferences, ...meta },
    spec: {
      volumes: [{ name: 'v', configMap: { name: 'app' } }],
      initContainers: [{ name: 'init', env }],
      containers: [{ name: 'main', env: [{ name: 'STAKATER_DB_SECRET', value: 'h' }, ...env], volumeMounts: mounts }],
    },
    status: { phase: 'Running', containerStatuses: [{ name: 'main', state: { running: started } }], ...status },
  };
  return parseRunningPod(object as unknown as ApiObject, { controllers, shapes: new Map<string, PodShape>() });
}

test('report, pods: each use by container and way; of the environment only Reloader’s mark is kept', () => {
  const { owner, shape } = podOf() ?? assert.fail();
  assert.deepEqual(owner, { kind: 'Deployment', namespace: 'shop', name: 'web' });
  assert.deepEqual(
    shape.uses.map(({ container, way, kind, name, keys }) => [container, way, `${kind}/${name}`, keys]),
    [
      ['init', 'environment', 'Secret/db', ['password']],
      ['main', 'environment', 'Secret/db', ['password']],
      ['main', 'subPath', 'ConfigMap/app', ['file']],
      ['main', 'volume', 'ConfigMap/app', 'all'],
    ],
  );
  const marks = [{ name: 'main', env: [{ name: 'STAKATER_DB_SECRET', value: 'h' }] }];
  assert.deepEqual(shape.marks.spec.containers, marks);
});

test('report, pods: a container’s start is its last; one that waits has none, an init container that ran has one', () => {
  const initContainerStatuses = [{ name: 'init', state: { terminated: started } }];
  assert.deepEqual(
    [...(podOf({ status: { initContainerStatuses } })?.starts ?? [])],
    [
      ['init', at],
      ['main', at],
    ],
  );
  const containerStatuses = [{ name: 'main', state: { waiting: {} } }];
  assert.deepEqual([...(podOf({ status: { containerStatuses } })?.starts ?? [])], []);
});

test('report, pods: what runs nothing, no longer, or is on its way out is left out', () => {
  for (const phase of ['Pending', 'Succeeded', 'Failed']) assert.equal(podOf({ status: { phase } }), undefined);
  assert.equal(podOf({ meta: { deletionTimestamp: '2026-11-22T12:00:00Z' } }), undefined);
  assert.deepEqual(podOf({ meta: { ownerReferences: undefined } })?.owner.kind, 'Pod');
});
