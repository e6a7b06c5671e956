// The whole loop in this process over an API server in memory that fails as it is told. Retries come after a hundredth of their time.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createApp, type App } from '../../server/app.ts';
import { loadConfig } from '../../server/config.ts';
import { connect } from '../../server/kube/connection.ts';
import { createClient } from '../../server/kube/client.ts';
import { createMetrics } from '../../server/metrics.ts';
import type { Ports } from '../../server/parts.ts';
import { createReloaderCounts } from '../../server/reloader-counts.ts';
import { createReloaderMetrics } from '../../server/reloader-metrics.ts';
import { waitFor } from '../cluster/wait.ts';
import { deployment, secret, type KubeObject } from '../e2e/objects.ts';
import type { FaultHook } from '../fakes/faults.ts';
import { startFakeApiServer, writeKubeconfig, type FakeApiServer } from '../fakes/server.ts';

/** Objects of the namespace `shop`; the API server's own record of writes is the judge. */
export interface World {
  readonly server: FakeApiServer;
  create(...objects: KubeObject[]): void;
  /** A merge patch: `configmaps/app`. */
  patch(name: string, patch: object): Promise<void>;
  remove(name: string): Promise<void>;
  /** The whole loop with these flags, without waiting for its watches. */
  start(...flags: string[]): Running;
  setFaults(hook: FaultHook | undefined): void;
  /** Restarts by name so far, the sentinel's left out. */
  restarts(): Record<string, number>;
  untilRestarts(expected: Readonly<Record<string, number>>): Promise<void>;
  /** Patches of a workload that were asked for, those that failed included. */
  tries(name: string): number;
  /** Until everything older is decided; needs a loop that runs. */
  untilQuiet(): Promise<void>;
}

export interface Running {
  readonly app: App;
  readonly lines: readonly LogLine[];
  untilReady(): Promise<void>;
  /** As on SIGTERM: it writes its ledger and lets its Lease go. */
  stop(): Promise<void>;
}

export interface LogLine {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export const namespace = 'shop';
const stateNamespace = 'lockstep-system';
const sentinel = 'sentinel';
const deadlineMs = 20_000;
const bases: Readonly<Record<string, string>> = {
  deployments: '/apis/apps/v1',
  jobs: '/apis/batch/v1',
  cronjobs: '/apis/batch/v1',
};

export async function createWorld(t: TestContext): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-world-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const server = await startFakeApiServer({ controllers: true });
  t.after(() => server.stop());
  const kubeconfig = writeKubeconfig(server, directory);
  const send = async (method: string, name: string, body?: object): Promise<void> => {
    const path = `${bases[name.split('/')[0] ?? ''] ?? '/api/v1'}/namespaces/${namespace}/${name}`;
    const headers = { 'content-type': 'application/merge-patch+json', 'user-agent': 'test' };
    const reply = await fetch(server.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${await reply.text()}`);
  };
  const template = (): string => JSON.stringify(server.get('apps/v1', 'Deployment', namespace, sentinel)?.['spec']);
  let rounds = 0;
  const world: World = {
    server,
    create: (...objects) => server.seed(objects.map((object) => inNamespace(object))),
    patch: (name, patch) => send('PATCH', name, patch),
    remove: (name) => send('DELETE', name),
    start: (...flags) => run(t, kubeconfig, [`--state-namespace=${stateNamespace}`, '--settle=50ms', ...flags]),
    setFaults: (hook) => server.setFaults(hook),
    restarts: () => countRestarts(server),
    async untilRestarts(expected) {
      const areDone = async (): Promise<boolean> =>
        Object.entries(expected).every(([name, count]) => (countRestarts(server)[name] ?? 0) >= count);
      await waitFor(areDone, { what: `${JSON.stringify(expected)} restarts`, deadlineMs });
      await world.untilQuiet();
      assert.deepEqual(countRestarts(server), expected);
    },
    tries: (name) => server.changes.filter((change) => isRestart(change) && change.name === name).length,
    async untilQuiet() {
      for (const _ of ['taken up', 'done']) {
        const before = template();
        await world.patch(`secrets/${sentinel}`, { stringData: { key: `round ${++rounds}` } });
        await waitFor(async () => template() !== before, { what: 'the sentinel to be restarted', deadlineMs });
      }
    },
  };
  server.seed([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: stateNamespace } }]);
  world.create(secret(sentinel, { key: 'first' }), deployment(sentinel, { secrets: [sentinel] }));
  return world;
}

function inNamespace(object: KubeObject): Record<string, never> {
  return JSON.parse(JSON.stringify({ ...object, metadata: { ...object.metadata, namespace } })) as Record<
    string,
    never
  >;
}

type Change = FakeApiServer['changes'][number];

function isRestart({ verb, resource, userAgent }: Change): boolean {
  return verb === 'patch' && resource === 'deployments.apps' && userAgent === 'lockstep';
}

function countRestarts({ changes }: FakeApiServer): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const change of changes) {
    if (!isRestart(change) || !change.isTemplateChanged || change.name === sentinel) continue;
    counts[change.name] = (counts[change.name] ?? 0) + 1;
  }
  return counts;
}

function run(t: TestContext, kubeconfig: string, argv: readonly string[]): Running {
  const from = { env: {}, hostname: 'world', tempDir: tmpdir(), isTerminal: false, readFile: () => '' };
  const config = loadConfig({ ...from, argv: [`--kubeconfig=${kubeconfig}`, ...argv] });
  const lines: LogLine[] = [];
  const stopped = new AbortController();
  const { promise: opened, resolve, reject } = Promise.withResolvers<App>();
  const running = (async () => {
    const connection = await connect({ kubeconfig, context: undefined }, Date.now);
    try {
      const app = createApp(config, { ...openPorts(config, lines), client: createClient(connection, () => undefined) });
      resolve(app);
      await app.run(stopped.signal);
    } finally {
      await connection.close();
    }
  })();
  running.catch(reject);
  let app: App | undefined;
  void opened.then((value) => (app = value));
  const stop = async (): Promise<void> => {
    stopped.abort();
    await running;
  };
  t.after(stop);
  return {
    get app() {
      assert.ok(app);
      return app;
    },
    lines,
    async untilReady() {
      await opened;
      const isReady = async (): Promise<boolean> => app?.unsynced().length === 0;
      await waitFor(isReady, { what: 'every watch', deadlineMs, everyMs: 5 });
    },
    stop,
  };
}

function openPorts(config: ReturnType<typeof loadConfig>, lines: LogLine[]): Omit<Ports, 'client'> {
  const metrics = createMetrics({ version: 'test', nodeVersion: process.version });
  const now = (): number => performance.now();
  const note = (fields: LogLine['fields'], message: string): void => void lines.push({ message, fields });
  return {
    hub: undefined,
    clock: {
      now,
      after(ms, act) {
        const timer = setTimeout(act, ms);
        return () => clearTimeout(timer);
      },
    },
    now: Date.now,
    random: () => 0.01,
    randomBytes,
    sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
    log: { debug: note, info: note, warn: note, error: note },
    metrics,
    reloader: createReloaderCounts({
      metrics: createReloaderMetrics(metrics.registry, config.reloader),
      now,
      namespaceLabel: metrics.namespaceLabel,
    }),
    resolve: (_host, answer) => answer(new Error('no names here'), []),
    readFile: () => '',
    historyFile: () => ({ read: async () => [], append: async () => undefined }),
    env: {},
  };
}
