// Reads who wrote a config object, when that is asked: managedFields of every object would be too much to keep.
import type { WriterFacts } from '../core/attribution.ts';
import { hasCode } from '../core/errors.ts';
import { configResources, type ConfigRef } from '../core/object.ts';
import type { Client } from './client.ts';
import { configPath } from './ingest-config.ts';
import { parseWriters } from './ingest-writers.ts';
import type { ApiObject } from './reflector.ts';

/** Without the data: metadata says it all. */
const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/** Undefined when the object does not exist. Throws `api-*`. */
export async function readWriters(
  client: Client,
  { kind, namespace, name }: ConfigRef,
  signal: AbortSignal,
): Promise<WriterFacts | undefined> {
  const place = { resource: configResources[kind], subject: `${namespace}/${name}` };
  const path = configPath(kind, namespace, name);
  try {
    return parseWriters(
      (await client.send({ verb: 'get', ...place, path, accept: metadataOnly, signal })) as ApiObject,
    );
  } catch (error) {
    if (hasCode(error, 'api-not-found')) return undefined;
    throw error;
  }
}
