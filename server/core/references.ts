// Which config objects a pod template uses, and which of their keys.
import type { ConfigKind } from './object.ts';
import type { Projection } from './digest.ts';
import { findReloaderUse, type ReloaderPodSpec } from './reloader-references.ts';

/** A pod template's use of one config object of its own namespace. */
export interface Reference {
  readonly kind: ConfigKind;
  readonly name: string;
  /** Used data keys; `all` for envFrom and for whole volumes. */
  readonly keys: Projection;
  /** Pods start without it: every use says `optional`. */
  readonly optional: boolean;
}

/** The part of a pod spec that can refer to config objects (core/v1 PodSpec). */
export interface PodSpec {
  readonly containers?: readonly Container[];
  /** Sidecars among them. */
  readonly initContainers?: readonly Container[];
  /** Only custom resources take them in a template. */
  readonly ephemeralContainers?: readonly Container[];
  readonly imagePullSecrets?: readonly NameRef[];
  readonly volumes?: readonly Volume[];
}
interface Container {
  readonly env?: readonly {
    readonly valueFrom?: { readonly secretKeyRef?: KeyRef; readonly configMapKeyRef?: KeyRef };
  }[];
  readonly envFrom?: readonly { readonly secretRef?: NameRef; readonly configMapRef?: NameRef }[];
  readonly volumeMounts?: readonly Mount[];
}
interface Mount {
  readonly name?: string;
  readonly subPath?: string;
  readonly subPathExpr?: string;
}
interface Volume {
  readonly name?: string;
  readonly secret?: { readonly secretName?: string; readonly optional?: boolean; readonly items?: readonly Item[] };
  readonly configMap?: NamedItems;
  readonly csi?: { readonly volumeAttributes?: Readonly<Record<string, string>> };
  readonly projected?: {
    readonly sources?: readonly { readonly secret?: NamedItems; readonly configMap?: NamedItems }[];
  };
}
interface NamedItems extends NameRef {
  readonly items?: readonly Item[];
}
interface KeyRef extends NameRef {
  readonly key?: string;
}
interface NameRef {
  readonly name?: string;
  readonly optional?: boolean;
}
interface Item {
  readonly key?: string;
  readonly path?: string;
}

/** What Reloader does not look at, by the words of `--extra-references`. */
export const extraReferences = ['every-volume', 'ephemeral-containers', 'image-pull-secrets'] as const;
export type ExtraReference = (typeof extraReferences)[number];

export interface ReferenceRules {
  /** Reloader’s strategies know nothing of single data keys. */
  readonly granularity: 'used-keys' | 'whole-objects';
  readonly extras: readonly ExtraReference[];
}

/** The references that count. Of several volumes of one source Reloader looks at the first. */
export function listReferences(spec: PodSpec & ReloaderPodSpec, { granularity, extras }: ReferenceRules): Reference[] {
  const found = findReferences(spec, extras);
  if (extras.includes('every-volume')) return granularity === 'used-keys' ? found : found.map(withAllKeys);
  const plain = new Set(findReferences(spec).map(({ kind, name }) => `${kind}/${name}`));
  const counts = ({ kind, name }: Reference): boolean =>
    !plain.has(`${kind}/${name}`) || findReloaderUse(spec, { kind, name }) !== undefined;
  return (granularity === 'used-keys' ? found : found.map(withAllKeys)).filter(counts);
}

function withAllKeys(reference: Reference): Reference {
  return { ...reference, keys: 'all' };
}

/** The references of a pod template, sorted by kind and name, one for each config object. */
export function findReferences(spec: PodSpec, extras: readonly ExtraReference[] = []): Reference[] {
  const found = new Map<string, Reference>();
  const use: Use = ({ kind, name, keys, optional }) => {
    if (name === undefined || name === '') return;
    const id = `${kind}/${name}`;
    const before = found.get(id);
    const merged =
      before === undefined ? keys : before.keys === 'all' || keys === 'all' ? 'all' : [...before.keys, ...keys];
    found.set(id, { kind, name, keys: merged, optional: optional === true && before?.optional !== false });
  };
  const ephemeral = extras.includes('ephemeral-containers') ? (spec.ephemeralContainers ?? []) : [];
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...ephemeral];
  for (const container of containers) useEnvironment(container, use);
  for (const volume of spec.volumes ?? []) {
    const mounts = containers.flatMap((container) =>
      (container.volumeMounts ?? []).filter((mount) => mount.name === volume.name),
    );
    if (mounts.length > 0) useVolume(volume, mounts, use);
  }
  if (extras.includes('image-pull-secrets')) {
    // Pods start without them, where the image is there already.
    for (const { name } of spec.imagePullSecrets ?? []) use({ kind: 'Secret', name, keys: 'all', optional: true });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, reference]) => sortKeys(reference));
}

type Use = (use: {
  kind: ConfigKind;
  name: string | undefined;
  keys: Projection;
  optional: boolean | undefined;
}) => void;

function useEnvironment(container: Container, use: Use): void {
  for (const { valueFrom } of container.env ?? []) {
    useKey('Secret', valueFrom?.secretKeyRef, use);
    useKey('ConfigMap', valueFrom?.configMapKeyRef, use);
  }
  for (const { secretRef, configMapRef } of container.envFrom ?? []) {
    use({ kind: 'Secret', name: secretRef?.name, keys: 'all', optional: secretRef?.optional });
    use({ kind: 'ConfigMap', name: configMapRef?.name, keys: 'all', optional: configMapRef?.optional });
  }
}

function useKey(kind: ConfigKind, ref: KeyRef | undefined, use: Use): void {
  if (ref?.key !== undefined) use({ kind, name: ref.name, keys: [ref.key], optional: ref.optional });
}

function useVolume(volume: Volume, mounts: readonly Mount[], use: Use): void {
  const { secret, configMap, projected, csi } = volume;
  const useItems = (kind: ConfigKind, source: NamedItems | undefined): void =>
    use({ kind, name: source?.name, keys: usedKeys(source?.items, mounts), optional: source?.optional });
  use({ kind: 'Secret', name: secret?.secretName, keys: usedKeys(secret?.items, mounts), optional: secret?.optional });
  useItems('ConfigMap', configMap);
  // The class itself, not its files, says what is in them.
  const className = csi?.volumeAttributes?.['secretProviderClass'];
  use({ kind: 'SecretProviderClass', name: className, keys: 'all', optional: false });
  for (const source of projected?.sources ?? []) {
    useItems('Secret', source.secret);
    useItems('ConfigMap', source.configMap);
  }
}

/** Items name the keys; without items each key is a file, so mounts of single files (subPath) name them too. */
function usedKeys(items: readonly Item[] | undefined, mounts: readonly Mount[]): Projection {
  if (items !== undefined && items.length > 0)
    return items.flatMap((item) => (item.key === undefined ? [] : [item.key]));
  const files = mounts.map((mount) => (mount.subPathExpr === undefined ? mount.subPath : undefined));
  if (files.some((file) => file === undefined || file === '')) return 'all';
  return files.flatMap((file) => (file === undefined ? [] : [file.split('/')[0] ?? file]));
}

function sortKeys(reference: Reference): Reference {
  return reference.keys === 'all' ? reference : { ...reference, keys: [...new Set(reference.keys)].sort() };
}
