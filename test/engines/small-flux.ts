// A small Flux: the small engine with the resources in which Flux says what it applied and hears what it is asked. Sources of the
// formats: fluxcd/source-controller api/v1, fluxcd/kustomize-controller api/v1, fluxcd/pkg runtime/predicates.
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeApi, KubeObject } from './api.ts';
import type { Checkout } from './git.ts';
import { startSmallEngine, type SmallEngine, type SmallEngineOptions } from './small-engine.ts';

export interface SmallFluxOptions extends SmallEngineOptions {
  /** Of the GitRepository and the Kustomization, which both have this name. */
  readonly namespace: string;
  readonly name: string;
  /** As their specs say. */
  readonly repository: string;
  readonly branch: string;
  readonly path: string;
}

const kustomizations = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' };
const repositories = { apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'GitRepository' };
const requestedAt = 'reconcile.fluxcd.io/requestedAt';
const group = 'kustomize.toolkit.fluxcd.io';

export const fluxKinds: readonly string[] = [kustomizations.kind, repositories.kind];

/** The kinds must be defined. Its objects carry the labels of Flux. */
export async function startSmallFlux(options: SmallFluxOptions): Promise<SmallEngine> {
  const { api, checkout, onReconciled } = options;
  const metadata = { name: options.name, namespace: options.namespace };
  const published: { handled?: string; objects: readonly KubeObject[] } = { objects: [] };
  for (const object of declare(options)) await api.apply(object, { fieldManager: 'flux-cli' });
  const artifactOf = (revision: string): string => `${options.branch}@sha1:${revision}`;
  const labelled: Checkout = {
    head: () => checkout.head(),
    async objects(revision) {
      const artifact = { revision: artifactOf(revision), path: '', url: '', digest: '' };
      await api.merge(
        { ...repositories, metadata, status: { artifact, conditions: [ready] } },
        { fieldManager: 'gotk-source-controller', subresource: 'status' },
      );
      published.objects = (await checkout.objects(revision)).map((object) => label(object, options));
      return published.objects;
    },
  };
  const engine = startSmallEngine({
    ...options,
    checkout: labelled,
    async onReconciled(reconciliation) {
      const revision = artifactOf(reconciliation.revision);
      const status = {
        conditions: [ready],
        inventory: { entries: published.objects.map(toEntry) },
        lastAppliedRevision: revision,
        lastAttemptedRevision: revision,
        ...(published.handled !== undefined && { lastHandledReconcileAt: published.handled }),
      };
      await api.merge(
        { ...kustomizations, metadata, status },
        { fieldManager: 'gotk-kustomize-controller', subresource: 'status' },
      );
      await onReconciled(reconciliation);
    },
  });
  const stopping = new AbortController();
  const hearing = hear({ ...options, engine, metadata, published }, stopping.signal);
  return {
    get last() {
      return engine.last;
    },
    get count() {
      return engine.count;
    },
    look: () => engine.look(),
    async stop() {
      stopping.abort();
      await Promise.all([engine.stop(), hearing]);
    },
  };
}

function declare({ repository, branch, path, name, namespace, intervalMs }: SmallFluxOptions): KubeObject[] {
  const metadata = { name, namespace };
  const interval = `${Math.round(intervalMs / 1000)}s`;
  const sourceRef = { kind: repositories.kind, name };
  return [
    { ...repositories, metadata, spec: { interval, url: repository, ref: { branch } } },
    { ...kustomizations, metadata, spec: { interval, path: `./${path}`, prune: true, sourceRef } },
  ];
}

const ready = {
  type: 'Ready',
  status: 'True',
  reason: 'ReconciliationSucceeded',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};

function label(object: KubeObject, { name, namespace }: SmallFluxOptions): KubeObject {
  const labels = { ...object.metadata.labels, [`${group}/name`]: name, [`${group}/namespace`]: namespace };
  return { ...object, metadata: { ...object.metadata, labels } };
}

function toEntry({ apiVersion, kind, metadata }: KubeObject): object {
  const [version = '', owner = ''] = apiVersion.split('/').reverse();
  return { id: `${metadata.namespace ?? ''}_${metadata.name}_${owner}_${kind}`, v: version };
}

interface Hearing extends Pick<SmallFluxOptions, 'pollMs' | 'onFailure'> {
  readonly api: KubeApi;
  readonly engine: SmallEngine;
  readonly metadata: KubeObject['metadata'];
  readonly published: { handled?: string };
}

/** A changed annotation is a request; kustomize-controller echoes it in its status. */
async function hear({ api, engine, metadata, published, pollMs, onFailure }: Hearing, signal: AbortSignal) {
  const path = await api.pathOf({ ...kustomizations, metadata });
  while (!signal.aborted) {
    try {
      const asked = (await api.get(path))?.metadata.annotations?.[requestedAt];
      if (asked !== undefined && asked !== published.handled) {
        published.handled = asked;
        await engine.look();
      }
    } catch (error) {
      if (!signal.aborted) onFailure(error);
    }
    await delay(pollMs, undefined, { signal }).catch(() => {});
  }
}
