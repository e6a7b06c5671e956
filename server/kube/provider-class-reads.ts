// Reads of the CSI driver's status objects past every cache.
import { hasCode } from '../core/errors.ts';
import { statusResource, type ConfigRef } from '../core/object.ts';
import { chooseStatus, judgeClass, type ClassMemory } from '../core/provider-class.ts';
import { hashMountedObjects } from '../core/reloader-hash.ts';
import type { SeenConfig } from '../core/seen.ts';
import type { Selector } from '../core/selector.ts';
import type { Client } from './client.ts';
import { groupPath } from './ingest-config.ts';
import { isRotated, parseProviderClass, parseStatus, readMounted } from './ingest-provider-class.ts';
import type { Reading } from './ingest.ts';
import type { ApiObject } from './reflector.ts';
import { selectionQuery } from './selection.ts';

/** Which status objects count, and what is remembered of them. */
export interface ClassReading {
  readonly chosen: Selector;
  readonly classes: ClassMemory;
}

interface ClassHash {
  readonly resourceVersion: string;
  readonly hash: string;
}

interface ClassRead extends ClassReading {
  readonly ref: ConfigRef;
  readonly signal: AbortSignal;
}

/** As the watches would tell the class; `providerClass` is the class object, read before. */
export async function readClassContent(
  client: Client,
  { providerClass, reading, ...read }: ClassRead & { providerClass: ApiObject | undefined; reading: Reading },
): Promise<SeenConfig | undefined> {
  const statuses = (await listStatuses(client, read)).map((object) => parseStatus(object, reading).value);
  return judgeClass(read.ref, statuses, {
    providerClass: providerClass && parseProviderClass(providerClass, reading).value,
    memory: read.classes,
  });
}

/** Reloader's hash of the class's content, and whose it is; undefined when no pod mounts it. */
export async function readClassHash(client: Client, read: ClassRead): Promise<ClassHash | undefined> {
  const statuses = (await listStatuses(client, read)).map((object) => ({
    resourceVersion: object.metadata.resourceVersion,
    rotated: isRotated(object) || read.classes.isRotated(object.metadata.uid),
    object,
  }));
  const status = chooseStatus(statuses);
  if (status === undefined) return undefined;
  const { resourceVersion, object } = status;
  return { resourceVersion, hash: hashMountedObjects(readMounted(object)) };
}

async function listStatuses(
  client: Client,
  { ref, chosen, signal }: Omit<ClassRead, 'classes'>,
): Promise<readonly ApiObject[]> {
  const { resource } = statusResource;
  const path = `${groupPath(statusResource)}/namespaces/${ref.namespace}/${resource}`;
  const query = selectionQuery(ref.kind, chosen);
  try {
    const answer = await client.send({ verb: 'list', resource, subject: ref.namespace, path, query, signal });
    const { items } = answer as { items: readonly ApiObject[] };
    return items.filter((object) => readMounted(object).className === ref.name);
  } catch (error) {
    // The driver is not installed, or no longer.
    if (hasCode(error, 'api-not-found')) return [];
    throw error;
  }
}
