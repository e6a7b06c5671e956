// Does a pod template use a config object in Reloader's eyes, and which container do its strategies change?
// stakater/Reloader internal/pkg/handler/upgrade.go: getVolumeMountName, getContainerWithVolumeMount,
// getContainerWithEnvReference, getContainerUsingResource. Only one container is ever changed, and never an init container.
import type { ReloaderKind } from './reloader-keys.ts';

/** The part of a pod spec that Reloader looks at. */
export interface ReloaderPodSpec {
  readonly containers?: readonly ReloaderContainer[];
  readonly initContainers?: readonly ReloaderContainer[];
  readonly volumes?: readonly ReloaderVolume[];
}
export interface ReloaderContainer {
  readonly name: string;
  readonly env?: readonly ReloaderEnv[];
  readonly envFrom?: readonly { readonly configMapRef?: Named; readonly secretRef?: Named }[];
  readonly volumeMounts?: readonly { readonly name?: string }[];
}
export interface ReloaderEnv {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly configMapKeyRef?: Named; readonly secretKeyRef?: Named };
}
export interface ReloaderVolume {
  readonly name?: string;
  readonly configMap?: Named;
  readonly secret?: { readonly secretName?: string };
  readonly projected?: { readonly sources?: readonly { readonly configMap?: Named; readonly secret?: Named }[] };
  readonly csi?: { readonly volumeAttributes?: Readonly<Record<string, string>> };
}
interface Named {
  readonly name?: string;
}

export interface ReloaderTarget {
  readonly kind: ReloaderKind;
  readonly name: string;
}

/** How the container to change was found. `named` is the fallback of named annotations: the first container, used or not. */
export interface ReloaderUse {
  /** Index into `containers`. */
  readonly container: number;
  readonly foundBy: 'mount' | 'init-mount' | 'env' | 'init-env' | 'named';
}

/** Undefined when the template does not use the config object: search and auto then restart nothing. */
export function findReloaderUse(spec: ReloaderPodSpec, target: ReloaderTarget): ReloaderUse | undefined {
  const { containers = [], initContainers = [] } = spec;
  const volume = findVolume(spec.volumes ?? [], target)?.name;
  const mounts = (container: ReloaderContainer): boolean =>
    container.volumeMounts?.some(({ name }) => name === volume) === true;
  const reads = (container: ReloaderContainer): boolean => readsFromEnv(container, target);
  if (volume !== undefined && volume !== '') {
    const mounting = containers.findIndex(mounts);
    if (mounting >= 0) return { container: mounting, foundBy: 'mount' };
    if (initContainers.some(mounts)) return first(containers, 'init-mount');
  }
  const reading = containers.findIndex(reads);
  if (reading >= 0) return { container: reading, foundBy: 'env' };
  return initContainers.some(reads) ? first(containers, 'init-env') : undefined;
}

/** The container to change. A named annotation needs no use; undefined without any container, or without a use that is needed. */
export function findChangedContainer(
  spec: ReloaderPodSpec,
  target: ReloaderTarget,
  how: 'named' | 'search' | 'auto',
): ReloaderUse | undefined {
  return findReloaderUse(spec, target) ?? (how === 'named' ? first(spec.containers ?? [], 'named') : undefined);
}

function first(containers: readonly ReloaderContainer[], foundBy: ReloaderUse['foundBy']): ReloaderUse | undefined {
  return containers.length > 0 ? { container: 0, foundBy } : undefined;
}

/** The first volume made from the config object; another one of the same source is not looked at. */
function findVolume(volumes: readonly ReloaderVolume[], { kind, name }: ReloaderTarget): ReloaderVolume | undefined {
  return volumes.find(({ configMap, secret, projected, csi }) => {
    switch (kind) {
      case 'ConfigMap':
        return (
          configMap?.name === name || projected?.sources?.some((source) => source.configMap?.name === name) === true
        );
      case 'Secret':
        return (
          secret?.secretName === name || projected?.sources?.some((source) => source.secret?.name === name) === true
        );
      case 'SecretProviderClass':
        return csi?.volumeAttributes?.['secretProviderClass'] === name;
    }
  });
}

function readsFromEnv({ env = [], envFrom = [] }: ReloaderContainer, { kind, name }: ReloaderTarget): boolean {
  switch (kind) {
    case 'ConfigMap':
      return (
        env.some(({ valueFrom }) => valueFrom?.configMapKeyRef?.name === name) ||
        envFrom.some(({ configMapRef }) => configMapRef?.name === name)
      );
    case 'Secret':
      return (
        env.some(({ valueFrom }) => valueFrom?.secretKeyRef?.name === name) ||
        envFrom.some(({ secretRef }) => secretRef?.name === name)
      );
    case 'SecretProviderClass':
      return false;
  }
}
