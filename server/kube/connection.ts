// Finds the API server and the credentials for it. client-node reads kubeconfigs, tokens, certificates and exec plugins; the
// connections are ours, since client-node's own does a TLS handshake for each request (measured, see README).
import { delimiter } from 'node:path';
import { KubeConfig, type Cluster } from '@kubernetes/client-node';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { LockstepError } from '../core/errors.ts';

export interface Connection {
  /** Origin of the API server, for messages too: it holds no credentials. */
  readonly server: string;
  /** Path before `/api`, for API servers behind a proxy. */
  readonly basePath: string;
  /** For requests that end. */
  readonly dispatcher: Dispatcher;
  /** For watches, which keep a connection each. */
  readonly watchDispatcher: Dispatcher;
  /** Headers that authenticate; asked for each request, since tokens change. */
  readonly headers: () => Promise<Record<string, string>>;
  readonly close: () => Promise<void>;
}

export interface ConnectionOptions {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** More parallel requests only queue inside the API server; 32 kept a 2-core one busy (measured). */
const maxConnections = 32;
/** Tokens are re-read this often; a ServiceAccount's is renewed long before it ends. */
const headersTtlMs = 30_000;

/** Throws `kubeconfig-unreadable`. */
export async function connect(options: ConnectionOptions, now: () => number): Promise<Connection> {
  const config = readConfig(options);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new LockstepError('kubeconfig-unreadable', {
      message: `kubeconfig ${nameOf(options.kubeconfig)} names no cluster for context ${config.getCurrentContext() || '(none)'}`,
    });
  }
  const url = parseServer(cluster.server, options);
  const tls = await readCredentials(config, options);
  const settings = {
    connect: { ...tls.connect, keepAlive: true, keepAliveInitialDelay: 15_000 },
    keepAliveTimeout: 60_000,
    // Over HTTP/2, which undici would take where it is offered, closing throws past every handler what is left of a stream (see README).
    allowH2: false,
  };
  const open = (connections: number | null): Dispatcher =>
    cluster.proxyUrl === undefined
      ? new Agent({ ...settings, connections })
      : new ProxyAgent({ uri: cluster.proxyUrl, requestTls: settings.connect, connections, allowH2: false });
  const dispatcher = open(maxConnections);
  const watchDispatcher = open(null);
  return {
    server: url.origin,
    basePath: url.pathname.replace(/\/$/, ''),
    dispatcher,
    watchDispatcher,
    headers: cached(async () => (await readCredentials(config, options)).headers, { first: tls.headers, now }),
    close: async () => {
      await Promise.all([dispatcher.destroy(), watchDispatcher.destroy()]);
    },
  };
}

/** The namespace of the context, where it names one. Throws `kubeconfig-unreadable`. */
export function readNamespace(options: ConnectionOptions): string | undefined {
  const config = readConfig(options);
  return config.getContextObject(config.getCurrentContext())?.namespace;
}

function readConfig({ kubeconfig, context }: ConnectionOptions): KubeConfig {
  const config = new KubeConfig();
  try {
    // Several files, as in $KUBECONFIG, are one: of two entries with the same name the first counts.
    const [first, ...more] = (kubeconfig ?? '').split(delimiter).filter((file) => file !== '');
    if (first === undefined) config.loadFromDefault();
    else config.loadFromFile(first);
    for (const file of more) addFile(config, file);
    if (context !== undefined) config.setCurrentContext(context);
    config.clusters = config.clusters.map(allowPlainHttp);
  } catch (error) {
    throw unreadable(kubeconfig, error);
  }
  if (context !== undefined && config.getContextObject(context) === null) {
    throw new LockstepError('kubeconfig-unreadable', {
      message: `kubeconfig ${nameOf(kubeconfig)} has no context ${context}`,
    });
  }
  return config;
}

/** client-node's own merge refuses names that come twice; kubectl takes the first. */
function addFile(config: KubeConfig, file: string): void {
  const next = new KubeConfig();
  next.loadFromFile(file);
  config.clusters = [...config.clusters, ...next.clusters.filter(({ name }) => config.getCluster(name) === null)];
  config.users = [...config.users, ...next.users.filter(({ name }) => config.getUser(name) === null)];
  config.contexts = [...config.contexts, ...next.contexts.filter(({ name }) => config.getContextObject(name) === null)];
  if (!config.currentContext) config.setCurrentContext(next.currentContext);
}

/** client-node refuses http:// unless TLS is not verified. There is none to verify, and kubectl takes it (`kubectl proxy`). */
function allowPlainHttp(cluster: Cluster): Cluster {
  return /^http:/i.test(cluster.server) ? { ...cluster, skipTLSVerify: true } : cluster;
}

function parseServer(server: string, { kubeconfig }: ConnectionOptions): URL {
  try {
    return new URL(server);
  } catch (error) {
    throw unreadable(kubeconfig, error);
  }
}

interface Credentials {
  readonly connect: { ca?: Buffer; cert?: Buffer; key?: Buffer; servername?: string; rejectUnauthorized?: boolean };
  readonly headers: Record<string, string>;
}

async function readCredentials(config: KubeConfig, { kubeconfig }: ConnectionOptions): Promise<Credentials> {
  try {
    const found: Parameters<KubeConfig['applyToHTTPSOptions']>[0] = {};
    await config.applyToHTTPSOptions(found);
    const headers = Object.fromEntries(
      Object.entries(found.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
    );
    if (typeof found.auth === 'string')
      headers['authorization'] = `Basic ${Buffer.from(found.auth).toString('base64')}`;
    const names = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const;
    const connect = Object.fromEntries(
      names.flatMap((name) => (found[name] === undefined ? [] : [[name, found[name]]])),
    );
    return { connect, headers };
  } catch (error) {
    throw unreadable(kubeconfig, error);
  }
}

/** Without the cause: parsers of YAML and JSON quote what they read, and that holds tokens. */
function unreadable(kubeconfig: string | undefined, cause: unknown): LockstepError {
  const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'not a kubeconfig';
  return new LockstepError('kubeconfig-unreadable', {
    message: `kubeconfig ${nameOf(kubeconfig)} cannot be used: ${why}`,
  });
}

function nameOf(kubeconfig: string | undefined): string {
  return kubeconfig === undefined || kubeconfig === '' ? '(default)' : kubeconfig;
}

type Headers = Credentials['headers'];

function cached(
  read: () => Promise<Headers>,
  { first, now }: { first: Headers; now: () => number },
): () => Promise<Headers> {
  let value = Promise.resolve(first);
  let readAt = now();
  return () => {
    const age = now() - readAt;
    // Below zero: the clock was put back.
    if (age >= 0 && age < headersTtlMs) return value;
    readAt = now();
    // Shared, so that parallel requests run an exec plugin once. What failed is not kept.
    const reading = read();
    reading.catch(() => (readAt = -Infinity));
    return (value = reading);
  };
}
