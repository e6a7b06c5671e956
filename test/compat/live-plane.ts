// The two API servers that the rows with live objects run against, behind one way to ask: the one in memory, and the real one.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient, type ApiClient } from '../cluster/api.ts';
import { readCredentials } from '../cluster/certificates.ts';
import { kubectl, sharedCluster } from '../cluster/cluster.ts';
import { installRights, removeRights } from '../e2e/rights.ts';
import { startFakeApiServer, writeKubeconfig } from '../fakes/server.ts';

export interface Plane extends AsyncDisposable {
  readonly kubeconfig: string;
  readonly stateNamespace: string;
  /** Of this run's namespaces. */
  readonly prefix: string;
  /** A request that must succeed; its body. */
  ask(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<unknown>;
}

export type PlaneName = 'fake' | 'real';

export function openPlane(name: PlaneName): Promise<Plane> {
  return name === 'fake' ? openFake() : openReal();
}

async function openFake(): Promise<Plane> {
  const directory = await mkdtemp(join(tmpdir(), 'lockstep-live-'));
  const server = await startFakeApiServer({ controllers: true });
  const api = createApiClient(server.url, {}, 'live');
  const stateNamespace = 'lockstep-system';
  server.seed([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: stateNamespace } }]);
  return {
    kubeconfig: writeKubeconfig(server, directory),
    stateNamespace,
    prefix: 'live',
    ask: (method, path, body) => ask(api, { method, path, body }),
    async [Symbol.asyncDispose]() {
      await api.close();
      await server.stop();
      await rm(directory, { recursive: true });
    },
  };
}

async function openReal(): Promise<Plane> {
  const cluster = await sharedCluster();
  const api = createApiClient(cluster.url, await readCredentials(cluster.directory, 'admin'), 'live');
  const prefix = `live-${randomBytes(4).toString('hex')}`;
  const account = await installRights(cluster, `${prefix}-state`);
  const made: string[] = [];
  return {
    kubeconfig: account.kubeconfig,
    stateNamespace: account.namespace,
    prefix,
    async ask(method, path, body) {
      const answer = await ask(api, { method, path, body });
      if (path === '/api/v1/namespaces') made.push((answer as { metadata: { name: string } }).metadata.name);
      return answer;
    },
    async [Symbol.asyncDispose]() {
      if (made.length > 0)
        await kubectl(cluster, ['delete', 'namespace', '--wait=false', '--ignore-not-found', ...made]);
      await removeRights(cluster, account);
      await api.close();
      await cluster.stop();
    },
  };
}

interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly body: object | undefined;
}

async function ask(api: ApiClient, { method, path, body }: Request): Promise<unknown> {
  const contentType = method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {};
  const reply = await api.call(method, path, { ...(body && { body }), ...contentType });
  assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}
