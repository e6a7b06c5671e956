// Whom the drift detector asks what is declared: engines' resources as they are watched, and the sources of the configuration.
import type { ConfiguredOwners } from './configured-owners.ts';
import type { EngineRef, EngineView, Ownership, OwnerRef } from './core/engine.ts';
import { splitOwnerKey } from './core/owner-key.ts';
import type { SeenConfig } from './core/seen.ts';
import type { Owners } from './reconcile/findings.ts';

/** What is known of the engines, as one. */
export type DriftEngines = Pick<EngineView, 'ownerOf' | 'plan' | 'progressOf'>;

export interface OwnerSources {
  readonly engines: DriftEngines;
  readonly configured: ConfiguredOwners;
}

export const unowned: Ownership = { kind: 'not-owned' };

export function findOwner(engines: DriftEngines, { ownership: marks }: SeenConfig): Ownership {
  return marks === undefined ? unowned : engines.ownerOf(marks);
}

/** Nothing in an object says that a source of the configuration owns it: what such a source declares and no engine owns is its. */
export function joinOwners({ engines, configured }: OwnerSources): Owners {
  return {
    ownerOf: (config) => findOwner(engines, config),
    plan: async (owner, signal) => (isOfEngine(owner) ? engines.plan(owner, applied) : configured.plan(owner, signal)),
    progressOf(owner, { kind, namespace, name }) {
      if (!isOfEngine(owner)) return configured.progressOf(owner);
      return engines.progressOf(owner, { group: '', kind, namespace, name });
    },
  };
}

/** By key. */
export function ownerExists({ engines, configured }: OwnerSources, key: string): boolean {
  const owner = splitOwnerKey(key);
  if (owner === undefined) return false;
  return isOfEngine(owner) ? engines.plan(owner, applied) !== undefined : configured.has(owner);
}

const applied = { revisions: new Map<string, string>() };

function isOfEngine(owner: OwnerRef): owner is EngineRef {
  return owner.engine !== 'none';
}
