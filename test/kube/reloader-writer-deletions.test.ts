// Restarts by Reloader's strategies as requests: what is read, what is written, and what a moved template means (contract §3, W15).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RestartOrder, RestartSource } from '../../server/core/cluster.ts';
import { LockstepError } from '../../server/core/errors.ts';
import { deletedHash } from '../../server/core/reloader-hash.ts';
import { noClassMemory } from '../../server/core/provider-class.ts';
import { everything } from '../../server/core/selector.ts';
import { createReloaderWriter } from '../../server/kube/reloader-writer.ts';
import { createFakeClient, type Answer } from './fake-client.ts';

const classes = { chosen: everything, classes: noClassMemory };

const { signal } = new AbortController();
const gone: RestartSource = { kind: 'Secret', name: 'db', how: 'auto', content: 'deleted', certain: true };
const other: RestartSource = { kind: 'Secret', name: 'api', how: 'auto', content: 'deleted', certain: true };
const live: RestartSource = { kind: 'ConfigMap', name: 'app', how: 'auto', content: 'live', certain: true };
const refused = new LockstepError('api-invalid', { message: 'a test failed' });

const variable = (name: string) => ({ name, value: '0'.repeat(40) });
const both = [variable('STAKATER_API_SECRET'), { name: 'KEPT' }, variable('STAKATER_DB_SECRET')];

function workload(env: readonly object[], resourceVersion = '7'): Answer {
  const envFrom = [{ secretRef: { name: 'db' } }, { secretRef: { name: 'api' } }, { configMapRef: { name: 'app' } }];
  const spec = { containers: [{ name: 'main', env, envFrom }] };
  return { metadata: { name: 'web', namespace: 'shop', uid: 'w', resourceVersion }, spec: { template: { spec } } };
}

async function restart(strategy: 'env-vars' | 'annotations', sources: readonly RestartSource[], answers: Answer[]) {
  const client = createFakeClient(answers);
  const writer = createReloaderWriter({
    client,
    strategy,
    now: () => 1_000,
    sleep: async () => undefined,
    pausedAtKey: 'paused-at',
    ...classes,
  });
  const ref = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;
  const order: RestartOrder = {
    ref,
    uid: 'w',
    resourceVersion: '7',
    restart: 'template',
    key: { n: 1, acks: {} },
    sources,
    pausedAt: undefined,
  };
  const restarted = await writer.restart(order, signal);
  return { version: restarted?.version, patch: client.requests.find(({ verb }) => verb === 'patch') };
}

const env = '/spec/template/spec/containers/0/env';
const isMain = { op: 'test', path: '/spec/template/spec/containers/0/name', value: 'main' };
const unchanged = { op: 'replace', path: '/metadata/resourceVersion', value: '7' };
const isNamed = (place: number, name: string) => ({ op: 'test', path: `${env}/${place}/name`, value: name });
const written = workload([], '8');

test('env-vars, a deletion: the variable is removed where it is, and nowhere else', async () => {
  const { version, patch } = await restart('env-vars', [gone], [workload(both), written]);
  assert.deepEqual([version, patch?.contentType], ['8', 'application/json-patch+json']);
  const removed = [isMain, isNamed(2, 'STAKATER_DB_SECRET'), { op: 'remove', path: `${env}/2` }];
  assert.deepEqual(patch?.body, [unchanged, ...removed]);
});

test('env-vars, two deletions and a change: one patch, each place counted on what is left', async () => {
  const configMap = { metadata: { name: 'app', uid: 'c', resourceVersion: '5' }, data: {} };
  const { patch } = await restart('env-vars', [other, gone, live], [workload(both), configMap, written]);
  const hash = 'da39a3ee5e6b4b0d3255bfef95601890afd80709';
  assert.deepEqual(patch?.body, [
    unchanged,
    ...[isMain, isNamed(0, 'STAKATER_API_SECRET'), { op: 'remove', path: `${env}/0` }],
    ...[isMain, isNamed(1, 'STAKATER_DB_SECRET'), { op: 'remove', path: `${env}/1` }],
    ...[isMain, { op: 'add', path: `${env}/-`, value: { name: 'STAKATER_APP_CONFIGMAP', value: hash } }],
  ]);
});

test('env-vars, a deletion: without the variable nothing is written', async () => {
  const { version, patch } = await restart('env-vars', [gone], [workload([])]);
  assert.deepEqual([version, patch], [undefined, undefined]);
});

test('annotations, a deletion: the hash of the delete marker', async () => {
  const { patch } = await restart('annotations', [gone], [workload([]), written]);
  assert.equal(patch?.contentType, 'application/strategic-merge-patch+json');
  assert.ok(JSON.stringify(patch?.body).includes(deletedHash));
});

test('a test that fails because the template moved is a conflict', async () => {
  const moved = restart('env-vars', [gone], [workload(both), refused, workload([], '9')]);
  await assert.rejects(moved, { code: 'api-conflict' });
});

test('any other refusal stays one', async () => {
  await assert.rejects(restart('env-vars', [gone], [workload(both), refused, workload(both)]), { code: 'api-invalid' });
});
