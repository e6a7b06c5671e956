// Reduces workloads to what decisions need: what they ask for, what they refer to, and how far their rollout is.
import { objectKey, workloadKinds, type ConfigKind, type WorkloadKind } from '../core/object.ts';
import { isPausedForPeriod, readPause } from '../core/pause-period.ts';
import { findReferences, type PodSpec } from '../core/references.ts';
import { annotation, asksForReferences, type Annotations } from '../core/reload.ts';
import { compileReload, type CompiledReload } from '../core/reload-compile.ts';
import { parseRestartKey } from '../core/restart.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { Metadata, Parsed, Reading } from './ingest.ts';
import type { ApiObject } from './reflector.ts';

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
  { rules, granularity, pauseKeys }: Pick<Reading, 'rules' | 'granularity' | 'pauseKeys'>,
): Parsed<SeenWorkload> {
  const { metadata, spec, status = {} } = object as unknown as WorkloadBody;
  const ref = { kind, namespace: metadata.namespace ?? '', name: metadata.name };
  const template = spec.template.metadata?.annotations ?? {};
  const annotations = metadata.annotations ?? {};
  const compiled = compileReload({ kind, annotations, templateAnnotations: template }, rules);
  const asked = configKinds.filter((config) => asksForReferences(compiled, config));
  const references = asked.length === 0 ? [] : findReferences(spec.template.spec);
  const isPaused = kind === 'Deployment' && spec.paused === true;
  const pause = readPause({ kind, annotations, isPaused }, pauseKeys);
  const rollsLater = isPausedForPeriod(pause.facts);
  const observed =
    !rollsLater && status.observedGeneration !== undefined && status.observedGeneration >= (metadata.generation ?? 0);
  const value: SeenWorkload = {
    ref,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    reload: asked.length > 0 || namesConfigs(compiled) ? compiled : undefined,
    problems: [...compiled.problems.map(({ key, says }) => `annotation ${key} ${says}`), ...pause.problems],
    references: references
      .filter((reference) => asked.includes(reference.kind))
      .map((reference) => (granularity === 'used-keys' ? reference : { ...reference, keys: 'all' })),
    restartKey: parseRestartKey(template[annotation.restartedFor]),
    annotations: Object.fromEntries(
      Object.entries(annotations).filter(([key]) => /^(checksum\.)?lockstep\.dev\//.test(key)),
    ),
    podSelector: formatSelector(spec.selector),
    currentRevision: observed ? currentRevision(kind, metadata, status) : undefined,
    paused: isPaused && !rollsLater,
    ...(pause.facts === undefined ? {} : { pause: pause.facts }),
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

/** Where a workload kind lives: `/apis/apps/v1/...`. */
export function workloadPath(kind: WorkloadKind, namespace?: string, name?: string): string {
  const { group, version, resource } = workloadKinds[kind];
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `/apis/${group}/${version}${scope}/${resource}${name === undefined ? '' : `/${name}`}`;
}
