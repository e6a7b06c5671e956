// Does an owed restart wait for an engine that is about to write the workload itself? RESTART-PROTOCOL.md rule 11.
import type { Origin } from './attribution.ts';
import type { Owed } from './decide-workload.ts';
import type { EngineProgress } from './engine.ts';
import type { Hold } from './hold.ts';

export interface EngineFacts {
  readonly now: number;
  /** Of the content that is owed for, one for each that is. */
  readonly origins: readonly Origin[];
  /** Of the workload's owner. */
  readonly progress: EngineProgress;
  /** Since when this debt has been waiting; undefined: not yet. */
  readonly since: number | undefined;
}

export type EngineWait =
  | { readonly kind: 'none' }
  | { readonly kind: 'wait'; readonly since: number; readonly hold: Hold }
  /** Its owner is still on its way, and has had its time. */
  | { readonly kind: 'late' };

/** An engine that stops half-way tells nobody. */
export const engineDeadlineMs = 30_000;

/** Only what Git brought is worth waiting for: whatever else changed is restarted for at once, and the engine's own rollout is another's. */
export function judgeEngineWait({ now, origins, progress, since }: EngineFacts): EngineWait {
  const isFromGit = origins.length > 0 && origins.every((origin) => origin === 'git');
  if (progress.kind === 'idle' || !isFromGit) return { kind: 'none' };
  // A clock that was put back makes no wait longer than the deadline.
  const begun = Math.min(since ?? now, now);
  const until = begun + engineDeadlineMs;
  if (now >= until) return { kind: 'late' };
  return { kind: 'wait', since: begun, hold: { reason: 'engine-syncing', retryAt: until } };
}

/** What is told of a restart for which the engine was too late. */
export function blameEngine(owed: readonly Owed[]): readonly Owed[] {
  return owed.map(({ name }) => ({ name, reason: 'engine-deadline' }));
}

/** A deleted object names no writer, and what another writer undid is no new content. */
export function isAboutContent({ reason }: Owed): boolean {
  return reason !== 'undone' && reason !== 'deleted';
}
