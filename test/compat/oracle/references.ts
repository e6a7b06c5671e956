// §3 of the contract: which container a restart changes, if the pod template refers to the config object at all.
import type { ConfigKind, Container, PodSpec, Volume } from './types.ts';

export const findings = ['mount', 'init-mount', 'env', 'init-env', 'first'] as const;

/** How the container was found, in the order in which §3 looks. */
export type Found = (typeof findings)[number];

export interface Target {
  /** The name of the container that is changed. */
  readonly container: string;
  /** Its place in `containers`; what init containers use is recorded on the first. */
  readonly index: number;
  readonly found: Found;
}

export interface Wanted {
  readonly kind: ConfigKind;
  readonly name: string;
  /** Needs a reference; otherwise the first container stands in (§2, below the order). */
  readonly auto: boolean;
}

/** Undefined: nothing to change. */
export function findTarget(podSpec: PodSpec, { kind, name, auto }: Wanted): Target | undefined {
  const { containers, initContainers = [], volumes = [] } = podSpec;
  const at = (index: number, found: Found): Target | undefined => {
    const container = containers[index];
    return container && { container: container.name, index, found };
  };
  // Only the first volume of that source counts, mounted or not.
  const volume = volumes.find((one) => isFrom(one, kind, name));
  if (volume) {
    const index = containers.findIndex((container) => mounts(container, volume.name));
    if (index >= 0) return at(index, 'mount');
    if (initContainers.some((container) => mounts(container, volume.name))) return at(0, 'init-mount');
  }
  const index = containers.findIndex((container) => hasEnvFrom(container, kind, name));
  if (index >= 0) return at(index, 'env');
  if (initContainers.some((container) => hasEnvFrom(container, kind, name))) return at(0, 'init-env');
  return auto ? undefined : at(0, 'first');
}

function isFrom(volume: Volume, kind: ConfigKind, name: string): boolean {
  const sources = volume.projected?.sources ?? [];
  switch (kind) {
    case 'ConfigMap':
      return volume.configMap?.name === name || sources.some(({ configMap }) => configMap?.name === name);
    case 'Secret':
      return volume.secret?.secretName === name || sources.some(({ secret }) => secret?.name === name);
    case 'SecretProviderClass':
      return volume.csi?.volumeAttributes?.['secretProviderClass'] === name;
  }
}

function mounts(container: Container, volume: string): boolean {
  return (container.volumeMounts ?? []).some(({ name }) => name === volume);
}

function hasEnvFrom({ env = [], envFrom = [] }: Container, kind: ConfigKind, name: string): boolean {
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
