// Reduces Secrets and ConfigMaps to digests. Their values end here.
import { digestValues, isConfidential, type ValueInput } from '../core/digest.ts';
import { classResource, configResources, objectKey, type ConfigKind, type ConfigRef } from '../core/object.ts';
import { annotation, isIgnored, type Annotations } from '../core/reload.ts';
import type { ReloadRules } from '../core/reloader-keys.ts';
import type { SeenConfig } from '../core/seen.ts';
import { parseOwnershipMarks } from './ingest-ownership.ts';
import type { ManagedFields, Metadata, Parsed, Reading } from './ingest.ts';
import type { ApiObject } from './reflector.ts';

interface ConfigBody {
  readonly metadata: Metadata;
  readonly data?: Readonly<Record<string, string>> | null;
  readonly binaryData?: Readonly<Record<string, string>> | null;
  readonly type?: string;
  readonly immutable?: boolean;
}

/** A Secret or ConfigMap as digests under each of `keys`. */
export function parseConfig(kind: ConfigKind, object: ApiObject, reading: Reading): Parsed<SeenConfig> {
  const { keys, rules } = reading;
  const { metadata } = object as unknown as ConfigBody;
  const ref: ConfigRef = { kind, namespace: metadata.namespace ?? '', name: metadata.name };
  const inputs = readInputs(kind, object);
  const owners = ownersOf(metadata, ['f:data', 'f:binaryData', 'f:stringData']);
  const annotations = metadata.annotations ?? {};
  const used = isConfidential(kind) ? keys : keys.slice(0, 1);
  const ownership = parseOwnershipMarks('', kind, object, reading.instanceLabels);
  const value: SeenConfig = {
    ref,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    contents: used.map((key) => digestValues(ref, inputs, key)),
    annotations: judgedMarks(annotations, rules),
    ignored: isIgnored(annotations, rules),
    ...fieldsOf(kind, object),
    dataWrittenAt: newestTime(owners),
    writers: writersOf(owners),
    ...(ownership === undefined ? {} : { ownership }),
  };
  return { key: objectKey(ref), value };
}

/** Nothing where all is as the API server makes it when nobody asks for anything else. */
function fieldsOf(kind: ConfigKind, object: ApiObject): Pick<SeenConfig, 'fields'> {
  const { type, immutable = false } = object as unknown as ConfigBody;
  const isUsual = !immutable && (kind !== 'Secret' || type === 'Opaque');
  return isUsual ? {} : { fields: { type: kind === 'Secret' ? type : undefined, immutable } };
}

/** The bytes behind each data key: for hashing, and for nothing else. */
export function readInputs(kind: ConfigKind, object: ApiObject): ValueInput[] {
  const { data, binaryData } = object as unknown as ConfigBody;
  const encoding = kind === 'Secret' ? 'base64' : 'utf8';
  const text = Object.entries(data ?? {}).map(([dataKey, value]): ValueInput => ({
    dataKey,
    field: 'data',
    value: Buffer.from(value, encoding),
  }));
  const binary = Object.entries(binaryData ?? {}).map(([dataKey, value]): ValueInput => ({
    dataKey,
    field: 'binaryData',
    value: Buffer.from(value, 'base64'),
  }));
  return [...text, ...binary];
}

/** Those annotations of a config object that decisions read. */
export function judgedMarks(annotations: Annotations, rules: ReloadRules): Annotations {
  const keys = [rules.keys.ignore, rules.keys.match, annotation.ignore, annotation.drift];
  return Object.fromEntries(
    keys.flatMap((key) => (Object.hasOwn(annotations, key) ? [[key, annotations[key] ?? '']] : [])),
  );
}

/** Each entry's time moves with each change of that manager that sets something, so the newest that owns data bounds the change. */
export function newestTime(owners: readonly ManagedFields[]): number | undefined {
  const times = owners.flatMap(({ time }) => (time === undefined ? [] : [Date.parse(time)]));
  return times.length === 0 ? undefined : Math.max(...times);
}

/** Who fights over an object is seldom more than two. */
const writersMost = 5;

/** A client may call itself anything, also what a receiver of alerts takes for markup. */
export function writersOf(owners: readonly ManagedFields[]): readonly string[] {
  const newestFirst = owners.toSorted((a, b) => timeOf(b) - timeOf(a));
  const names = newestFirst.map(({ manager }) => (manager ?? '').replaceAll(/[^\w.:/+ -]/g, '?'));
  return [...new Set(names)].filter((name) => name !== '').slice(0, writersMost);
}

/** The entries that own any of these fields. */
export function ownersOf({ managedFields = [] }: Metadata, fields: readonly string[]): readonly ManagedFields[] {
  return managedFields.filter(({ fieldsV1 = {} }) => fields.some((field) => field in fieldsV1));
}

function timeOf({ time = '' }: ManagedFields): number {
  return Date.parse(time) || 0;
}

/** Where config objects live: `/api/v1/...`, classes in the group of their driver. */
export function configPath(kind: ConfigKind, namespace: string | undefined, name?: string): string {
  const base = kind === 'SecretProviderClass' ? groupPath(classResource) : '/api/v1';
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `${base}${scope}/${configResources[kind]}${name === undefined ? '' : `/${name}`}`;
}

/** `/apis/<group>/<version>`. */
export function groupPath({ group, version }: { readonly group: string; readonly version: string }): string {
  return `/apis/${group}/${version}`;
}
