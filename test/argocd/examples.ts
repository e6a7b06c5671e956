// Applications as the API server gives them, with what a test changes on top.
import assert from 'node:assert/strict';
import { readApplication, type Application } from '../../argocd/application.ts';

export const repository = 'https://git.example.com/shop/deploy.git';
export const first = '1111111111111111111111111111111111111111';
export const second = '2222222222222222222222222222222222222222';
export const third = '3333333333333333333333333333333333333333';

type Json = Record<string, unknown>;

export const source = { repoURL: repository, path: 'overlays/prod', targetRevision: 'main' };
export const destination = { server: 'https://kubernetes.default.svc', namespace: 'shop' };
export const deployment = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };
export const secret = { group: '', kind: 'Secret', namespace: 'shop', name: 'db' };

/** As one that was synced once, to `first`, an hour ago. */
export function application({
  spec = {},
  status = {},
  metadata = {},
  ...more
}: { spec?: Json; status?: Json; metadata?: Json } & Json = {}): Json {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', namespace: 'argocd', uid: 'u-1', ...metadata },
    spec: { project: 'shop', source, destination, ...spec },
    status: {
      controllerNamespace: 'argocd',
      sourceType: 'Kustomize',
      sync: { status: 'Synced', revision: first, comparedTo: { source, destination } },
      history: [{ id: 0, revision: first, source, deployedAt: '2026-11-22T11:00:10Z' }],
      operationState: operationState(),
      resources: [
        { version: 'v1', ...deployment, status: 'Synced' },
        { version: 'v1', kind: 'Secret', namespace: 'shop', name: 'db', status: 'Synced' },
      ],
      ...status,
    },
    ...more,
  };
}

export function operationState(more: Json = {}): Json {
  return {
    phase: 'Succeeded',
    operation: { sync: { revision: first } },
    syncResult: { revision: first, source, resources: [{ ...deployment, status: 'Synced', syncPhase: 'Sync' }] },
    startedAt: '2026-11-22T11:00:00Z',
    finishedAt: '2026-11-22T11:00:09Z',
    ...more,
  };
}

/** One whose source is this, and was when it was synced. */
export function applied(own: Json): { readonly spec: Json; readonly status: Json } {
  return {
    spec: { source: own },
    status: {
      sync: { status: 'Synced', revision: first, comparedTo: { source: own, destination } },
      history: [{ id: 0, revision: first, source: own, deployedAt: '2026-11-22T11:00:10Z' }],
      operationState: undefined,
    },
  };
}

/** A sync to `second` that runs, and has come to nothing yet. */
export function running(more: Json = {}): Json {
  const { finishedAt: _, ...state } = operationState({
    phase: 'Running',
    operation: { sync: { revision: second } },
    syncResult: { revision: second, resources: [] },
    startedAt: '2026-11-22T12:00:00Z',
    ...more,
  });
  return more['finishedAt'] === undefined ? state : { ...state, finishedAt: more['finishedAt'] };
}

export function read(value: unknown): Application {
  const reading = readApplication(value);
  assert.equal(reading.kind, 'application');
  return reading.application;
}

export function problemsOf(value: unknown): string[] {
  return read(value).problems.map(({ at, reason }) => `${at}: ${reason}`);
}
