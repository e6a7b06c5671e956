// Mistakes that §3's search for a container invites, each planted around the server's function by altering the pod spec.
import { findChangedContainer } from '../../server/core/reloader-references.ts';
import type { PodSpec } from './oracle/types.ts';

/** The server's function, or one with a mistake planted. */
export type Find = (
  spec: PodSpec,
  ...rest: Parameters<typeof findChangedContainer> extends [unknown, ...infer Rest] ? Rest : never
) => ReturnType<typeof findChangedContainer>;

const seeing =
  (alter: (spec: PodSpec) => PodSpec): Find =>
  (spec, ...rest) =>
    findChangedContainer(alter(spec), ...rest);

export const referenceMutants: Readonly<Record<string, Find>> = {
  'the last volume of a source counts': seeing((spec) => ({ ...spec, volumes: [...(spec.volumes ?? [])].reverse() })),
  'an unmounted volume ends the search': (spec, target, how) => {
    const use = findChangedContainer(spec, target, how);
    const { volumes = [], containers, initContainers = [] } = spec;
    const mounted = [...containers, ...initContainers].flatMap(({ volumeMounts = [] }) => volumeMounts);
    const isUnmounted = volumes.some(({ name }) => !mounted.some((mount) => mount.name === name));
    return isUnmounted && use?.foundBy === 'env' ? undefined : use;
  },
  'a volume counts without a mount': seeing((spec) => ({
    ...spec,
    initContainers: [
      ...(spec.initContainers ?? []),
      {
        name: 'all',
        image: 'all',
        volumeMounts: (spec.volumes ?? []).map(({ name }) => ({ name, mountPath: `/${name}` })),
      },
    ],
  })),
  'init containers forgotten': seeing((spec) => ({ ...spec, initContainers: [] })),
  'native sidecars are containers': seeing((spec) => ({
    ...spec,
    containers: [...spec.containers, ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy)],
  })),
  'ephemeral containers count': seeing((spec) => ({
    ...spec,
    initContainers: [...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])],
  })),
  'env before mounts': (spec, target, how) =>
    findChangedContainer({ ...spec, volumes: [] }, target, 'auto') ?? findChangedContainer(spec, target, how),
  'projected volumes forgotten': seeing((spec) => ({
    ...spec,
    volumes: (spec.volumes ?? []).filter(({ projected }) => projected === undefined),
  })),
  'envFrom forgotten': seeing((spec) => ({
    ...spec,
    containers: spec.containers.map((container) => ({ ...container, envFrom: [] })),
  })),
  'optional references do not count': seeing((spec) => ({
    ...spec,
    containers: spec.containers.map((container) => ({
      ...container,
      env: (container.env ?? []).filter(
        ({ valueFrom }) => valueFrom?.configMapKeyRef?.optional !== true && valueFrom?.secretKeyRef?.optional !== true,
      ),
    })),
  })),
  'a named annotation needs a reference': (spec, target) => findChangedContainer(spec, target, 'auto'),
  'auto needs no reference': (spec, target) => findChangedContainer(spec, target, 'named'),
};
