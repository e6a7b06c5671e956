// Reads what `lockstep diff` compares: Secrets, ConfigMaps and workloads, each resource once, each object reduced as it comes.
import type { WriterFacts } from './core/attribution.ts';
import type { DigestKey } from './core/digest.ts';
import { isMadeByMachinery } from './core/diff.ts';
import type { LiveContent } from './core/drift.ts';
import type { OwnershipMarks } from './core/engine.ts';
import type { ExplainedWorkload } from './core/explain.ts';
import { configResources, type ConfigKind, type ConfigRef } from './core/object.ts';
import type { Annotations } from './core/reload.ts';
import { parseExplained, type Judging } from './explain-reads.ts';
import { parseConfig } from './kube/ingest-config.ts';
import { parseFields } from './kube/ingest-fields.ts';
import { parseWriters } from './kube/ingest-writers.ts';
import { ownLabel } from './kube/ledger-store.ts';
import type { ApiObject } from './kube/reflector.ts';
import { corePath, createListReader, pageSizes, readWorkloads, type ListAsking } from './list-reads.ts';

export interface LiveAsking extends ListAsking, Judging {
  /** Wall clock (ms). */
  readonly now: number;
  readonly key: DigestKey;
  /** Labels by which Argo CD knows its objects. */
  readonly instanceLabels: readonly string[];
}

export interface LiveConfig {
  readonly ref: ConfigRef;
  readonly live: LiveContent;
  readonly writers: WriterFacts;
  readonly annotations: Annotations;
  /** Undefined: it carries no mark of an engine. */
  readonly marks: OwnershipMarks | undefined;
}

export interface LiveFacts {
  readonly configs: readonly LiveConfig[];
  readonly workloads: readonly ExplainedWorkload[];
  /** Resources that may not be listed. */
  readonly forbidden: readonly string[];
}

const comparedKinds: readonly ConfigKind[] = ['Secret', 'ConfigMap'];

/** Throws `api-forbidden` when nothing may be read, and `api-*`. */
export async function readLiveFacts(asking: LiveAsking): Promise<LiveFacts> {
  const lists = createListReader(asking);
  const configs: LiveConfig[] = [];
  for (const kind of comparedKinds) {
    const resource = configResources[kind];
    const place = { resource, path: corePath(asking.namespace, resource), pageSize: pageSizes.config };
    const found = await lists.read(place, (object) => parseLiveConfig(kind, object, asking));
    for (const config of found) if (config !== undefined) configs.push(config);
  }
  const workloads = await readWorkloads(asking, lists, (kind, object) => parseExplained(asking, kind, object));
  lists.demandAnything();
  return { configs, workloads, forbidden: lists.forbidden() };
}

/** Undefined for what the cluster, Helm and Lockstep keep for themselves. */
function parseLiveConfig(kind: ConfigKind, object: ApiObject, asking: LiveAsking): LiveConfig | undefined {
  const { ref, contents, annotations, ownership } = parseConfig(kind, object, { ...asking, keys: [asking.key] }).value;
  const fields = parseFields(kind, object);
  if (isMadeByMachinery(ref, fields.type) || isOurs(object)) return undefined;
  return { ref, live: { contents, fields }, writers: parseWriters(object), annotations, marks: ownership };
}

function isOurs({ metadata }: ApiObject): boolean {
  const { labels } = metadata as { readonly labels?: Readonly<Record<string, string>> };
  return labels !== undefined && Object.hasOwn(labels, ownLabel);
}
