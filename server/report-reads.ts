// Reads what `lockstep report` is about: each resource once, page by page, each object reduced as it comes.
// Config objects come first and pods last, so that a change in between makes no pod look stale.
import { configResources, objectKey, type ConfigKind } from './core/object.ts';
import type { PodShape, ReportedConfig, ReportedPod, ReportedWorkload } from './core/report-facts.ts';
import type { ReportFacts, ReportGap } from './core/report-facts.ts';
import { judgedAnnotations } from './core/report-misplaced.ts';
import { metadataOnly, parseExplained, unlessForbidden, type Asking } from './explain-reads.ts';
import { makeDigestKey, readDigestKeys } from './kube/digest-key.ts';
import { parseReportedConfig, parseTemplateFacts } from './kube/ingest-report.ts';
import { parseController, parseRunningPod } from './kube/ingest-running-pod.ts';
import { corePath, createListReader, pageSizes, readWorkloads, type ListReader } from './list-reads.ts';

export interface ReportAsking extends Omit<Asking, 'presence' | 'scope'> {
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly pausePeriod: string;
  /** So many objects of the resource were read so far. */
  readonly onRead: (resource: string, count: number) => void;
}

interface Reader {
  readonly asking: ReportAsking;
  readonly lists: ListReader;
}

const configKinds: readonly ConfigKind[] = ['Secret', 'ConfigMap'];

/** What may not be read becomes a gap; when that is everything it throws `api-forbidden`. Throws `api-*`. */
export async function readReportFacts(asking: ReportAsking): Promise<ReportFacts> {
  const reader: Reader = { asking, lists: createListReader(asking) };
  const { namespace, rules, pausePeriod, randomBytes } = asking;
  const found = await readKeys(asking);
  const readable = Array.isArray(found) ? found : [];
  const keys = [readable[0] ?? makeDigestKey(randomBytes), ...readable.slice(1)] as const;
  const configs = await readConfigs(reader, keys);
  const workloads = await readReportedWorkloads(reader);
  const pods = await readPods(reader);
  reader.lists.demandAnything();
  const isKeyMissed = readable.length === 0 && pods.some(({ shape }) => shape.restartKey !== undefined);
  const keyGap: ReportGap = { resource: 'digest-key', reason: found === 'forbidden' ? 'forbidden' : 'absent' };
  const lists = reader.lists.forbidden().map((resource): ReportGap => ({ resource, reason: 'forbidden' }));
  const gaps = isKeyMissed ? [...lists, keyGap] : lists;
  return { namespace, rules, pausePeriod, configs, workloads, pods, keys, gaps };
}

async function readKeys({ client, stateNamespace: namespace, randomBytes, signal }: ReportAsking) {
  return unlessForbidden(readDigestKeys(client, { namespace, randomBytes, signal }));
}

async function readConfigs(reader: Reader, keys: ReportFacts['keys']): Promise<ReadonlyMap<string, ReportedConfig>> {
  const reading = { ...reader.asking, keys, judged: judgedAnnotations(reader.asking) };
  const configs = new Map<string, ReportedConfig>();
  for (const kind of configKinds) {
    const resource = configResources[kind];
    const place = { resource, path: corePath(reader.asking.namespace, resource), pageSize: pageSizes.config };
    for (const config of await reader.lists.read(place, (object) => parseReportedConfig(kind, object, reading))) {
      configs.set(objectKey(config.seen.ref), config);
    }
  }
  return configs;
}

async function readReportedWorkloads({ asking, lists }: Reader): Promise<readonly ReportedWorkload[]> {
  const judged = judgedAnnotations(asking);
  return readWorkloads(asking, lists, (kind, object) => ({
    ...parseExplained(asking, kind, object),
    ...parseTemplateFacts(kind, object, judged),
  }));
}

async function readPods(reader: Reader): Promise<readonly ReportedPod[]> {
  const { namespace } = reader.asking;
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  const replicaSets = { path: `/apis/apps/v1${scope}/replicasets`, accept: metadataOnly.list };
  const owners = await reader.lists.read(
    { resource: 'replicasets', ...replicaSets, pageSize: pageSizes.other },
    parseController,
  );
  const controllers = new Map(
    owners.flatMap(({ uid, controller }) => (controller === undefined ? [] : [[uid, controller] as const])),
  );
  const reading = { controllers, shapes: new Map<string, PodShape>() };
  const place = { resource: 'pods', path: corePath(reader.asking.namespace, 'pods'), pageSize: pageSizes.other };
  const pods = await reader.lists.read(place, (object) => parseRunningPod(object, reading));
  return pods.filter((pod) => pod !== undefined);
}
