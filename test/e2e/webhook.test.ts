// --webhook-url on the real API server: what is posted, and that nothing else is done.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readAudit } from '../cluster/audit.ts';
import { whySkipped } from '../cluster/binaries.ts';
import { startReceiver, status } from '../notify/receiver.ts';
import { configMap, deployment, secret } from './objects.ts';
import { createRig } from './rig.ts';

suite('--webhook-url', { skip: await whySkipped(), timeout: 180_000 }, () => {
  test('each change is posted, whatever the annotations; nothing is restarted, watched or remembered', async (context) => {
    await using rig = await createRig();
    const [place, other] = [await rig.createPlace(), await rig.createPlace()];
    await place.create(
      {
        ...secret('db', { key: 'first' }),
        metadata: { name: 'db', annotations: { 'reloader.stakater.com/ignore': 'true' } },
      },
      configMap('settings', { key: 'first' }),
      deployment('web', { secrets: ['db'] }),
    );
    await place.untilRolledOut('deployments/web');
    const receiver = await startReceiver(context, status(200));
    const url = `--webhook-url=http://127.0.0.1:${receiver.port}/hook`;
    await using lockstep = await rig.start(url, `--namespaces=${place.namespace},${other.namespace}`);
    await lockstep.waitForLog('synced; changes from now on are posted, and nothing is restarted');
    await place.change('db', 'second');
    await receiver.arrived(1);
    await place.patch('configmaps/settings', { data: { key: 'second' } });
    await receiver.arrived(2);
    // Not changes: metadata alone, and without their flags creation and deletion.
    await place.patch('secrets/db', { metadata: { labels: { a: 'b' } } });
    await place.create(secret('late', { key: 'first' }));
    await place.remove('secrets/late');
    await other.change('sentinel', 'second');
    await receiver.arrived(3);
    await lockstep.waitForLog('posted', {
      kind: 'Secret',
      namespace: other.namespace,
      name: 'sentinel',
      change: 'changed',
    });
    assert.equal(await lockstep.stop(), 0);
    assert.deepEqual(
      receiver.received.map(({ method, contentType, body }) => [method, contentType, body]),
      Array.from({ length: 3 }, () => ['POST', 'application/json', '{"webhook":"update successful"}']),
    );
    const requests = (await readAudit(rig.cluster.auditLog)).filter(({ user }) => user === rig.account.user);
    const resources = new Set(requests.map(({ resource }) => resource));
    assert.deepEqual([...resources].sort(), ['configmaps', 'leases', 'secrets', 'selfsubjectaccessreviews']);
    const writes = requests.filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));
    assert.deepEqual([...new Set(writes.map(({ resource }) => resource))].sort(), [
      'leases',
      'selfsubjectaccessreviews',
    ]);
  });

  test('creation and deletion where they are asked for; a label that comes and goes is neither', async (context) => {
    await using rig = await createRig();
    const place = await rig.createPlace();
    await place.create(secret('labelled', { key: 'first' }));
    const receiver = await startReceiver(context, status(500));
    await using lockstep = await rig.start(
      `--webhook-url=http://127.0.0.1:${receiver.port}/hook`,
      `--namespaces=${place.namespace}`,
      '--reload-on-create=true',
      '--reload-on-delete=true',
      '--resource-label-selector=team',
    );
    await place.create({
      ...secret('late', { key: 'first' }),
      metadata: { name: 'late', labels: { team: 'a' } },
    } as never);
    await lockstep.waitForLog('posted, and answered with no success', { name: 'late', change: 'created', status: 500 });
    await place.patch('secrets/late', { metadata: { labels: { team: null } } });
    await place.patch('secrets/late', { metadata: { labels: { team: 'a' } } });
    await place.remove('secrets/late');
    await lockstep.waitForLog('posted, and answered with no success', { name: 'late', change: 'deleted' });
    assert.equal(receiver.received.length, 2);
  });
});
