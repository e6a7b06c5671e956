// Engines' resources are followed and listed; what may not be read, or is not there, is a gap.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, suite, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { EngineGap, EngineRef, EngineResource } from '../../server/core/engine.ts';
import { hasCode } from '../../server/core/errors.ts';
import type { Client } from '../../server/kube/client.ts';
import { readEngineResources } from '../../server/kube/engine-reads.ts';
import { startEngineWatches, type EngineWatches } from '../../server/kube/engine-watches.ts';
import { waitFor as until } from '../cluster/wait.ts';
import type { FaultHook } from '../fakes/faults.ts';
import { startFakeApiServer, writeKubeconfig, type FakeApiServer } from '../fakes/server.ts';
import { createRecorder, openClient, owners, settings, unknown, type Recorder } from './engine-rig.ts';

const configMap = (namespace: string, name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name },
});
const deployment = (namespace: string, name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace, name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'i' }] } },
  },
});
const path = '/apis/apps/v1/namespaces/shop/deployments';
const gap = (resource: EngineResource, reason: EngineGap['reason']): EngineGap => ({
  engine: 'flux',
  kind: resource.kind,
  resource: resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`,
  reason,
});

const withoutRight: FaultHook = ({ resource }) =>
  resource.startsWith('deployments') ? { kind: 'status', code: 403, message: 'cannot list deployments' } : undefined;

suite('engines’ resources', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-engines-'));
  let server: FakeApiServer;
  let client: Client;
  let close: () => Promise<void>;
  let stop = new AbortController();
  let running: EngineWatches | undefined;

  before(async () => {
    server = await startFakeApiServer();
    server.seed([
      configMap('engine', 'engine-cm'),
      configMap('engine', 'another'),
      configMap('shop', 'engine-cm'),
      deployment('shop', 'web'),
      deployment('bank', 'api'),
    ]);
    ({ client, close } = await openClient(writeKubeconfig(server, directory)));
  });
  afterEach(async () => {
    server.setFaults(undefined);
    stop.abort();
    await running?.ended;
    stop = new AbortController();
  });
  after(async () => {
    await close();
    await server.stop();
    rmSync(directory, { recursive: true });
  });

  interface Watching extends Recorder {
    readonly watches: EngineWatches;
    readonly troubles: string[];
    readonly waits: number[];
    readonly owners: EngineRef[];
  }

  function watch(recorder: Recorder): Watching {
    const [troubles, waits, concerned]: [string[], number[], EngineRef[]] = [[], [], []];
    const watches = startEngineWatches(
      {
        client,
        subjects: [recorder.subject],
        onOwners: (refs) => concerned.push(...refs),
        onTrouble: (title, { code }) => troubles.push(`${title}: ${code}`),
        now: Date.now,
        random: () => 0.5,
        sleep: async (ms, signal) => {
          waits.push(ms);
          await setTimeout(10, undefined, { signal }).catch(() => undefined);
        },
      },
      stop.signal,
    );
    running = watches;
    return { ...recorder, watches, troubles, waits, owners: concerned };
  }

  const waitFor = (what: string, look: () => boolean): Promise<boolean> =>
    until(async () => look(), { what, deadlineMs: 10_000, everyMs: 5 });
  const has = (told: readonly string[], line: string): Promise<boolean> => waitFor(line, () => told.includes(line));

  test('each object is told with its kind, and of the settings only the one object', async () => {
    const { watches, told } = watch(createRecorder([settings, owners]));
    await watches.synced;
    assert.deepEqual(told.toSorted(), [
      'put ConfigMap v1 engine/engine-cm',
      'put Deployment apps/v1 bank/api',
      'put Deployment apps/v1 shop/web',
    ]);
    assert.deepEqual(watches.gaps(), []);
  });

  test('listed namespaces, and the engine’s own', async () => {
    const { watches, told } = watch(createRecorder([settings, owners], ['shop']));
    await watches.synced;
    assert.deepEqual(told.toSorted(), ['put ConfigMap v1 engine/engine-cm', 'put Deployment apps/v1 shop/web']);
  });

  test('changes come, with the owners that they concern', async () => {
    const { watches, told, owners: concerned } = watch(createRecorder([owners]));
    await watches.synced;
    concerned.length = 0;
    const request = { resource: 'deployments', subject: '', signal: stop.signal };
    await client.send({ ...request, verb: 'create', path, body: deployment('shop', 'new') });
    await has(told, 'put Deployment apps/v1 shop/new');
    await client.send({ ...request, verb: 'delete', path: `${path}/new` });
    await has(told, 'remove Deployment shop/new');
    assert.ok(concerned.every(({ name }) => name === 'new'));
    assert.ok(concerned.length >= 2);
  });

  test('a resource that is not served is a gap and no trouble', async () => {
    const { watches, troubles } = watch(createRecorder([unknown, settings]));
    await watches.synced;
    assert.deepEqual(watches.gaps(), [gap(unknown, 'not-served')]);
    assert.deepEqual(troubles, []);
  });

  test('a forbidden one is a gap, told once, asked seldom, and read when it is allowed', async () => {
    server.setFaults(withoutRight);
    const { watches, troubles, waits, told } = watch(createRecorder([owners]));
    await watches.synced;
    assert.deepEqual(watches.gaps(), [gap(owners, 'forbidden')]);
    await waitFor('three tries', () => waits.length >= 3);
    assert.deepEqual(troubles, ['deployments of flux: api-forbidden']);
    assert.ok(waits.every((ms) => ms >= 300_000));
    server.setFaults(undefined);
    await has(told, 'put Deployment apps/v1 shop/web');
    await waitFor('no gap', () => watches.gaps().length === 0);
  });

  test('what does not come yet is a gap too', async () => {
    server.setFaults(() => ({ kind: 'status', code: 500 }));
    const { watches, troubles } = watch(createRecorder([owners]));
    await waitFor('trouble', () => troubles.length > 0);
    assert.deepEqual(watches.gaps(), [gap(owners, 'not-listed')]);
    server.setFaults(undefined);
    await watches.synced;
    assert.deepEqual(watches.gaps(), []);
  });

  const read = async (recorder: Recorder): Promise<readonly EngineGap[]> =>
    readEngineResources({ client, subjects: [recorder.subject], onRead: () => undefined, signal: stop.signal });

  test('lists: the same objects once, and the same gaps', async () => {
    server.setFaults(withoutRight);
    const recorder = createRecorder([settings, owners, unknown]);
    assert.deepEqual(await read(recorder), [gap(owners, 'forbidden'), gap(unknown, 'not-served')]);
    assert.deepEqual(recorder.told, ['put ConfigMap v1 engine/engine-cm']);
  });

  test('lists: an API server that fails is an error, not an answer', async () => {
    server.setFaults(() => ({ kind: 'status', code: 500 }));
    await assert.rejects(read(createRecorder([owners])), (error) => hasCode(error, 'api-failed'));
  });
});
