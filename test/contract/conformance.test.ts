// The fake API server answers as the real one does: every case runs against both, and whole answers are compared.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { type FakeApiServer, startFakeApiServer, writeKubeconfig } from '../fakes/server.ts';
import { cases } from './cases/all.ts';
import { normalise } from './normalise.ts';
import { runCase } from './run-case.ts';
import { type Target, openTarget } from './target.ts';

suite('the fake API server answers as the real one', { skip: await whySkipped() }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-contract-'));
  let cluster: Cluster;
  let fakeServer: FakeApiServer;
  let [real, fake]: [Target | undefined, Target | undefined] = [undefined, undefined];

  before(async () => {
    // Controllers would write between the steps of a case.
    cluster = await startCluster({ controllerManager: false, fakeNode: false });
    fakeServer = await startFakeApiServer();
    real = openTarget('real', cluster.kubeconfig);
    fake = openTarget('fake', writeKubeconfig(fakeServer, directory));
  });
  after(async () => {
    await Promise.all([real?.close(), fake?.close()]);
    await fakeServer?.stop();
    await cluster?.stop();
    rmSync(directory, { recursive: true });
  });

  test('there are at least 120 cases, each with a name of its own', () => {
    assert.equal(new Set(cases.map((one) => one.name)).size, cases.length);
    assert.ok(cases.length >= 120, `${cases.length}`);
  });

  for (const [i, one] of cases.entries()) {
    test(one.name, async () => {
      assert.ok(real !== undefined && fake !== undefined);
      const namespace = `case-${i}`;
      const [expected, actual] = await Promise.all([runCase(real, one, namespace), runCase(fake, one, namespace)]);
      assert.deepEqual(normalise(actual, one), normalise(expected, one));
    });
  }
});
