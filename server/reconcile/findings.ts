// Compares what one owner declares with what is live: one finding for each config object that is declared, claimed or remembered.
import { findDifference, type Finding } from '../core/decide-drift.ts';
import type { Declaration, DeclaredConfig } from '../core/declaration.ts';
import type { LiveContent } from '../core/drift.ts';
import type { EngineProgress, OwnerPlan, OwnerRef, Ownership } from '../core/engine.ts';
import { compareLeaving } from '../core/left.ts';
import { objectKey, splitKey, type ConfigRef } from '../core/object.ts';
import { ownerKey } from '../core/owner-key.ts';
import type { SeenConfig } from '../core/seen.ts';
import type { Claims } from '../state/claims.ts';
import type { Configs } from '../state/configs.ts';

/** What the engines' resources say, and the sources of the configuration. */
export interface Owners {
  ownerOf(config: SeenConfig): Ownership;
  /** Undefined: there is no such owner. Throws `git-*` where a branch has to be looked up. */
  plan(owner: OwnerRef, signal: AbortSignal): Promise<OwnerPlan | undefined>;
  progressOf(owner: OwnerRef, config: ConfigRef): EngineProgress;
}

export interface FindingDeps {
  readonly configs: Pick<Configs, 'seen'>;
  readonly claims: Pick<Claims, 'claimedFrom'>;
  readonly owners: Owners;
  /** `some`: not all objects of that kind there are watched, so that absence says nothing. */
  readonly watches: (config: ConfigRef) => 'all' | 'some' | 'none';
}

export interface Judgement {
  readonly key: string;
  readonly owner: OwnerRef;
  readonly declaration: Declaration;
  /** Config objects that something was told of. */
  readonly known: readonly string[];
}

export function judgeFindings(deps: FindingDeps, judgement: Judgement): ReadonlyMap<string, Finding> {
  const findings = new Map<string, Finding>();
  for (const config of judgement.known) findings.set(config, { kind: 'not-judged' });
  for (const config of deps.claims.claimedFrom(judgement.key))
    findings.set(config, judgeClaim(deps, judgement, config));
  for (const [config, declared] of judgement.declaration.configs) {
    findings.set(config, judgeDeclared(deps, judgement, declared));
  }
  return findings;
}

function judgeDeclared(deps: FindingDeps, { key, declaration }: Judgement, declared: DeclaredConfig): Finding {
  const { ref } = declared;
  const watched = deps.watches(ref);
  const live = deps.configs.seen(objectKey(ref));
  if (watched === 'none' || (live === undefined && watched === 'some')) return { kind: 'not-judged' };
  if (live !== undefined && isAnothers(deps, key, live)) return { kind: 'not-judged' };
  const there = live === undefined ? undefined : { content: toContent(live), marks: live.ownership };
  const { comparison, overwrites } = compareLeaving(declared, there, declaration.leaves);
  const finding = findDifference({ comparison, isLive: live !== undefined });
  return finding.kind === 'differs' && overwrites ? { ...finding, overwrites: true } : finding;
}

/** Two owners declare it, and it is the other one's. */
function isAnothers({ owners }: FindingDeps, key: string, live: SeenConfig): boolean {
  const ownership = owners.ownerOf(live);
  return ownership.kind === 'owned' && ownerKey(ownership.owner) !== key;
}

function toContent({ ref, contents, fields }: SeenConfig): LiveContent {
  const usual = { type: ref.kind === 'Secret' ? 'Opaque' : undefined, immutable: false };
  return { contents, fields: fields ?? usual };
}

/**
 * Only what the owner itself says it applied can be missing from Git. Not what one of its objects made, and not while a manifest
 * could not be read, which may be the one that declares it.
 */
function judgeClaim(deps: FindingDeps, { key, declaration }: Judgement, config: string): Finding {
  const ref = splitKey(config);
  const live = deps.configs.seen(config);
  if (ref === undefined || live === undefined || declaration.problems.length > 0) return { kind: 'not-judged' };
  const ownership = deps.owners.ownerOf(live);
  const isOwn = ownership.kind === 'owned' && ownerKey(ownership.owner) === key && ownership.by !== 'owner-reference';
  return isOwn ? { kind: 'differs', reason: 'not-declared', keys: [], fields: [] } : { kind: 'not-judged' };
}
