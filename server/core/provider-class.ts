// What a SecretProviderClass mounts, told from the status objects that the CSI driver keeps: one for each pod and class, created
// with the content that the pod started with and updated in place when the driver rotates it.
import type { Annotations } from './annotations.ts';
import type { ContentDigests } from './digest.ts';
import { compareVersions, objectKey, type ConfigRef } from './object.ts';
import type { SeenConfig } from './seen.ts';

/** What is mounted into one pod from one class. */
export interface SeenStatus {
  /** `<namespace>/<name>` of the status object. */
  readonly key: string;
  readonly providerClass: ConfigRef;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Of its objects' versions, under each held digest key, the current one first. */
  readonly contents: readonly ContentDigests[];
  /** Newest time (ms) at which the status was written. */
  readonly writtenAt: number | undefined;
  /** Names of the field managers that wrote it, newest first. */
  readonly writers: readonly string[];
  /** It was updated in place: the pod started with other content. */
  readonly rotated: boolean;
}

/** The class itself has the annotations; what it mounts is elsewhere. */
export interface SeenProviderClass {
  readonly ref: ConfigRef;
  readonly uid: string;
  readonly annotations: Annotations;
  readonly ignored: boolean;
}

/** What is remembered beyond the objects that exist. */
export interface ClassMemory {
  /** Whether this status object was seen with other content before. */
  isRotated(uid: string): boolean;
  /** The last content of a class, also when no pod mounts it any more. */
  retained(key: string): SeenConfig | undefined;
}

/** Of who looks once. */
export const noClassMemory: ClassMemory = { isRotated: () => false, retained: () => undefined };

/** Content that every pod started with, or a newer one (ms). Not 0, which the ledger writes for an unknown time. */
export const beforeEveryPod = 1;

/**
 * The status object that speaks for its class: of those that were rotated the last one written; without any the oldest, since a
 * pod that started later may have content already that the others are still to get.
 */
export function chooseStatus<T extends Pick<SeenStatus, 'resourceVersion' | 'rotated'>>(
  statuses: readonly T[],
): T | undefined {
  const sorted = statuses.toSorted((a, b) => compareVersions(a.resourceVersion, b.resourceVersion));
  return sorted.findLast(({ rotated }) => rotated) ?? sorted[0];
}

/** The class as a config object. Without pods it is what it last was, until it is deleted; undefined: it never was anything. */
export function judgeClass(
  ref: ConfigRef,
  statuses: readonly SeenStatus[],
  { providerClass, memory }: { readonly providerClass: SeenProviderClass | undefined; readonly memory: ClassMemory },
): SeenConfig | undefined {
  const { uid = '', annotations = {}, ignored = false } = providerClass ?? {};
  const marked = statuses.map((status) => ({ ...status, rotated: status.rotated || memory.isRotated(status.uid) }));
  const chosen = chooseStatus(marked);
  if (chosen === undefined) {
    const last = providerClass === undefined ? undefined : memory.retained(objectKey(ref));
    return last && { ...last, uid, annotations, ignored };
  }
  const { resourceVersion, contents, rotated, writtenAt, writers } = chosen;
  const dataWrittenAt = rotated ? writtenAt : beforeEveryPod;
  // Its age says nothing of its content.
  return { ref, uid, resourceVersion, createdAt: 0, contents, annotations, ignored, dataWrittenAt, writers };
}
