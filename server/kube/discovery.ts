// Which resources the API server has: custom resource definitions come and go. Anybody who is authenticated may ask (system:discovery).
import { hasCode } from '../core/errors.ts';
import type { WorkloadKindFacts } from '../core/object.ts';
import type { Client } from './client.ts';

export type ResourceName = Pick<WorkloadKindFacts, 'group' | 'version' | 'resource'>;

export interface Discovery {
  /** Throws `api-*`. */
  isServed(wanted: ResourceName, signal: AbortSignal): Promise<boolean>;
}

/** Watches of many namespaces ask the same at the same time. */
const freshMs = 5_000;

export function createDiscovery(client: Client, now: () => number): Discovery {
  const answers = new Map<string, { readonly at: number; readonly served: Promise<ReadonlySet<string>> }>();
  return {
    async isServed({ group, version, resource }, signal) {
      const path = `/apis/${group}/${version}`;
      const known = answers.get(path);
      if (known !== undefined && now() < known.at + freshMs) return (await known.served).has(resource);
      const served = readResources(client, path, signal);
      answers.set(path, { at: now(), served });
      served.catch(() => answers.delete(path));
      return (await served).has(resource);
    },
  };
}

async function readResources(client: Client, path: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  try {
    const answer = await client.send({ verb: 'get', resource: 'apis', subject: path, path, signal });
    const { resources } = answer as { resources?: readonly { readonly name: string }[] };
    return new Set((resources ?? []).map(({ name }) => name));
  } catch (error) {
    if (hasCode(error, 'api-not-found')) return new Set();
    throw error;
  }
}
