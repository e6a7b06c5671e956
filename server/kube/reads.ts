// Reads of single objects past every cache, for decisions that must not rest on old facts.
import type { Reads } from '../core/cluster.ts';
import { hasCode } from '../core/errors.ts';
import { configResources, workloadKinds } from '../core/object.ts';
import { hashContent } from '../core/reloader-hash.ts';
import { judgeMarks } from '../core/reloader-marks.ts';
import type { ApiRequest, Client } from './client.ts';
import { configPath, parseConfig, readInputs } from './ingest-config.ts';
import { parsePod } from './ingest-revision.ts';
import { parseWorkload, workloadPath } from './ingest-workload.ts';
import type { Reading } from './ingest.ts';
import { readClassContent, readClassHash, type ClassReading } from './provider-class-reads.ts';
import type { ApiObject } from './reflector.ts';
import { isSelected } from './selection.ts';

const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const metadataOnlyList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** What `chosen` leaves out of the watches is read as ignored: it exists, and counts for nothing. */
export function createReads(client: Client, reading: Reading, { chosen, classes }: ClassReading): Reads {
  return {
    async workload(ref, signal) {
      const { kind, namespace, name } = ref;
      const path = workloadPath(kind, namespace, name);
      const object = await get(client, {
        resource: workloadKinds[kind].resource,
        subject: `${namespace}/${name}`,
        path,
        signal,
      });
      return object === undefined ? undefined : parseWorkload(kind, object, reading).value;
    },
    async config(ref, signal) {
      const { kind, namespace, name } = ref;
      const accept = kind === 'SecretProviderClass' ? { accept: metadataOnly } : {};
      const place = { resource: configResources[kind], subject: `${namespace}/${name}`, ...accept };
      const object = await get(client, { ...place, path: configPath(kind, namespace, name), signal });
      if (kind === 'SecretProviderClass') {
        return readClassContent(client, { ref, providerClass: object, reading, chosen, classes, signal });
      }
      if (object === undefined) return undefined;
      const { value } = parseConfig(kind, object, reading);
      return isSelected(object, chosen) ? value : { ...value, ignored: true };
    },
    async compareMarks({ config: ref, resourceVersion, marks }, signal) {
      const { kind, namespace, name } = ref;
      if (kind === 'SecretProviderClass') {
        const found = await readClassHash(client, { ref, chosen, classes, signal });
        return found?.resourceVersion === resourceVersion ? judgeMarks(marks, found.hash).kind : 'moved';
      }
      const resource = configResources[kind];
      const path = configPath(kind, namespace, name);
      const object = await get(client, { resource, subject: `${namespace}/${name}`, path, signal });
      if (object?.metadata.resourceVersion !== resourceVersion) return 'moved';
      return judgeMarks(marks, hashContent(readInputs(kind, object))).kind;
    },
    async pods(workload, current, signal) {
      const { namespace } = workload.ref;
      const answer = await client.send({
        verb: 'list',
        resource: 'pods',
        subject: namespace,
        path: `/api/v1/namespaces/${namespace}/pods`,
        query: { labelSelector: workload.podSelector },
        accept: metadataOnlyList,
        signal,
      });
      // Null when there is no pod.
      const { items } = answer as { items: readonly ApiObject[] | null };
      // Of a kind without revisions every pod counts.
      const revision = workload.podsSince === undefined ? current : undefined;
      return (items ?? []).map((pod) => parsePod(pod, revision));
    },
  };
}

async function get(client: Client, request: Omit<ApiRequest, 'verb'>): Promise<ApiObject | undefined> {
  try {
    return (await client.send({ verb: 'get', ...request })) as ApiObject;
  } catch (error) {
    if (hasCode(error, 'api-not-found')) return undefined;
    throw error;
  }
}
