import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { parseFailure, watchReloadFailures } from '../../server/kube/reload-failures.ts';
import { createFakeClient, type Answer } from './fake-client.ts';

const object = (more: object = {}) => ({
  metadata: { name: 'web.1', namespace: 'shop', uid: 'e', resourceVersion: '7' },
  involvedObject: { kind: 'Deployment', namespace: 'shop', name: 'web' },
  source: { component: 'reloader-secrets' },
  ...more,
});
const web = { kind: 'Deployment', namespace: 'shop', name: 'web' };
const list: Answer = { metadata: { resourceVersion: '5' }, items: [object()] };
const line = `${JSON.stringify({ type: 'ADDED', object: object({ metadata: { ...object().metadata, uid: 'f' } }) })}\n`;

async function follow(script: Answer[], namespaces: readonly string[] = []) {
  const stop = new AbortController();
  const told: string[] = [];
  const client = createFakeClient([...script, new LockstepError('api-failed', { message: 'end' })], () => stop.abort());
  const options = {
    client,
    namespaces,
    random: () => 0,
    sleep: async () => undefined,
    onFailure: (failure: object) => void told.push(JSON.stringify(failure)),
    onListed: () => void told.push('listed'),
    onTrouble: (error: LockstepError) => void told.push(error.code),
  };
  await watchReloadFailures(options, stop.signal);
  return { told, paths: client.requests.map(({ path, query }) => `${path}?${query?.['fieldSelector']}`) };
}

test('failures of Reloader: those of the watch are told, those of the list are history', async () => {
  const { told, paths } = await follow([list, [line]]);
  assert.deepEqual(told, ['listed', JSON.stringify({ kind: 'Secret', workload: web })]);
  assert.equal(paths[0], '/api/v1/events?reason=ReloadFail');
});

test('failures of Reloader: a missing right is told and tried again', async () => {
  const { told } = await follow([new LockstepError('api-forbidden', { message: 'no' }), list, []]);
  assert.deepEqual(told, ['api-forbidden', 'listed']);
});

test('failures of Reloader: only in the namespaces that are watched', async () => {
  assert.equal((await follow([list, []], ['shop'])).paths[0], '/api/v1/namespaces/shop/events?reason=ReloadFail');
});

const rows: readonly [rule: string, more: object, found: object | undefined][] = [
  ['of a Secret', {}, { kind: 'Secret', workload: web }],
  ['of a ConfigMap', { source: { component: 'reloader-configmaps' } }, { kind: 'ConfigMap', workload: web }],
  [
    'of the newer Events API',
    { source: {}, reportingComponent: 'reloader-secrets' },
    { kind: 'Secret', workload: web },
  ],
  ['of another component', { source: { component: 'kubelet' } }, undefined],
  ['about another kind', { involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web' } }, undefined],
  ['about nothing', { involvedObject: undefined }, undefined],
];
for (const [rule, more, found] of rows) {
  test(`failures of Reloader: an Event ${rule}`, () => assert.deepEqual(parseFailure(object(more)), found));
}
