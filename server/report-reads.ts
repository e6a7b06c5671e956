// Reads what `lockstep report` is about: each resource once, page by page, each object reduced as it comes.
// Config objects come first and pods last, so that a change in between makes no pod look stale.
import { hasCode, type LockstepError } from './core/errors.ts';
import { configResources, objectKey, workloadKinds, type ConfigKind, type WorkloadKind } from './core/object.ts';
import type { PodShape, ReportedConfig, ReportedPod, ReportedWorkload } from './core/report-facts.ts';
import type { ReportFacts, ReportGap } from './core/report-facts.ts';
import { judgedAnnotations } from './core/report-misplaced.ts';
import { metadataOnly, parseExplained, unlessForbidden, type Asking } from './explain-reads.ts';
import { makeDigestKey, readDigestKeys } from './kube/digest-key.ts';
import { createDiscovery } from './kube/discovery.ts';
import { workloadPath } from './kube/ingest-workload.ts';
import { parseReportedConfig, parseTemplateFacts } from './kube/ingest-report.ts';
import { parseController, parseRunningPod } from './kube/ingest-running-pod.ts';
import { listPages } from './kube/pages.ts';
import type { ApiObject } from './kube/reflector.ts';

export interface ReportAsking extends Omit<Asking, 'presence' | 'scope'> {
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly pausePeriod: string;
  /** So many objects of the resource were read so far. */
  readonly onRead: (resource: string, count: number) => void;
}

interface Reader {
  readonly asking: ReportAsking;
  readonly gaps: ReportGap[];
  readonly refusals: LockstepError[];
  lists: number;
}

/** As many objects in one answer; a Secret or ConfigMap may be a megabyte. */
const pageSizes = { config: 100, other: 500 } as const;
const configKinds: readonly ConfigKind[] = ['Secret', 'ConfigMap'];

/** What may not be read becomes a gap; when that is everything it throws `api-forbidden`. Throws `api-*`. */
export async function readReportFacts(asking: ReportAsking): Promise<ReportFacts> {
  const reader: Reader = { asking, gaps: [], refusals: [], lists: 0 };
  const { namespace, rules, pausePeriod, randomBytes } = asking;
  const found = await readKeys(asking);
  const readable = Array.isArray(found) ? found : [];
  const keys = [readable[0] ?? makeDigestKey(randomBytes), ...readable.slice(1)] as const;
  const configs = await readConfigs(reader, keys);
  const workloads = await readWorkloads(reader);
  const pods = await readPods(reader);
  const [refusal] = reader.refusals;
  if (refusal !== undefined && reader.refusals.length === reader.lists) throw refusal;
  const isKeyMissed = readable.length === 0 && pods.some(({ shape }) => shape.restartKey !== undefined);
  const keyGap: ReportGap = { resource: 'digest-key', reason: found === 'forbidden' ? 'forbidden' : 'absent' };
  const gaps = isKeyMissed ? [...reader.gaps, keyGap] : reader.gaps;
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
    const place = { resource, path: corePath(reader, resource), pageSize: pageSizes.config };
    for (const config of await readList(reader, place, (object) => parseReportedConfig(kind, object, reading))) {
      configs.set(objectKey(config.seen.ref), config);
    }
  }
  return configs;
}

async function readWorkloads(reader: Reader): Promise<readonly ReportedWorkload[]> {
  const { asking } = reader;
  const judged = judgedAnnotations(asking);
  const workloads: ReportedWorkload[] = [];
  const discovery = createDiscovery(asking.client, () => asking.now);
  for (const kind of Object.keys(workloadKinds) as WorkloadKind[]) {
    const { resource, mayBeAbsent } = workloadKinds[kind];
    // Rights are looked at before the resource is: what is not there would be a gap.
    const isServed = async () => unlessForbidden(discovery.isServed(workloadKinds[kind], asking.signal));
    if (mayBeAbsent === true && (await isServed()) === false) continue;
    const place = { resource, path: workloadPath(kind, asking.namespace), pageSize: pageSizes.other };
    const parse = (object: ApiObject): ReportedWorkload => ({
      ...parseExplained(asking, kind, object),
      ...parseTemplateFacts(kind, object, judged),
    });
    for (const workload of await readList(reader, place, parse)) workloads.push(workload);
  }
  return workloads;
}

async function readPods(reader: Reader): Promise<readonly ReportedPod[]> {
  const { namespace } = reader.asking;
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  const replicaSets = { path: `/apis/apps/v1${scope}/replicasets`, accept: metadataOnly.list };
  const owners = await readList(
    reader,
    { resource: 'replicasets', ...replicaSets, pageSize: pageSizes.other },
    parseController,
  );
  const controllers = new Map(
    owners.flatMap(({ uid, controller }) => (controller === undefined ? [] : [[uid, controller] as const])),
  );
  const reading = { controllers, shapes: new Map<string, PodShape>() };
  const place = { resource: 'pods', path: corePath(reader, 'pods'), pageSize: pageSizes.other };
  const pods = await readList(reader, place, (object) => parseRunningPod(object, reading));
  return pods.filter((pod) => pod !== undefined);
}

function corePath({ asking: { namespace } }: Reader, resource: string): string {
  return namespace === undefined ? `/api/v1/${resource}` : `/api/v1/namespaces/${namespace}/${resource}`;
}

interface Place {
  readonly resource: string;
  readonly path: string;
  readonly pageSize: number;
  readonly accept?: string;
}

/** Empty, and a gap, where listing is forbidden. */
async function readList<T>(reader: Reader, place: Place, parse: (object: ApiObject) => T): Promise<readonly T[]> {
  const { client, namespace = '', signal, onRead } = reader.asking;
  reader.lists++;
  const onPage = (count: number): void => onRead(place.resource, count);
  try {
    return await listPages(client, { ...place, subject: namespace, signal, parse, onPage });
  } catch (error) {
    if (!hasCode(error, 'api-forbidden')) throw error;
    reader.gaps.push({ resource: place.resource, reason: 'forbidden' });
    reader.refusals.push(error);
    return [];
  }
}
