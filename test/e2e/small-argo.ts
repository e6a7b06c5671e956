// A stand-in for Argo CD: one Application of one directory, which it syncs when it is asked to and never by itself.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ApiClient } from '../cluster/api.ts';
import type { KubeObject } from './objects.ts';

export const applicationPath = '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/shop';
const projectPath = '/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects';
const run = promisify(execFile);

export interface SmallArgo {
  /** What was asked of it, oldest first. */
  readonly asked: readonly Operation[];
  /** Applies the ConfigMap as it is declared. */
  sync(): Promise<void>;
  /** Carries out an operation when there is one. */
  look(): Promise<void>;
}

export interface Operation {
  readonly initiatedBy?: { readonly username?: string };
  readonly sync?: { readonly revision?: string; readonly resources?: readonly object[] };
}

export interface SmallArgoOptions {
  readonly api: ApiClient;
  readonly namespace: string;
  /** Declares one ConfigMap, in `apps/config.yaml`. */
  readonly repository: Repository;
}

export interface Repository {
  readonly url: string;
  readonly revision: string;
  readonly declared: KubeObject;
}

export async function createRepository(directory: string, declared: KubeObject): Promise<Repository> {
  const git = async (...args: string[]): Promise<string> => {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false'];
    return (await run('git', ['-C', directory, ...identity, ...args])).stdout.trim();
  };
  await mkdir(join(directory, 'apps'), { recursive: true });
  await writeFile(join(directory, 'apps', 'config.yaml'), JSON.stringify(declared)); // JSON is YAML
  await git('init', '-q', '-b', 'main');
  await git('add', '-A');
  await git('commit', '-q', '-m', 'first');
  return { url: `file://${directory}`, revision: await git('rev-parse', 'HEAD'), declared };
}

export async function installSmallArgo(options: SmallArgoOptions): Promise<SmallArgo> {
  const { api, namespace, repository } = options;
  const { declared } = repository;
  await send(api, 'POST', '/api/v1/namespaces', { metadata: { name: 'argocd' } });
  const project = { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] };
  await send(api, 'POST', projectPath, toObject('AppProject', 'default', { spec: project }));
  const asked: Operation[] = [];
  const sync = async (): Promise<void> => {
    const path = `/api/v1/namespaces/${namespace}/configmaps/${declared.metadata.name}`;
    const annotations = { 'argocd.argoproj.io/tracking-id': `shop:/ConfigMap:${namespace}/${declared.metadata.name}` };
    const body = { ...declared, metadata: { ...declared.metadata, annotations } };
    await send(api, 'PATCH', `${path}?fieldManager=argocd-controller&force=true`, body, 'application/apply-patch+yaml');
  };
  await sync();
  await send(api, 'POST', applicationPath.slice(0, -'/shop'.length), applicationOf(options));
  return {
    asked,
    sync,
    async look() {
      const { body } = await api.call('GET', applicationPath);
      const { operation } = body as { operation?: Operation };
      if (operation === undefined) return;
      asked.push(operation);
      await sync();
      const state = { operationState: { ...finished(repository), operation } };
      await send(api, 'PATCH', applicationPath, { operation: null, status: state }, 'application/merge-patch+json');
    },
  };
}

function applicationOf({ namespace, repository: { url, revision, declared } }: SmallArgoOptions): object {
  const source = { repoURL: url, path: 'apps', targetRevision: 'main' };
  const destination = { server: 'https://kubernetes.default.svc', namespace };
  const resource = { version: 'v1', kind: 'ConfigMap', namespace, name: declared.metadata.name, status: 'Synced' };
  return toObject('Application', 'shop', {
    spec: { project: 'default', source, destination, syncPolicy: { syncOptions: ['ServerSideApply=true'] } },
    status: {
      controllerNamespace: 'argocd',
      sourceType: 'Directory',
      sync: { status: 'Synced', revision, comparedTo: { source, destination } },
      history: [{ id: 0, revision, source, deployedAt: '2026-01-01T00:00:10Z' }],
      operationState: finished({ revision }),
      resources: [resource],
    },
  });
}

function finished({ revision }: Pick<Repository, 'revision'>): object {
  const times = { startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:09Z' };
  return { phase: 'Succeeded', operation: { sync: { revision } }, syncResult: { revision, resources: [] }, ...times };
}

function toObject(kind: string, name: string, rest: object): object {
  return { apiVersion: 'argoproj.io/v1alpha1', kind, metadata: { name, namespace: 'argocd' }, ...rest };
}

async function send(
  api: ApiClient,
  method: 'POST' | 'PATCH',
  path: string,
  body: object,
  contentType = 'application/json',
): Promise<void> {
  const reply = await api.call(method, path, { body, contentType });
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
}
