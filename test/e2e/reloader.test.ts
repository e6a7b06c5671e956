// Reloader's two strategies and its named annotation on the real API server: byte for byte, and once for each change.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { hashOf, readMark } from './marks.ts';
import { deployment, secret } from './objects.ts';
import { createRig } from './rig.ts';

const second = hashOf({ key: 'second' });
const named = { 'reloader.stakater.com/auto': 'false', 'secret.reloader.stakater.com/reload': 'ext.*' };

suite('Reloader’s strategies', { skip: await whySkipped(), timeout: 180_000 }, () => {
  for (const strategy of ['env-vars', 'annotations'] as const) {
    test(`${strategy}: its mark, its hash, its field manager; restarting Lockstep restarts nothing`, async () => {
      await using rig = await createRig();
      const place = await rig.createPlace();
      const flag = `--reload-strategy=${strategy}`;
      {
        await using lockstep = await rig.start(flag);
        assert.ok(lockstep.metricsUrl);
        await place.create(
          secret('db', { key: 'first' }),
          secret('external', { key: 'first' }),
          deployment('web', { secrets: ['db'] }),
          deployment('reader', { annotations: named }),
        );
        await place.untilRolledOut('deployments/web');
        await place.untilRolledOut('deployments/reader');
        await place.untilQuiet();
        await place.untilRestarted('deployments/web', () => place.change('db', 'second'));
        await place.untilRestarted('deployments/reader', () => place.change('external', 'second'));
        await place.untilQuiet();
        assert.equal(
          await readMark(place, strategy, { workload: 'web', marked: { type: 'SECRET', name: 'db' } }),
          second,
        );
        assert.equal(
          await readMark(place, strategy, { workload: 'reader', marked: { type: 'SECRET', name: 'external' } }),
          second,
        );
        const written = (await place.changes()).filter(({ workload }) => workload.name !== 'sentinel');
        assert.deepEqual(
          written.map(({ fieldManager, workload }) => [workload.name, fieldManager]),
          [
            ['web', 'Reloader'],
            ['reader', 'Reloader'],
          ],
        );
        await rig.untilRemembered(place, 'Deployment/web', 'Deployment/reader');
      }
      await using again = await rig.start(flag);
      assert.ok(again.metricsUrl);
      await place.untilQuiet();
      assert.deepEqual(await place.restarts(), { 'Deployment/web': 1, 'Deployment/reader': 1 });
    });
  }
});
