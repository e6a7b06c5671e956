import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { workloadKinds } from '../../server/core/object.ts';
import { createDiscovery } from '../../server/kube/discovery.ts';
import { createFakeClient, type Answer } from './fake-client.ts';

const { Rollout } = workloadKinds;
const signal = new AbortController().signal;
const served: Answer = { resources: [{ name: 'rollouts' }, { name: 'rollouts/status' }] };
const absent = new LockstepError('api-not-found', { message: 'no' });
const failed = new LockstepError('api-failed', { message: 'no' });

const rows: [rule: string, answer: Answer, isServed: boolean][] = [
  ['one that is listed', served, true],
  ['a group without it', { resources: [{ name: 'experiments' }] }, false],
  ['a group that is not there', absent, false],
  ['an empty answer', {}, false],
];
for (const [rule, answer, isServed] of rows) {
  test(`served: ${rule}`, async () => {
    const client = createFakeClient([answer]);
    assert.equal(await createDiscovery(client, () => 0).isServed(Rollout, signal), isServed);
    assert.deepEqual(
      client.requests.map(({ path }) => path),
      ['/apis/argoproj.io/v1alpha1'],
    );
  });
}

test('many who ask at once are one request, and an old answer is asked for again', async () => {
  let now = 0;
  const client = createFakeClient([absent, served]);
  const discovery = createDiscovery(client, () => now);
  assert.deepEqual(await Promise.all([discovery.isServed(Rollout, signal), discovery.isServed(Rollout, signal)]), [
    false,
    false,
  ]);
  now = 4_999;
  assert.equal(await discovery.isServed(Rollout, signal), false);
  now = 5_000;
  assert.equal(await discovery.isServed(Rollout, signal), true);
  assert.equal(client.requests.length, 2);
});

test('a failure is told, and not remembered', async () => {
  const discovery = createDiscovery(createFakeClient([failed, served]), () => 0);
  await assert.rejects(discovery.isServed(Rollout, signal), { code: 'api-failed' });
  assert.equal(await discovery.isServed(Rollout, signal), true);
});
