// Reduces objects of the API server to the facts that Lockstep keeps. Values of Secrets and ConfigMaps end here.
import type { RevisionIdentity } from '../core/cluster.ts';
import { digestValues, type DigestKey, type ValueInput } from '../core/digest.ts';
import { objectKey, workloadKinds, type ConfigKind, type ConfigRef, type WorkloadKind } from '../core/object.ts';
import { findReferences, type PodSpec } from '../core/references.ts';
import { annotation, asksForReferences, isIgnored, type Annotations } from '../core/reload.ts';
import { compileReload, type CompiledReload } from '../core/reload-compile.ts';
import type { ReloadRules } from '../core/reloader-keys.ts';
import { parseRestartKey } from '../core/restart.ts';
import type { PodFacts } from '../core/snapshot.ts';
import type { SeenConfig, SeenNamespace, SeenRevision, SeenWorkload } from '../core/seen.ts';
import type { ApiObject } from './reflector.ts';

export interface Parsed<T> {
  readonly key: string;
  readonly value: T;
}

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly generation?: number;
  readonly annotations?: Annotations;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly uid: string; readonly controller?: boolean }[];
  readonly managedFields?: readonly { readonly time?: string; readonly fieldsV1?: object }[];
}

interface ConfigBody {
  readonly metadata: Metadata;
  readonly data?: Readonly<Record<string, string>> | null;
  readonly binaryData?: Readonly<Record<string, string>> | null;
}

/** How objects are read. */
export interface Reading {
  readonly keys: readonly DigestKey[];
  readonly rules: ReloadRules;
  /** Reloader’s strategies know nothing of single data keys. */
  readonly granularity: 'used-keys' | 'whole-objects';
}

/** A Secret or ConfigMap as digests under each of `keys`. */
export function parseConfig(kind: ConfigKind, object: ApiObject, { keys, rules }: Reading): Parsed<SeenConfig> {
  const { metadata } = object as unknown as ConfigBody;
  const ref: ConfigRef = { kind, namespace: metadata.namespace ?? '', name: metadata.name };
  const inputs = readInputs(kind, object);
  const annotations = metadata.annotations ?? {};
  const used = kind === 'Secret' ? keys : keys.slice(0, 1);
  const value: SeenConfig = {
    ref,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    contents: used.map((key) => digestValues(ref, inputs, key)),
    annotations: pick(annotations, [rules.keys.ignore, rules.keys.match, annotation.ignore]),
    ignored: isIgnored(annotations, rules),
    dataWrittenAt: newestDataTime(metadata),
  };
  return { key: objectKey(ref), value };
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

function pick(annotations: Annotations, keys: readonly string[]): Annotations {
  return Object.fromEntries(
    keys.flatMap((key) => (Object.hasOwn(annotations, key) ? [[key, annotations[key] ?? '']] : [])),
  );
}

/** Each entry's time moves with each change of that manager that sets something, so the newest that owns data bounds the change. */
function newestDataTime(metadata: Metadata): number | undefined {
  const times = (metadata.managedFields ?? []).flatMap(({ time, fieldsV1 }) => {
    const owns =
      fieldsV1 !== undefined && ('f:data' in fieldsV1 || 'f:binaryData' in fieldsV1 || 'f:stringData' in fieldsV1);
    return owns && time !== undefined ? [Date.parse(time)] : [];
  });
  return times.length === 0 ? undefined : Math.max(...times);
}

interface WorkloadBody {
  readonly metadata: Metadata;
  readonly spec: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly selector?: {
      readonly matchLabels?: Record<string, string>;
      readonly matchExpressions?: readonly Expression[];
    };
    readonly template: { readonly metadata?: { readonly annotations?: Annotations }; readonly spec: PodSpec };
    readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } };
  };
  readonly status?: WorkloadStatus;
}
interface WorkloadStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  readonly updateRevision?: string;
  readonly desiredNumberScheduled?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberAvailable?: number;
}
interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** A Deployment, StatefulSet or DaemonSet; everything but the pods is left out when it is not opted in. */
export function parseWorkload(
  kind: WorkloadKind,
  object: ApiObject,
  { rules, granularity }: Pick<Reading, 'rules' | 'granularity'>,
): Parsed<SeenWorkload> {
  const { metadata, spec, status = {} } = object as unknown as WorkloadBody;
  const ref = { kind, namespace: metadata.namespace ?? '', name: metadata.name };
  const template = spec.template.metadata?.annotations ?? {};
  const annotations = metadata.annotations ?? {};
  const compiled = compileReload({ kind, annotations, templateAnnotations: template }, rules);
  const asked = configKinds.filter((config) => asksForReferences(compiled, config));
  const references = asked.length === 0 ? [] : findReferences(spec.template.spec);
  const observed = status.observedGeneration !== undefined && status.observedGeneration >= (metadata.generation ?? 0);
  const value: SeenWorkload = {
    ref,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    reload: asked.length > 0 || namesConfigs(compiled) ? compiled : undefined,
    problems: compiled.problems.map(({ key, says }) => `annotation ${key} ${says}`),
    references: references
      .filter((reference) => asked.includes(reference.kind))
      .map((reference) => (granularity === 'used-keys' ? reference : { ...reference, keys: 'all' })),
    restartKey: parseRestartKey(template[annotation.restartedFor]),
    annotations: Object.fromEntries(
      Object.entries(annotations).filter(([key]) => /^(checksum\.)?lockstep\.dev\//.test(key)),
    ),
    podSelector: formatSelector(spec.selector),
    currentRevision: observed ? currentRevision(kind, metadata, status) : undefined,
    paused: kind === 'Deployment' && spec.paused === true,
    waitsForDelete:
      spec.updateStrategy?.type === 'OnDelete' || (spec.updateStrategy?.rollingUpdate?.partition ?? 0) > 0,
    rolledOut: observed && isRolledOut(kind, spec, status),
    deleting: metadata.deletionTimestamp !== undefined,
  };
  return { key: objectKey(ref), value };
}

const configKinds: readonly ConfigKind[] = ['Secret', 'ConfigMap'];

function namesConfigs({ kinds }: CompiledReload): boolean {
  return configKinds.some(
    (kind) => (kinds[kind].named?.names.size ?? 0) + (kinds[kind].named?.expressions.length ?? 0) > 0,
  );
}

/** Deployment: the number its controller gave the current ReplicaSet. StatefulSet: the ControllerRevision's name. DaemonSet: the newest. */
function currentRevision(kind: WorkloadKind, metadata: Metadata, status: WorkloadStatus): string | undefined {
  switch (kind) {
    case 'Deployment':
      return metadata.annotations?.['deployment.kubernetes.io/revision'];
    case 'StatefulSet':
      return status.updateRevision;
    case 'DaemonSet':
      return '';
  }
}

/** As `kubectl rollout status` judges. */
function isRolledOut(kind: WorkloadKind, spec: WorkloadBody['spec'], status: WorkloadStatus): boolean {
  if (kind === 'DaemonSet') {
    const wanted = status.desiredNumberScheduled ?? 0;
    return (status.updatedNumberScheduled ?? 0) >= wanted && (status.numberAvailable ?? 0) >= wanted;
  }
  const wanted = spec.replicas ?? 1;
  const [all, updated, available] = [status.replicas ?? 0, status.updatedReplicas ?? 0, status.availableReplicas ?? 0];
  return updated >= wanted && all <= updated && available >= updated;
}

function formatSelector(selector: WorkloadBody['spec']['selector']): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [...labels, ...expressions].join(',');
}

