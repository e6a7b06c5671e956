import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { createClusterFacts } from '../../server/kube/cluster-facts.ts';
import { createFakeClient, type Answer } from './fake-client.ts';

const { signal } = new AbortController();
const stop = signal;
const version: Answer = { major: '1', minor: '31+', gitVersion: 'v1.31.4-eks-7f9249a' };
const verbs = ['create', 'get', 'list', 'watch'];
const resource = (kind: string, more: object = {}) => ({ resource: 'x', responseKind: { kind }, verbs, ...more });
const core: Answer = {
  kind: 'APIGroupDiscoveryList',
  items: [{ metadata: {}, versions: [{ version: 'v1', freshness: 'Current', resources: [resource('Secret')] }] }],
};
const groups: Answer = {
  kind: 'APIGroupDiscoveryList',
  items: [
    {
      metadata: { name: 'apps' },
      versions: [{ version: 'v1', resources: [resource('Deployment', { subresources: [{ subresource: 'scale' }] })] }],
    },
    {
      metadata: { name: 'authorization.k8s.io' },
      versions: [{ version: 'v1', resources: [resource('SubjectAccessReview', { verbs: ['create'] })] }],
    },
    {
      metadata: { name: 'metrics.k8s.io' },
      versions: [{ version: 'v1beta1', freshness: 'Stale', resources: [resource('NodeMetrics')] }],
    },
  ],
};
const expected = {
  kubeVersion: 'v1.31.4-eks-7f9249a',
  apiVersions: ['apps/v1', 'apps/v1/Deployment', 'v1', 'v1/Secret'],
};

test('from the aggregated document: what can be listed and watched, and apart what does not answer', async () => {
  const client = createFakeClient([version, core, groups]);
  assert.deepEqual(await createClusterFacts({ client, now: () => 0, stop })(signal), {
    ...expected,
    uncertain: ['metrics.k8s.io/v1beta1', 'metrics.k8s.io/v1beta1/NodeMetrics'],
  });
  assert.deepEqual(
    client.requests.map(({ path }) => path),
    ['/version', '/api', '/apis'],
  );
  assert.match(String(client.requests[2]?.accept), /v=v2;as=APIGroupDiscoveryList,.*,application\/json$/);
});

test('from the documents of an older server: one for each version', async () => {
  const documents: Record<string, Answer> = {
    '/version': version,
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/apis': {
      kind: 'APIGroupList',
      groups: ['apps/v1', 'metrics.k8s.io/v1beta1'].map((groupVersion) => ({ versions: [{ groupVersion }] })),
    },
    '/api/v1': { resources: [{ name: 'secrets', kind: 'Secret', verbs }] },
    '/apis/apps/v1': {
      resources: [
        { name: 'deployments', kind: 'Deployment', verbs },
        { name: 'deployments/scale', kind: 'Scale', verbs },
      ],
    },
    '/apis/metrics.k8s.io/v1beta1': new LockstepError('api-failed', { message: 'unavailable' }),
  };
  const client = {
    ...createFakeClient([]),
    send: async ({ path }: { path: string }) => {
      const answer = documents[path];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  assert.deepEqual(await createClusterFacts({ client, now: () => 0, stop })(signal), {
    ...expected,
    uncertain: ['metrics.k8s.io/v1beta1'],
  });
});

test('many who ask at once are one reading, which is old after a minute', async () => {
  let now = 0;
  const client = createFakeClient([version, core, groups, version, core, { items: [] }]);
  const read = createClusterFacts({ client, now: () => now, stop });
  await Promise.all([read(signal), read(signal)]);
  now = 59_999;
  assert.ok((await read(signal)).apiVersions.includes('apps/v1'));
  assert.equal(client.requests.length, 3);
  now = 60_000;
  assert.deepEqual((await read(signal)).apiVersions, ['v1', 'v1/Secret']);
});

test('a failure is told, and not remembered', async () => {
  const forbidden = new LockstepError('api-forbidden', { message: 'no' });
  const client = createFakeClient([forbidden, version, core, groups]);
  const read = createClusterFacts({ client, now: () => 0, stop });
  await assert.rejects(read(signal), { code: 'api-forbidden' });
  assert.deepEqual((await read(signal)).apiVersions, expected.apiVersions);
});

test('who no longer waits gets the reason, and the others their answer', async () => {
  const read = createClusterFacts({ client: createFakeClient([version, core, groups]), now: () => 0, stop });
  const [first, second] = [read(AbortSignal.abort(new Error('gone'))), read(signal)];
  await assert.rejects(first, /gone/);
  assert.equal((await second).kubeVersion, expected.kubeVersion);
});
