// One real control plane: starts it, attaches to one that another process started, runs kubectl against it.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient } from './api.ts';
import { provideBinaries } from './binaries.ts';
import { createCertificates, readCredentials, type Client } from './certificates.ts';
import { auditFile, kubeconfigFile, startApiServer, startControllerManager, startEtcd } from './components.ts';
import { startFakeNode } from './fake-node.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { findFreePort, readLogTail, startSweeper, type Guarded } from './processes.ts';
import { waitFor } from './wait.ts';

/** What another process needs to use a plane. All but `url` are paths. */
export interface ClusterDescription {
  readonly directory: string;
  readonly url: string;
  /** Of cluster-admin. */
  readonly kubeconfig: string;
  /** JSON lines; audit.ts reads them. */
  readonly auditLog: string;
  readonly kubectl: string;
}

export interface Cluster extends ClusterDescription, AsyncDisposable {
  /** A kubeconfig with a token (24 h) of a ServiceAccount that exists. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>;
  /** Ends every process and removes the directory, audit log included. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  /** Default true: pods are bound and become ready. */
  fakeNode?: boolean;
  /** Default true: Deployments and the like progress. */
  controllerManager?: boolean;
  signal?: AbortSignal;
}

// A warm start takes 5 s on two idle cores; several at once, on busy ones, take longer.
const startDeadlineMs = 90_000;
const tokenSeconds = 24 * 3600;

/** Starts a plane of its own. The first call on a machine may build the binaries, which takes minutes. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { signal, fakeNode = true, controllerManager = true } = options;
  const binaries = await provideBinaries(signal);
  const directory = await mkdtemp(join(tmpdir(), 'lockstep-cluster-'));
  const plane = { directory, binaries: binaries.directory, port: await findFreePort() };
  const url = `https://127.0.0.1:${plane.port}`;
  const parts: Stoppable[] = [startSweeper(directory)];
  const stop = async () => {
    while (parts.length > 0) await parts.pop()?.stop();
  };
  try {
    await createCertificates(directory, signal);
    await writeClientKubeconfigs(directory, url);
    const etcd = startEtcd(plane);
    const apiServer = await startApiServer(plane);
    parts.push(etcd, apiServer);
    await untilServed({ directory, url, path: '/readyz', needs: [etcd, apiServer], signal });
    if (controllerManager) {
      const manager = startControllerManager(plane);
      parts.push(manager);
      const path = '/api/v1/namespaces/default/serviceaccounts/default';
      await untilServed({ directory, url, path, needs: [etcd, apiServer, manager], signal });
    }
    if (fakeNode) {
      const credentials = await readCredentials(directory, 'fake-node');
      parts.push(await startFakeNode({ url, credentials, logFile: join(directory, 'fake-node.log') }));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const kubectlPath = join(binaries.directory, 'kubectl');
  return open(
    {
      directory,
      url,
      kubeconfig: kubeconfigFile(directory, 'admin'),
      auditLog: auditFile(directory),
      kubectl: kubectlPath,
    },
    stop,
  );
}

/** The plane that $LOCKSTEP_TEST_CLUSTER describes, whose `stop` does nothing; else one of its own. */
export async function sharedCluster(): Promise<Cluster> {
  const file = process.env['LOCKSTEP_TEST_CLUSTER'];
  if (file === undefined) return startCluster();
  return open(JSON.parse(await readFile(file, 'utf8')) as ClusterDescription, async () => {});
}

/** Writes the file that $LOCKSTEP_TEST_CLUSTER names. */
export async function describeCluster(cluster: ClusterDescription, file: string): Promise<void> {
  const { directory, url, kubeconfig, auditLog, kubectl: binary } = cluster;
  await writeFile(file, JSON.stringify({ directory, url, kubeconfig, auditLog, kubectl: binary }), { mode: 0o600 });
}

/** Runs kubectl as cluster-admin and gives its standard output; what it says on a failure is the error's message. */
export function kubectl(cluster: ClusterDescription, args: readonly string[], input?: string): Promise<string> {
  // HOME holds kubectl's discovery cache, which is kept by address: another plane may have had this one's.
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig, HOME: cluster.directory };
  return new Promise((resolve, reject) => {
    const child = execFile(cluster.kubectl, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }));
    });
    child.stdin?.on('error', () => {}); // it ended without reading; its status tells
    child.stdin?.end(input ?? '');
  });
}

interface Stoppable {
  stop(): Promise<void>;
}

function open(description: ClusterDescription, stop: () => Promise<void>): Cluster {
  return {
    ...description,
    serviceAccountKubeconfig: (namespace, name) => createTokenKubeconfig(description, namespace, name),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function writeClientKubeconfigs(directory: string, url: string): Promise<void> {
  const names: readonly Client[] = ['admin', 'controller-manager'];
  for (const name of names) {
    const { ca, cert, key } = await readCredentials(directory, name);
    await writeKubeconfig(kubeconfigFile(directory, name), { url, ca, user: { cert, key } });
  }
}

async function createTokenKubeconfig(cluster: ClusterDescription, namespace: string, name: string): Promise<string> {
  const credentials = await readCredentials(cluster.directory, 'admin');
  const api = createApiClient(cluster.url, credentials, 'lockstep-test-cluster');
  try {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const { status, body } = await api.call('POST', path, { body: { spec: { expirationSeconds: tokenSeconds } } });
    if (status !== 201) throw new Error(`no token for ServiceAccount ${namespace}/${name}: ${JSON.stringify(body)}`);
    const { token } = (body as { status: { token: string } }).status;
    const file = join(cluster.directory, `serviceaccount.${namespace}.${name}.kubeconfig`);
    return await writeKubeconfig(file, { url: cluster.url, ca: credentials.ca, user: { token } });
  } finally {
    await api.close();
  }
}

interface Expectation {
  directory: string;
  url: string;
  /** Answers 200 once the plane is that far. */
  path: string;
  /** Programs without which it never will. */
  needs: readonly Guarded[];
  signal?: AbortSignal | undefined;
}

async function untilServed({ directory, url, path, needs, signal }: Expectation): Promise<void> {
  const api = createApiClient(url, await readCredentials(directory, 'admin'), 'lockstep-test-cluster');
  const served = async () => (await api.call('GET', path, { signal })).status === 200;
  const ended = needs.map(async (program) => {
    const status = await program.exited;
    throw new Error(`${program.name} ended with ${status}:\n${await readLogTail(program.logFile)}`);
  });
  try {
    await Promise.race([waitFor(served, { what: path, deadlineMs: startDeadlineMs, signal }), ...ended]);
  } finally {
    for (const failure of ended) failure.catch(() => {}); // the race is over: they end when the plane is stopped
    await api.close();
  }
}
