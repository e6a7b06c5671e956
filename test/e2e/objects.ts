// The objects that the end-to-end tests create: workloads that are opted in, and what they use.

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

export interface WorkloadOptions {
  /** Besides the opt-in. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Secrets whose keys all become environment variables. */
  readonly secrets?: readonly string[];
  /** The same, but pods start without them. */
  readonly optionalSecrets?: readonly string[];
  /** Single keys of Secrets. */
  readonly keys?: readonly { readonly secret: string; readonly key: string }[];
  readonly configMaps?: readonly string[];
  /** Merged into `spec`. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

export const optIn = { 'reloader.stakater.com/auto': 'true' } as const;

function workload(
  kind: string,
  name: string,
  { annotations, secrets, optionalSecrets, keys, configMaps, spec }: WorkloadOptions,
): KubeObject {
  const labels = { app: name };
  const envFrom = [
    ...(secrets ?? []).map((secret) => ({ secretRef: { name: secret } })),
    ...(optionalSecrets ?? []).map((secret) => ({ secretRef: { name: secret, optional: true } })),
    ...(configMaps ?? []).map((configMap) => ({ configMapRef: { name: configMap } })),
  ];
  const env = (keys ?? []).map(({ secret, key }) => ({
    name: key.toUpperCase(),
    valueFrom: { secretKeyRef: { name: secret, key } },
  }));
  const containers = [{ name: 'main', image: 'example.com/app:1', env, envFrom }];
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, annotations: { ...optIn, ...annotations } },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } }, ...spec },
  };
}

export const deployment = (name: string, options: WorkloadOptions): KubeObject => workload('Deployment', name, options);

export const daemonSet = (name: string, options: WorkloadOptions): KubeObject => workload('DaemonSet', name, options);

export const statefulSet = (name: string, { spec, ...options }: WorkloadOptions): KubeObject =>
  workload('StatefulSet', name, { ...options, spec: { serviceName: name, ...spec } });

export function secret(name: string, stringData: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
}

export function configMap(name: string, data: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}
