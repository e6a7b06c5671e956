// The only writes to engines' resources: asks to put Git's content back. The engine's own folder makes the patch, from the resource as it is now.
import type { EngineName, EngineRef, EngineResource, OwnerRef } from '../core/engine.ts';
import { hasCode } from '../core/errors.ts';
import type { PlanRevert, Reverter } from '../core/revert.ts';
import type { ApiRequest, Client } from './client.ts';
import { fieldManager } from './patches.ts';

export interface ReverterOptions {
  readonly plans: Readonly<Record<EngineName, PlanRevert>>;
  /** Undefined: the engine's resources are not in this cluster. */
  readonly resourceOf: (owner: EngineRef) => EngineResource | undefined;
}

export function createReverter(client: Client, { plans, resourceOf }: ReverterOptions): Reverter {
  return {
    async ask(owner, wish, signal) {
      if (!isOfEngine(owner)) return { kind: 'refused', reason: 'no-engine' };
      const resource = resourceOf(owner);
      if (resource === undefined) return { kind: 'refused', reason: 'engine-elsewhere' };
      const request = requestOf(owner, resource, signal);
      try {
        const plan = plans[owner.engine](await client.send({ verb: 'get', ...request }), wish);
        if (plan.kind !== 'patch') return plan;
        const { body } = plan;
        const contentType = 'application/merge-patch+json';
        await client.send({ verb: 'patch', ...request, query: { fieldManager }, body, contentType });
        return { kind: 'asked' };
      } catch (error) {
        if (hasCode(error, 'api-not-found')) return { kind: 'refused', reason: 'owner-gone' };
        if (hasCode(error, 'api-forbidden', 'api-invalid')) return { kind: 'refused', reason: 'forbidden' };
        throw error;
      }
    },
  };
}

function isOfEngine(owner: OwnerRef): owner is EngineRef {
  return owner.engine !== 'none';
}

function requestOf(
  { namespace, name }: EngineRef,
  { group, version, resource }: EngineResource,
  signal: AbortSignal,
): Omit<ApiRequest, 'verb'> {
  const path = `/apis/${group}/${version}/namespaces/${namespace}/${resource}/${name}`;
  return { resource, subject: `${namespace}/${name}`, path, signal };
}
