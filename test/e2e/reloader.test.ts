// Reloader's two strategies and its named annotation on the real API server: byte for byte, and once for each change.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { deployment, secret } from './objects.ts';
import { createRig, type Live, type Place } from './rig.ts';

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
        assert.equal(await readMark(place, strategy, { workload: 'web', config: 'db' }), sha1('key=second'));
        assert.equal(await readMark(place, strategy, { workload: 'reader', config: 'external' }), sha1('key=second'));
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

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

interface Template {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly env?: readonly { name: string; value?: string }[] }[] };
}

async function readMark(
  place: Place,
  strategy: 'env-vars' | 'annotations',
  { workload, config }: { workload: string; config: string },
): Promise<string | undefined> {
  const live: Live = await place.get(`deployments/${workload}`);
  assert.ok(live.spec?.template);
  const { metadata, spec } = live.spec.template as Template;
  const variable = `STAKATER_${config.toUpperCase()}_SECRET`;
  if (strategy === 'env-vars') return spec.containers[0]?.env?.find(({ name }) => name === variable)?.value;
  const text = metadata.annotations?.['reloader.stakater.com/last-reloaded-from'] ?? '{}';
  const last = JSON.parse(text) as { type?: string; name?: string; hash?: string };
  assert.deepEqual([last.type, last.name], ['SECRET', config]);
  return last.hash;
}
