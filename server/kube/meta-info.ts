// The ConfigMap reloader-meta-info: written once at the start, by a read and then an update or a creation, as Reloader does.
import { hasCode } from '../core/errors.ts';
import type { Client } from './client.ts';
import { fieldManager } from './patches.ts';

export interface MetaInfo {
  readonly namespace: string;
  readonly data: Readonly<Record<string, string>>;
}

const name = 'reloader-meta-info';
const labels = { 'reloader.stakater.com/meta-info': 'reloader' };

/** Overwrites what is there. Throws `api-*`. */
export async function publishMetaInfo(
  client: Client,
  { namespace, data }: MetaInfo,
  signal: AbortSignal,
): Promise<void> {
  const collection = `/api/v1/namespaces/${namespace}/configmaps`;
  const place = { resource: 'configmaps', subject: `${namespace}/${name}`, signal } as const;
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels }, data };
  const write = { ...place, query: { fieldManager }, body } as const;
  try {
    await client.send({ ...place, verb: 'get', path: `${collection}/${name}` });
  } catch (error) {
    if (!hasCode(error, 'api-not-found')) throw error;
    await client.send({ ...write, verb: 'create', path: collection });
    return;
  }
  await client.send({ ...write, verb: 'update', path: `${collection}/${name}` });
}
