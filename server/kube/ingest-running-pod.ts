// Reduces a pod to what `lockstep report` judges: whose it is, what its containers use, since when they run, and for which
// content it was made.
import { annotation, type Annotations } from '../core/annotations.ts';
import { findReferences, type PodSpec } from '../core/references.ts';
import { lastReloadedFrom } from '../core/reloader-marks.ts';
import type { ReloaderContainer } from '../core/reloader-references.ts';
import type { ContainerUse, PodOwner, PodShape, ReportedPod, Way } from '../core/report-facts.ts';
import { parseRestartKey } from '../core/restart.ts';
import type { ApiObject } from './reflector.ts';

interface PodBody {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly deletionTimestamp?: string;
    readonly creationTimestamp?: string;
    readonly annotations?: Annotations;
    readonly ownerReferences?: readonly Owner[];
  };
  readonly spec: {
    readonly volumes?: PodSpec['volumes'];
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly startTime?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}
type Container = ReloaderContainer & NonNullable<PodSpec['containers']>[number];
interface ContainerStatus {
  readonly name: string;
  readonly state?: { readonly running?: Started; readonly terminated?: Started };
}
interface Started {
  readonly startedAt?: string;
}
interface Owner {
  readonly uid: string;
  readonly kind: string;
  readonly name: string;
  readonly controller?: boolean;
}

/** The controller of an object: for ReplicaSets, so that pods are told as their Deployment's. */
export function parseController(object: ApiObject): { readonly uid: string; readonly controller: Owner | undefined } {
  const { metadata } = object as unknown as { metadata: PodBody['metadata'] & { uid: string } };
  return { uid: metadata.uid, controller: metadata.ownerReferences?.find(({ controller }) => controller === true) };
}

export interface PodReading {
  /** The controllers of what controls pods, by uid. */
  readonly controllers: ReadonlyMap<string, { readonly kind: string; readonly name: string }>;
  /** Pods of one template share one shape. */
  readonly shapes: Map<string, PodShape>;
}

/** Undefined for a pod that runs nothing, no longer, or is on its way out. */
export function parseRunningPod(object: ApiObject, { controllers, shapes }: PodReading): ReportedPod | undefined {
  const { metadata, spec, status = {} } = object as unknown as PodBody;
  if (metadata.deletionTimestamp !== undefined || status.phase !== 'Running') return undefined;
  const own = parseController(object).controller;
  const { kind, name } = (own && (controllers.get(own.uid) ?? own)) ?? { kind: 'Pod', name: metadata.name };
  const owner: PodOwner = { kind, namespace: metadata.namespace, name };
  const shape = parseShape(spec, metadata.annotations ?? {});
  const text = JSON.stringify([shape.uses, shape.restartKey, shape.marks]);
  const known = shapes.get(text) ?? shape;
  shapes.set(text, known);
  return { owner, starts: readStarts(status, metadata.creationTimestamp), shape: known };
}

/** A container that runs, or an init container that ran. Without a word about it the pod's own start must do. */
function readStarts(status: NonNullable<PodBody['status']>, createdAt = ''): ReadonlyMap<string, number> {
  const podAt = status.startTime ?? createdAt;
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const starts = statuses.flatMap(({ name, state }): [string, number][] => {
    const ran = state?.running ?? state?.terminated;
    const at = Date.parse(ran?.startedAt ?? podAt);
    return ran === undefined || Number.isNaN(at) ? [] : [[name, at]];
  });
  return new Map(starts);
}

function parseShape(spec: PodBody['spec'], annotations: Annotations): PodShape {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const last = annotations[lastReloadedFrom];
  return {
    uses: containers.flatMap((container) => listUses(container, spec.volumes ?? [])),
    restartKey: parseRestartKey(annotations[annotation.restartedFor]),
    marks: {
      annotations: last === undefined ? {} : { [lastReloadedFrom]: last },
      spec: { containers: spec.containers.map(({ name, env = [] }) => ({ name, env: env.filter(isMark) })) },
    },
  };
}

function isMark({ name }: { name: string }): boolean {
  return name.startsWith('STAKATER_');
}

/** A container's uses by how it gets them: the references of a pod that would have only those. */
function listUses(container: Container, volumes: NonNullable<PodSpec['volumes']>): ContainerUse[] {
  const { name, env = [], envFrom = [], volumeMounts = [] } = container;
  const isPart = ({ subPath = '', subPathExpr = '' }: (typeof volumeMounts)[number] & Mount): boolean =>
    subPath !== '' || subPathExpr !== '';
  const parts: readonly [Way, PodSpec][] = [
    ['environment', { containers: [{ env, envFrom }] }],
    ['subPath', { containers: [{ volumeMounts: volumeMounts.filter(isPart) }], volumes }],
    ['volume', { containers: [{ volumeMounts: volumeMounts.filter((mount) => !isPart(mount)) }], volumes }],
  ];
  return parts.flatMap(([way, part]) =>
    findReferences(part).map(({ kind, name: config, keys }) => ({ container: name, way, kind, name: config, keys })),
  );
}
interface Mount {
  readonly subPath?: string;
  readonly subPathExpr?: string;
}
