// Keeps the ledger's shards in ConfigMaps of Lockstep's own namespace.
import type { LedgerStore, Shard } from '../core/ledger-store.ts';
import type { Client } from './client.ts';
import { fieldManager } from './patches.ts';
import type { ApiObject } from './reflector.ts';

/** Marks what Lockstep writes for itself, so that its own watch leaves it out. */
export const ownLabel = 'lockstep.dev/own';
const label = { [ownLabel]: 'ledger' };
const dataKey = 'records';

export function createLedgerStore(client: Client, namespace: string): LedgerStore {
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const resource = 'configmaps';
  return {
    async load(signal) {
      const query = { labelSelector: `${ownLabel}=ledger` };
      const answer = await client.send({ verb: 'list', resource, subject: namespace, path, query, signal });
      const { items } = answer as { items: readonly (ApiObject & { data?: Record<string, string> })[] };
      return items.map(({ metadata, data }): Shard => ({
        name: metadata.name,
        version: metadata.resourceVersion,
        text: data?.[dataKey] ?? '',
      }));
    },
    async save({ name, version, text }, signal) {
      const subject = `${namespace}/${name}`;
      const metadata = {
        name,
        namespace,
        labels: label,
        ...(version === undefined ? {} : { resourceVersion: version }),
      };
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [dataKey]: text } };
      const request = { resource, subject, query: { fieldManager }, body, signal } as const;
      const answer = await (version === undefined
        ? client.send({ verb: 'create', path, ...request })
        : client.send({ verb: 'update', path: `${path}/${name}`, ...request }));
      return (answer as ApiObject).metadata.resourceVersion;
    },
  };
}
