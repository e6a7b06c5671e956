// A small GitOps engine: brings a cluster to what a branch declares, as kustomize-controller does, and touches nothing else.
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { KubeApi, KubeObject } from './api.ts';
import type { Checkout } from './git.ts';

/** The name under which kustomize-controller applies; Lockstep tells origin git by it. */
export const fieldManager = 'kustomize-controller';

/** One look at every declared object. */
export interface Reconciliation {
  readonly revision: string;
  /** A revision that was not applied before, or only the time, or that somebody asked. */
  readonly cause: 'revision' | 'interval' | 'request';
  /** What had to be written: `Deployment/shop/web created`. */
  readonly written: readonly string[];
}

export interface SmallEngine {
  /** The newest one; undefined before the first. */
  readonly last: Reconciliation | undefined;
  readonly count: number;
  /** Compares the cluster with the branch now; resolves when one that began after this call is done. */
  look(): Promise<Reconciliation>;
  /** Ends the loop after the reconciliation under way. */
  stop(): Promise<void>;
}

export interface SmallEngineOptions {
  readonly api: KubeApi;
  readonly checkout: Checkout;
  /** How often to ask the branch for its head. */
  readonly pollMs: number;
  /** How often to compare the cluster with an unchanged revision. */
  readonly intervalMs: number;
  readonly onReconciled: (reconciliation: Reconciliation) => void | Promise<void>;
  /** What failed is tried again after the next poll. */
  readonly onFailure: (error: unknown) => void;
}

export function startSmallEngine(options: SmallEngineOptions): SmallEngine {
  const stopping = new AbortController();
  let last: Reconciliation | undefined;
  let count = 0;
  let asked: PromiseWithResolvers<Reconciliation>[] = [];
  const live = async (): Promise<void> => {
    let dueAt = 0;
    while (!stopping.signal.aborted) {
      try {
        const revision = await options.checkout.head();
        const isNew = revision !== last?.revision;
        if (isNew || asked.length > 0 || performance.now() >= dueAt) {
          const heard = asked;
          const written = await reconcile(options, revision);
          last = { revision, cause: isNew ? 'revision' : heard.length > 0 ? 'request' : 'interval', written };
          count++;
          dueAt = performance.now() + options.intervalMs;
          await options.onReconciled(last);
          asked = asked.filter((one) => !heard.includes(one));
          for (const one of heard) one.resolve(last);
        }
      } catch (error) {
        if (!stopping.signal.aborted) options.onFailure(error);
      }
      await delay(options.pollMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const ended = live();
  return {
    get last() {
      return last;
    },
    get count() {
      return count;
    },
    look() {
      const wish = Promise.withResolvers<Reconciliation>();
      asked = [...asked, wish];
      return wish.promise;
    },
    async stop() {
      stopping.abort();
      await ended;
      for (const one of asked) one.reject(new Error('the engine was stopped'));
    },
  };
}

async function reconcile({ api, checkout }: SmallEngineOptions, revision: string): Promise<string[]> {
  const written: string[] = [];
  for (const object of await checkout.objects(revision)) {
    const live = await api.get(await api.pathOf(object));
    if (live !== undefined && !hasDrifted(live, await api.apply(object, { fieldManager, dryRun: 'All' }))) continue;
    await api.apply(object, { fieldManager });
    const { namespace, name } = object.metadata;
    written.push(`${object.kind}/${namespace ?? ''}/${name} ${live === undefined ? 'created' : 'configured'}`);
  }
  return written;
}

/** As kustomize-controller judges it: labels, annotations, and everything outside of metadata and status. */
export function hasDrifted(live: KubeObject, wanted: KubeObject): boolean {
  return !isDeepStrictEqual(compared(live), compared(wanted));
}

function compared({ metadata, status: _status, ...rest }: KubeObject): object {
  return { ...rest, labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} };
}
