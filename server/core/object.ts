// The kinds Lockstep knows and how an object is named. A new workload kind is one entry in `workloadKinds`.

export type ConfigKind = 'Secret' | 'ConfigMap' | 'SecretProviderClass';
export type WorkloadKind =
  'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob' | 'Job' | 'Rollout' | 'DeploymentConfig';

export interface WorkloadKindFacts {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Path of the pod template inside the object. */
  readonly template: readonly string[];
  /** `run`: a Job is made from it. `recreate`: it is deleted and created, since its template cannot change. */
  readonly restart: 'template' | 'restart-at' | 'run' | 'recreate';
  /** Served by a custom resource definition or by some platforms only: its absence is no error. */
  readonly mayBeAbsent?: true;
}

const podTemplate = ['spec', 'template'] as const;

export const workloadKinds: Readonly<Record<WorkloadKind, WorkloadKindFacts>> = {
  Deployment: { group: 'apps', version: 'v1', resource: 'deployments', template: podTemplate, restart: 'template' },
  StatefulSet: { group: 'apps', version: 'v1', resource: 'statefulsets', template: podTemplate, restart: 'template' },
  DaemonSet: { group: 'apps', version: 'v1', resource: 'daemonsets', template: podTemplate, restart: 'template' },
  CronJob: {
    group: 'batch',
    version: 'v1',
    resource: 'cronjobs',
    template: ['spec', 'jobTemplate', ...podTemplate],
    restart: 'run',
  },
  Job: { group: 'batch', version: 'v1', resource: 'jobs', template: podTemplate, restart: 'recreate' },
  Rollout: {
    group: 'argoproj.io',
    version: 'v1alpha1',
    resource: 'rollouts',
    template: podTemplate,
    restart: 'restart-at',
    mayBeAbsent: true,
  },
  DeploymentConfig: {
    group: 'apps.openshift.io',
    version: 'v1',
    resource: 'deploymentconfigs',
    template: podTemplate,
    restart: 'template',
    mayBeAbsent: true,
  },
};

export const configKinds: readonly ConfigKind[] = ['Secret', 'ConfigMap', 'SecretProviderClass'];

export function isConfigKind(word: string): word is ConfigKind {
  return (configKinds as readonly string[]).includes(word);
}

export const configResources = {
  Secret: 'secrets',
  ConfigMap: 'configmaps',
  SecretProviderClass: 'secretproviderclasses',
} as const satisfies Record<ConfigKind, string>;

const secretsStore = { group: 'secrets-store.csi.x-k8s.io', version: 'v1' } as const;

/** Of the Secrets Store CSI driver, which may not be installed. */
export const classResource = { ...secretsStore, resource: configResources.SecretProviderClass } as const;
/** What the driver says of each pod and class: the content of a class, as far as anybody outside the pods can see it. */
export const statusResource = { ...secretsStore, resource: 'secretproviderclasspodstatuses' } as const;

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

/** The config object of a key; undefined when it is another object's. */
export function splitKey(key: string): ConfigRef | undefined {
  const [kind = '', namespace = '', name = ''] = key.split('/');
  return isConfigKind(kind) ? { kind, namespace, name } : undefined;
}

/** From `Secret/db`, the name of an ack; undefined when it names no config object. */
export function splitConfigName(text: string): Pick<ConfigRef, 'kind' | 'name'> | undefined {
  const [word, name = ''] = text.split('/');
  return word === undefined || !isConfigKind(word) ? undefined : { kind: word, name };
}

/** Resource versions are decimal numbers in one order per resource; compare them as numbers, never as text. */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length && /^\d+$/.test(a) && /^\d+$/.test(b)) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isNewer(a: string, b: string): boolean {
  return compareVersions(a, b) > 0;
}
