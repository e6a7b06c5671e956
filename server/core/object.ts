// The kinds Lockstep knows and how an object is named. A new workload kind is one entry in `workloadKinds`.

export type ConfigKind = 'Secret' | 'ConfigMap';
export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet';

export interface WorkloadKindFacts {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Path of the pod template inside the object. */
  readonly template: readonly string[];
}

export const workloadKinds: Readonly<Record<WorkloadKind, WorkloadKindFacts>> = {
  Deployment: { group: 'apps', version: 'v1', resource: 'deployments', template: ['spec', 'template'] },
  StatefulSet: { group: 'apps', version: 'v1', resource: 'statefulsets', template: ['spec', 'template'] },
  DaemonSet: { group: 'apps', version: 'v1', resource: 'daemonsets', template: ['spec', 'template'] },
};

export const configResources = { Secret: 'secrets', ConfigMap: 'configmaps' } as const satisfies Record<
  ConfigKind,
  string
>;

/** A config object's place; `key` below is its text form. */
export interface ConfigRef {
  readonly kind: ConfigKind;
  readonly namespace: string;
  readonly name: string;
}

export interface WorkloadRef {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
}

/** `Secret/shop/db`: a config object's or workload's identity as text. Kubernetes names hold no slash, so it is unambiguous. */
export function objectKey(ref: { kind: string; namespace: string; name: string }): string {
  return `${ref.kind}/${ref.namespace}/${ref.name}`;
}

/** Resource versions are decimal numbers in one order per resource; compare them as numbers, never as text. */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length && /^\d+$/.test(a) && /^\d+$/.test(b)) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isNewer(a: string, b: string): boolean {
  return compareVersions(a, b) > 0;
}
