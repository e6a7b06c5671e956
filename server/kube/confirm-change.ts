// Under a label selector, an object that loses the label looks deleted to a watch, and one that gets it looks created. Asks the API
// server which it was, for metadata only.
import { hasCode } from '../core/errors.ts';
import { configResources, type ConfigRef } from '../core/object.ts';
import type { Client } from './client.ts';
import type { Metadata } from './ingest.ts';

const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
/** Longer than what settles: an object that got its label so soon counts as created with it. */
const sameTimeMs = 15_000;

interface Asked {
  readonly ref: ConfigRef;
  readonly change: 'created' | 'changed' | 'deleted';
}

/** True when it was created or deleted as it seems. Throws `api-*`. */
export async function confirmChange(client: Client, { ref, change }: Asked, signal: AbortSignal): Promise<boolean> {
  const metadata = await readMetadata(client, ref, signal);
  if (change === 'deleted') return metadata === undefined;
  const createdAt = Date.parse(metadata?.creationTimestamp ?? '');
  const times = (metadata?.managedFields ?? []).map(({ time }) => Date.parse(time ?? ''));
  return !times.some((time) => time > createdAt + sameTimeMs);
}

async function readMetadata(client: Client, ref: ConfigRef, signal: AbortSignal): Promise<Metadata | undefined> {
  const { namespace, name } = ref;
  const resource = configResources[ref.kind];
  const path = `/api/v1/namespaces/${namespace}/${resource}/${name}`;
  const subject = `${namespace}/${name}`;
  try {
    const answer = await client.send({ verb: 'get', resource, subject, path, accept: metadataOnly, signal });
    return (answer as { metadata: Metadata }).metadata;
  } catch (error) {
    if (hasCode(error, 'api-not-found')) return undefined;
    throw error;
  }
}
