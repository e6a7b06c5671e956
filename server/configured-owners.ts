// The sources of the configuration as owners in the running service: each at the head of its branch, as that is when it is compared.
import type { SourceConfig } from './config-file.ts';
import type { EngineProgress, OwnerPlan, OwnerRef } from './core/engine.ts';
import { ownerKey } from './core/owner-key.ts';
import type { SourceTrees } from './core/rendering.ts';
import { ownerOf, planSource } from './source-owners.ts';

export interface ConfiguredOwners {
  readonly owners: readonly OwnerRef[];
  /** Those that declare objects of this namespace. */
  ownersIn(namespace: string): readonly OwnerRef[];
  has(owner: OwnerRef): boolean;
  /** Undefined: there is no such source. Throws `git-*` when its branch cannot be looked up. */
  plan(owner: OwnerRef, signal: AbortSignal): Promise<OwnerPlan | undefined>;
  progressOf(owner: OwnerRef): EngineProgress;
  /** A commit that was seen at the head of its branch. True: another one than before. */
  note(source: string, revision: string): boolean;
}

export interface ConfiguredOwnersDeps {
  readonly resolve: SourceTrees['resolve'];
  /** Wall clock (ms). */
  readonly now: () => number;
}

/** Whoever applies a commit from a pipeline takes minutes, and tells nobody. */
export const pipelineMs = 600_000;

interface Head {
  readonly revision: string;
  /** Undefined: it was there when it was first looked at. */
  readonly movedAt: number | undefined;
}

export function createConfiguredOwners(
  sources: readonly SourceConfig[],
  { resolve, now }: ConfiguredOwnersDeps,
): ConfiguredOwners {
  const byKey = new Map(sources.map((source) => [ownerKey(ownerOf(source)), source]));
  const heads = new Map<string, Head>();
  const note: ConfiguredOwners['note'] = (name, revision) => {
    const before = heads.get(name);
    if (before?.revision === revision) return false;
    heads.set(name, { revision, movedAt: before === undefined ? undefined : now() });
    return before !== undefined;
  };
  return {
    owners: sources.map(ownerOf),
    ownersIn: (namespace) => sources.filter((source) => source.namespace === namespace).map(ownerOf),
    has: (owner) => byKey.has(ownerKey(owner)),
    async plan(owner, signal) {
      const source = byKey.get(ownerKey(owner));
      if (source === undefined) return undefined;
      const revision = await resolve(source.repository, source.branch, signal);
      note(source.name, revision);
      return planSource(source, revision);
    },
    progressOf(owner) {
      const movedAt = heads.get(owner.name)?.movedAt;
      const until = movedAt === undefined ? 0 : movedAt + pipelineMs;
      return until > now() ? { kind: 'on-its-way', reason: 'not-applied-yet', until } : { kind: 'idle' };
    },
    note,
  };
}
