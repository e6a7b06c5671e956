// What `lockstep report` has read before anything is judged. No value: digests, names, times, and dates of certificates.
import type { Annotations } from './annotations.ts';
import type { DigestKey, Projection } from './digest.ts';
import type { ExplainedWorkload } from './explain.ts';
import { workloadKinds, type ConfigKind } from './object.ts';
import type { ReloadRules } from './reloader-keys.ts';
import type { PodTemplate } from './reloader-marks.ts';
import type { RestartKey } from './restart.ts';
import type { SeenConfig } from './seen.ts';

/** One managedFields entry that owns data. */
export interface DataWrite {
  /** The field manager's name. */
  readonly manager: string;
  /** Its last write that set anything that it owns (ms): no data key that it owns was changed later. */
  readonly at: number;
  /** The data keys that it owns. */
  readonly keys: readonly string[];
  /** It came by an update and owns nothing else, so the write at that time set one of these keys. */
  readonly onlyData: boolean;
}

export interface CertificateDates {
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface ReportedConfig {
  readonly seen: SeenConfig;
  /** Those that Lockstep or Reloader reads anywhere, whether they belong here or not. */
  readonly annotations: Annotations;
  readonly writes: readonly DataWrite[];
  /** Reloader's hash of the content: compared, never shown. */
  readonly reloaderHash: string;
  /** Of `tls.crt`; undefined when it has none. */
  readonly certificate: CertificateDates | 'unreadable' | undefined;
}

export interface ReportedWorkload extends ExplainedWorkload {
  /** Of both, those that Lockstep or Reloader reads anywhere. */
  readonly annotations: Annotations;
  readonly templateAnnotations: Annotations;
  /** It mounts a SecretProviderClass, which auto and search mean too. */
  readonly mountsClasses: boolean;
}

/**
 * How a container gets content: what is in its environment, and files mounted by subPath, stay as they were when it started;
 * the files of a volume follow.
 */
export type Way = 'environment' | 'subPath' | 'volume';

export interface ContainerUse {
  readonly container: string;
  readonly way: Way;
  readonly kind: ConfigKind;
  readonly name: string;
  readonly keys: Projection;
}

/** What pods of one template share. */
export interface PodShape {
  readonly uses: readonly ContainerUse[];
  readonly restartKey: RestartKey | undefined;
  /** Only what Reloader's marks are in. */
  readonly marks: PodTemplate;
}

/** What owns pods; of a kind that Lockstep does not know, or a pod of its own, the nearest owner. */
export interface PodOwner {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A pod that runs. */
export interface ReportedPod {
  readonly owner: PodOwner;
  /** Container to when it last started (ms); those that wait are left out, since they will read anew. */
  readonly starts: ReadonlyMap<string, number>;
  readonly shape: PodShape;
}

/** What could not be read, or is not there. */
export interface ReportGap {
  /** `secrets`, `pods`... as the API server calls them, or `digest-key`. */
  readonly resource: string;
  readonly reason: 'forbidden' | 'absent';
}

export interface ReportFacts {
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly rules: ReloadRules;
  /** Key of the annotation that says how long a Deployment pauses. */
  readonly pausePeriod: string;
  /** By objectKey. */
  readonly configs: ReadonlyMap<string, ReportedConfig>;
  readonly workloads: readonly ReportedWorkload[];
  readonly pods: readonly ReportedPod[];
  /** The first is the current one; one made up where none could be read, which compares with nothing. */
  readonly keys: readonly [DigestKey, ...DigestKey[]];
  readonly gaps: readonly ReportGap[];
}

export function isUnread({ gaps }: Pick<ReportFacts, 'gaps'>, ...resources: readonly string[]): boolean {
  return gaps.some(({ resource }) => resources.includes(resource));
}

/** The workloads' resources, as gaps name them. */
export const workloadResources: readonly string[] = Object.values(workloadKinds).map(({ resource }) => resource);

/** Jobs that have ended are kept for their logs: nobody corrects their annotations. */
export function isAlive({ seen }: ReportedWorkload): boolean {
  return seen.dormant !== 'finished';
}
