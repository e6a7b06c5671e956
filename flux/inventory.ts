// The list of objects that a Kustomization or HelmRelease applied, as its status tells. Source: fluxcd/cli-utils pkg/object/objmetadata.go.
import type { Fields } from './fields.ts';

/** An object by what an inventory knows of it; the group of core is '', the namespace of what has none too. */
export interface InventoryObject {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Inventory {
  readonly ids: ReadonlySet<string>;
  /** Nothing was left out: what is not among the ids was not applied. */
  readonly complete: boolean;
}

/** etcd takes 1.5 MiB for one object, which is fewer entries than this. */
export const inventoryMost = 30_000;

/** Undefined when the status has none: nothing was applied yet, or the controller is too old to say. */
export function readInventory(status: Fields): Inventory | undefined {
  if (!status.has('inventory')) return undefined;
  const ids = status
    .map('inventory')
    .maps('entries', inventoryMost)
    .flatMap((entry) => {
      const id = entry.need('id');
      if (parseInventoryId(id) !== undefined) return [id];
      if (id !== '') entry.report('id', 'malformed');
      return [];
    });
  return { ids: new Set(ids), complete: status.isSound('inventory') };
}

/** `<namespace>_<name>_<group>_<Kind>`: no `_` can be in a name, except for the colons of RBAC's names, written `__`. */
export function parseInventoryId(id: string): InventoryObject | undefined {
  const [, namespace, name, group, kind] = /^([^_]*)_(.+)_([^_]*)_([^_]+)$/.exec(id) ?? [];
  if (namespace === undefined || name === undefined || group === undefined || kind === undefined) return undefined;
  const plain = name.replaceAll('__', ':');
  return plain.includes('_') ? undefined : { group, kind, namespace, name: plain };
}

/** The id under which an inventory lists the object. */
export function inventoryId({ group, kind, namespace, name }: InventoryObject): string {
  return [namespace, name.replaceAll(':', '__'), group, kind].join('_');
}
