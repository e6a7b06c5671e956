// Asks an owner's engine to put Git's content back, for all of its drifted config objects at once, or says why not. Restarts for drift that
// is being reverted wait in the meantime.
import { askEveryMs, decideRevert, recentAsks, type RevertRefusal } from '../core/decide-revert.ts';
import type { DriftSetting } from '../core/drift-action.ts';
import type { OwnerRef } from '../core/engine.ts';
import { objectKey, type ConfigRef } from '../core/object.ts';
import { ownerKey } from '../core/owner-key.ts';
import type { Reverter } from '../core/revert.ts';
import type { DriftState } from '../state/drift.ts';
import type { Reversions } from '../state/reversions.ts';
import type { Claims } from '../state/claims.ts';
import type { Drifted, DriftOutcome } from './drift-outcome.ts';
import type { FindingDeps } from './findings.ts';

export interface RevertDeps extends Pick<FindingDeps, 'configs' | 'owners'> {
  readonly drift: DriftState;
  readonly claims: Claims;
  readonly reversions: Reversions;
  readonly reverter: Reverter;
  readonly mode: 'enforce' | 'observe';
  readonly settingOf: (config: ConfigRef) => DriftSetting;
  /** Wall clock (ms). */
  readonly now: () => number;
  /** Looks at an owner again. */
  readonly retryAfter: (key: string, ms: number) => void;
  /** Restarts for this config object need not wait any more. */
  readonly onReleased: (config: string) => void;
  readonly report: (outcome: DriftOutcome) => void;
}

export interface RevertJob {
  readonly key: string;
  readonly owner: OwnerRef;
  readonly drifted: readonly Drifted[];
  /** Of its config objects those that restarts waited for when it was compared. */
  readonly held: readonly string[];
}

export interface Reverts {
  act(job: RevertJob, signal: AbortSignal): Promise<void>;
  /** Its config objects that restarts wait for. */
  held(key: string): readonly string[];
  /** Ends the waiting of restarts for these. */
  release(configs: readonly string[]): void;
}

/** The end of an operation is an event; this bounds what a lost one costs. */
const busyRetryMs = 5_000;

export function createReverts(deps: RevertDeps): Reverts {
  const askedAt = new Map<string, readonly number[]>();
  const release: Reverts['release'] = (configs) => {
    for (const config of configs) if (deps.reversions.end(config)) deps.onReleased(config);
  };
  return {
    held(key) {
      const own = new Set([...deps.claims.claimedFrom(key), ...deps.drift.configsOf(key)]);
      return [...own].filter((config) => deps.reversions.has(config));
    },
    release,
    async act({ key, owner, drifted, held }, signal) {
      const now = deps.now();
      const asks = recentAsks(askedAt.get(key) ?? [], now);
      if (asks.length === 0) askedAt.delete(key);
      const sorted = sortDrifted(deps, { key, drifted, asks, now });
      if (sorted.toAsk.length > 0) {
        const taken = await ask(deps, { key, owner, drifted: sorted.toAsk }, signal);
        if (taken === 'asked') askedAt.set(key, [...asks, now]);
        if (taken === 'refused') for (const { place } of sorted.toAsk) sorted.waiting.delete(objectKey(place.config));
      }
      release(held.filter((config) => !sorted.waiting.has(config)));
    },
  };
}

interface Sorting {
  readonly key: string;
  readonly drifted: readonly Drifted[];
  readonly asks: readonly number[];
  readonly now: number;
}

type Told = Drifted & { readonly drift: NonNullable<Drifted['drift']> };

function sortDrifted(deps: RevertDeps, { key, drifted, asks, now }: Sorting) {
  const toAsk: Told[] = [];
  /** Config objects that restarts wait for. */
  const waiting = new Set<string>();
  for (const { place, drift } of drifted) {
    const config = objectKey(place.config);
    if (drift === undefined) {
      waiting.add(config);
      continue;
    }
    const { action } = deps.settingOf(place.config);
    const { reason, since, overwrites = false } = drift;
    const hasEngine = place.owner.engine !== 'none';
    const isConfirmed = isConfirmedFor(deps, key, config);
    const wish = { action, reason, hasEngine, isConfirmed, overwrites, since };
    const decision = decideRevert({ ...wish, now, mode: deps.mode, askedAt: asks });
    if (decision.kind === 'ask') toAsk.push({ place, drift });
    if (decision.kind === 'ask' || decision.kind === 'wait') waiting.add(config);
    if (decision.kind === 'refuse') refuse(deps, { key, place, drift }, decision.reason);
    const until = 'until' in decision ? decision.until : undefined;
    if (until !== undefined) deps.retryAfter(key, until - now);
  }
  return { toAsk, waiting };
}

function isConfirmedFor({ configs, owners }: RevertDeps, key: string, config: string): boolean {
  const live = configs.seen(config);
  if (live === undefined) return true;
  const ownership = owners.ownerOf(live);
  return ownership.kind === 'owned' && ownerKey(ownership.owner) === key;
}

async function ask(
  deps: RevertDeps,
  { key, owner, drifted }: Omit<RevertJob, 'drifted' | 'held'> & { readonly drifted: readonly Told[] },
  signal: AbortSignal,
): Promise<'asked' | 'busy' | 'refused'> {
  const configs = drifted.map(({ place }) => place.config);
  const writers = [...new Set(drifted.flatMap(({ drift }) => drift.writer ?? []))];
  const why = `Lockstep puts back what Git declares${writers.length === 0 ? '' : `, after ${writers.join(', ')}`}`;
  const asked = await deps.reverter.ask(owner, { configs, why, now: deps.now() }, signal);
  switch (asked.kind) {
    case 'asked':
      deps.report({ kind: 'revert-asked', owner, configs });
      deps.retryAfter(key, askEveryMs);
      return 'asked';
    case 'busy':
      deps.report({ kind: 'revert-busy', owner, reason: asked.reason });
      deps.retryAfter(key, busyRetryMs);
      return 'busy';
    case 'refused':
      for (const { place, drift } of drifted) refuse(deps, { key, place, drift }, asked.reason);
      return 'refused';
  }
}

/** Told once for each drift and reason. */
function refuse(deps: RevertDeps, { key, place, drift }: Told & { readonly key: string }, reason: RevertRefusal): void {
  const config = objectKey(place.config);
  const entry = deps.drift.entry(key, config);
  if (entry.refused === reason) return;
  deps.drift.put(key, config, { ...entry, refused: reason });
  deps.report({ ...place, kind: 'revert-refused', reason, drift });
}
