// `lockstep serve`: the real ports, the HTTP servers, and the app between them.
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns';
import { createApp, type App } from './app.ts';
import { loadConfig, type Config, type Surroundings } from './config.ts';
import { hasCode } from './core/errors.ts';
import { objectKey } from './core/object.ts';
import type { Look } from './core/route-event.ts';
import { startHttp, type RunningHttp } from './http/app.ts';
import { connect, type Connection } from './kube/connection.ts';
import { createClient, type Client } from './kube/client.ts';
import { publishMetaInfo } from './kube/meta-info.ts';
import { createLogger } from './logger.ts';
import { metaInfoData } from './meta-info.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { Ports } from './parts.ts';
import { senders } from './registry.ts';
import { reportMissingRights } from './rights.ts';
import { countRequest, createReloaderCounts, measureClient, type ReloaderCounts } from './reloader-counts.ts';
import { createReloaderMetrics } from './reloader-metrics.ts';
import { openHistoryFile } from './shadow-file.ts';
import { createTenants } from './tenants.ts';
import { reportTrouble } from './trouble.ts';
import { createWebhookApp } from './webhook-app.ts';
import type { Clock } from './reconcile/workqueue.ts';

export interface ServeOptions extends Surroundings {
  readonly stdout: { write(text: string): unknown };
  readonly readBytes: (path: string) => Uint8Array;
  readonly signal: AbortSignal;
  readonly version: string;
}

/** Runs until the signal aborts (0) or the Lease is lost (1). Throws what prevents the start. */
export async function serve(options: ServeOptions): Promise<number> {
  const config = loadConfig(options);
  const log = createLogger({ level: config.logLevel, format: config.logFormat, destination: options.stdout });
  for (const setting of config.warnings) log.warn({ setting }, 'setting ignored');
  const metrics = createMetrics({ version: options.version, nodeVersion: process.version }, 'process');
  const connection = await connect({ kubeconfig: config.kubeconfig, context: config.context }, Date.now);
  const ports: Ports = {
    ...openCounted(config, metrics, connection),
    resolve: (host, answer) => lookup(host, { all: true }, answer),
    clock,
    now: Date.now,
    random: Math.random,
    randomBytes,
    sleep,
    log,
    metrics,
    readFile: options.readFile,
    historyFile: openHistoryFile,
    env: options.env,
  };
  try {
    return await run(config, ports, { options, server: connection.server });
  } finally {
    await connection.close();
  }
}

interface Run {
  readonly options: ServeOptions;
  readonly server: string;
}

async function run(config: Config, ports: Ports, { options, server }: Run): Promise<number> {
  const { log } = ports;
  const { webhookUrl } = config.reloader;
  const app = webhookUrl === undefined ? createApp(config, ports) : createWebhookApp(config, ports, webhookUrl);
  const http = await openHttp(config, ports, { app, readBytes: options.readBytes });
  log.info(
    {
      mode: config.mode,
      server,
      url: http.url,
      metricsUrl: http.metricsUrl,
      version: options.version,
    },
    'started',
  );
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const beside = [publish(config, ports, { ...options, signal }), reportMissingRights(config, ports, signal)];
  try {
    await app.run(options.signal);
    return 0;
  } catch (error) {
    if (!hasCode(error, 'lease-lost')) throw error;
    log.error({ err: error }, 'stopping');
    return 1;
  } finally {
    ended.abort();
    await http.stop();
    await Promise.all(beside);
  }
}

/** The client, its requests counted, and the counts in Reloader's metrics. */
function openCounted(
  config: Config,
  metrics: Metrics,
  connection: Connection,
): { readonly client: Client; readonly reloader: ReloaderCounts } {
  const now = (): number => clock.now();
  const { host } = new URL(connection.server);
  const reloaderMetrics = createReloaderMetrics(metrics.registry, config.reloader);
  const client = createClient(connection, (request) => {
    metrics.apiRequests.inc({ ...request, code: String(request.code) });
    countRequest(reloaderMetrics, { ...request, host });
  });
  const reloader = createReloaderCounts({ metrics: reloaderMetrics, now, namespaceLabel: metrics.namespaceLabel });
  return { client: measureClient(client, { metrics: reloaderMetrics, now }), reloader };
}

/** Informs other tools; without it Lockstep does all that it should. */
async function publish(config: Config, ports: Ports, { signal, version }: ServeOptions): Promise<void> {
  const { metaInfo } = config.reloader;
  if (metaInfo === undefined || config.mode === 'observe') return;
  const data = metaInfoData(config, { ...metaInfo, version, nodeVersion: process.version });
  try {
    await publishMetaInfo(ports.client, { namespace: metaInfo.namespace, data }, signal);
  } catch (error) {
    if (!signal.aborted) reportTrouble(ports, error, 'reloader-meta-info not written');
  }
}

interface HttpParts {
  readonly app: App;
  readonly readBytes: (path: string) => Uint8Array;
}

function openHttp(config: Config, { log, metrics }: Ports, { app, readBytes }: HttpParts): Promise<RunningHttp> {
  return startHttp({
    address: config.address,
    metricsAddress: config.metricsAddress,
    receivers: { flux: { sender: senders.flux, tenant: createTenants(config.tenants, readBytes) } },
    look: (looks) => looks.forEach((look) => forward(app, look)),
    countHook: (sender, result) => metrics.hooks.inc({ sender, result }),
    owed: (namespace) => app.owed(namespace),
    isWatched: (namespace) => app.isWatched(namespace),
    shadow: (sinceMs) => app.shadow(sinceMs),
    recorded: (namespace) => app.recorded(namespace),
    unsynced: () => app.unsynced(),
    metrics: { contentType: metrics.registry.contentType, text: () => metrics.registry.metrics() },
    log,
  });
}

function forward(app: App, look: Look): void {
  switch (look.kind) {
    case 'workload':
      return app.look({ workload: objectKey(look.workload) });
    case 'namespace':
      return app.look({ namespace: look.namespace });
    case 'source':
      return app.look({ sourcesIn: look.within });
  }
}

const clock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
