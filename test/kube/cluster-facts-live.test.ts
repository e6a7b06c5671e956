// What Helm is told of a real cluster: by its aggregated discovery, and by its group and version documents, alike; as kubectl sees it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClusterFacts } from '../../server/kube/cluster-facts.ts';
import { createClient, type Client } from '../../server/kube/client.ts';
import { connect } from '../../server/kube/connection.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { kubectl, sharedCluster } from '../cluster/cluster.ts';

test('a cluster’s version and kinds', { skip: await whySkipped(), timeout: 120_000 }, async () => {
  await using cluster = await sharedCluster();
  const connection = await connect({ kubeconfig: cluster.kubeconfig, context: undefined }, Date.now);
  const { signal } = new AbortController();
  try {
    const client = createClient(connection, () => undefined);
    const plain: Client = { ...client, send: (request) => client.send({ ...request, accept: 'application/json' }) };
    const readBy = (one: Client) => createClusterFacts({ client: one, now: Date.now, stop: signal })(signal);
    const [facts, byVersions] = [await readBy(client), await readBy(plain)];
    assert.deepEqual(byVersions, facts);
    const version = JSON.parse(await kubectl(cluster, ['version', '-o', 'json'])) as {
      serverVersion: { gitVersion: string };
    };
    assert.equal(facts.kubeVersion, version.serverVersion.gitVersion);
    const rows = (await kubectl(cluster, ['api-resources', '--verbs=list,watch', '--no-headers'])).trim().split('\n');
    const kinds = rows.map((row) => row.split(/\s+/)).map((cells) => `${cells.at(-3)}/${cells.at(-1)}`);
    assert.ok(kinds.length > 20);
    for (const kind of kinds) assert.ok(facts.apiVersions.includes(kind), kind);
    assert.ok(['v1', 'apps/v1', 'apps/v1/Deployment'].every((name) => facts.apiVersions.includes(name)));
    assert.ok(!facts.apiVersions.some((name) => name.endsWith('/SubjectAccessReview')), 'what cannot be listed');
    assert.deepEqual(facts.uncertain, []);
  } finally {
    await connection.close();
  }
});