/** A ReplicaSet or ControllerRevision; ReplicaSets come as metadata only. */
export function parseRevision(object: ApiObject): Parsed<SeenRevision> {
  const { metadata, revision } = object as unknown as { metadata: Metadata; revision?: number };
  const name = `${metadata.namespace ?? ''}/${metadata.name}`;
  const value: SeenRevision = {
    uid: metadata.uid,
    ownerUid: metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid ?? '',
    name,
    number:
      revision === undefined ? (metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '') : String(revision),
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    resourceVersion: metadata.resourceVersion,
    hash: metadata.labels?.['controller-revision-hash'] ?? metadata.name,
  };
  return { key: name, value };
}

export function parseNamespace(object: ApiObject): Parsed<SeenNamespace> {
  const { metadata } = object as unknown as { metadata: Metadata };
  return {
    key: metadata.name,
    value: { name: metadata.name, paused: metadata.annotations?.[annotation.pause] === 'true' },
  };
}

/** A pod's age, and whether it belongs to the current revision: by its ReplicaSet, or by the label of its ControllerRevision. */
export function parsePod(object: ApiObject, revision: RevisionIdentity | undefined): PodFacts {
  const { metadata } = object as unknown as { metadata: Metadata };
  const label = metadata.labels?.['controller-revision-hash'];
  const owned = metadata.ownerReferences?.some(({ uid }) => uid === revision?.uid) === true;
  const labelled = label !== undefined && (label === revision?.hash || revision?.hash.endsWith(`-${label}`) === true);
  return {
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    current: revision === undefined || owned || labelled,
  };
}

/** Where a workload kind lives: `/apis/apps/v1/...`. */
export function workloadPath(kind: WorkloadKind, namespace?: string, name?: string): string {
  const { group, version, resource } = workloadKinds[kind];
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `/apis/${group}/${version}${scope}/${resource}${name === undefined ? '' : `/${name}`}`;
}
