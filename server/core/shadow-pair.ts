// One workload and one config object, with Reloader beside Lockstep: what each event or the time says about its changes. A pair in,
// the pair after it and its judgements out. Times are milliseconds since the epoch, of one clock.
import type { WorkloadRef } from './object.ts';

export type ShadowResult = 'matched' | 'late' | 'missed' | 'failed' | 'doubled' | 'needless';
export const shadowResults: readonly ShadowResult[] = ['matched', 'late', 'missed', 'failed', 'doubled', 'needless'];

export interface PairName {
  readonly workload: WorkloadRef;
  /** `Secret/db`, in the workload's namespace. */
  readonly config: string;
}

/** A change that the workload's pods have to be replaced for, or were. */
export interface Need extends PairName {
  readonly changedAt: number;
  /** Lockstep's word: why it would restart, or `fresh`. */
  readonly reason: string;
}

/** Reloader left a mark on the workload for the config object. */
export interface Deed extends PairName {
  readonly at: number;
  /** Names the content; compared, and never told. */
  readonly hash: string;
  /** Until then Lockstep may still come to say why. */
  readonly explainedBy: number;
}

export interface Judgement extends PairName {
  readonly at: number;
  readonly result: ShadowResult;
  readonly reason: string;
  /** Absent where there was no change that counts. */
  readonly changedAt?: number;
  /** From the change to the deed; of matched and late only. */
  readonly delayMs?: number;
}

export interface ShadowLimits {
  /** A deed later than this is late. Reloader's own throttle takes about 100 s for 500 workloads of one config object. */
  readonly lateMs: number;
  /** Without a deed until then, the change is missed. */
  readonly missedMs: number;
}

export interface Pair {
  /** Without a deed yet, oldest first. */
  readonly needs: readonly Need[];
  /** Without a need yet, oldest first. */
  readonly deeds: readonly Deed[];
  readonly lastDeed: Deed | undefined;
  readonly needsSinceDeed: number;
  readonly lastNeedAt: number | undefined;
  /** A need that was given up, until a deed comes after all. */
  readonly missed: Need | undefined;
}

export interface Step {
  readonly pair: Pair;
  readonly judged: readonly Judgement[];
}

export const emptyPair: Pair = {
  needs: [],
  deeds: [],
  lastDeed: undefined,
  needsSinceDeed: 0,
  lastNeedAt: undefined,
  missed: undefined,
};

/** The watches of workloads and of config objects are two connections: a deed may be heard of before its change. */
export const skewMs = 2_000;

/** Held first and let go later, or decided again: still the same change. */
function isKnown(pair: Pair, need: Need): boolean {
  return pair.lastNeedAt === need.changedAt;
}

/** Lockstep would restart now. */
export function takeNeed(pair: Pair, need: Need, limits: ShadowLimits): Step {
  if (isKnown(pair, need)) return { pair, judged: [] };
  const noted = { ...pair, lastNeedAt: need.changedAt, needsSinceDeed: pair.needsSinceDeed + 1, missed: undefined };
  return explain(noted, need, limits) ?? { pair: { ...noted, needs: [...pair.needs, need] }, judged: [] };
}

/** Lockstep finds the pods newer than the change: by a deed of Reloader's, if there was one. */
export function takeFresh(pair: Pair, need: Need, limits: ShadowLimits): Step {
  if (isKnown(pair, need)) return { pair, judged: [] };
  return explain({ ...pair, lastNeedAt: need.changedAt }, need, limits) ?? { pair, judged: [] };
}

export function takeDeed(pair: Pair, deed: Deed, limits: ShadowLimits): Step {
  if (repeatsBefore(pair, deed)) return { pair, judged: [surplus(deed, pair.lastDeed)] };
  if (pair.needs.length > 0) {
    // The pods that it brings have read everything from before.
    return { pair: answered(pair, deed), judged: pair.needs.map((need) => answer(need, deed, limits)) };
  }
  if (pair.missed !== undefined) return { pair: answered(pair, deed), judged: [answer(pair.missed, deed, limits)] };
  return { pair: { ...pair, deeds: [...pair.deeds, deed] }, judged: [] };
}

/** `failedAt`: when Reloader last said that it could not restart the workload for a config object of this kind. */
export function passTime(pair: Pair, now: number, failedAt: number | undefined, limits: ShadowLimits): Step {
  const overdue = pair.needs.filter(({ changedAt }) => changedAt + limits.missedMs <= now);
  const unexplained = pair.deeds.filter(({ explainedBy }) => explainedBy <= now);
  if (overdue.length === 0 && unexplained.length === 0) return { pair, judged: [] };
  const missed = overdue.map(({ workload, config, changedAt, reason }): Judgement => {
    const failed = failedAt !== undefined && failedAt >= changedAt - skewMs;
    return { workload, config, at: now, result: failed ? 'failed' : 'missed', reason, changedAt };
  });
  const after: Pair = {
    ...pair,
    needs: pair.needs.filter((need) => !overdue.includes(need)),
    deeds: pair.deeds.filter((deed) => !unexplained.includes(deed)),
    missed: overdue.at(-1) ?? pair.missed,
  };
  const last = unexplained.at(-1);
  return {
    pair: last === undefined ? after : { ...after, lastDeed: last, needsSinceDeed: 0 },
    judged: [...missed, ...surpluses(unexplained, pair.lastDeed)],
  };
}

/** Nothing waits for anything: it is kept only to tell a second deed from a first. */
export function isSettled({ needs, deeds }: Pair): boolean {
  return needs.length === 0 && deeds.length === 0;
}

/** The deeds that came before the need: one of them answers it, the others were too many. Undefined when none did. */
function explain(pair: Pair, need: Need, limits: ShadowLimits): Step | undefined {
  const near = pair.deeds.filter(({ at }) => at >= need.changedAt - skewMs);
  const deed = near.find(({ at }) => at >= need.changedAt) ?? near.at(-1);
  const last = near.at(-1);
  if (deed === undefined || last === undefined) return undefined;
  const others = near.filter((other) => other !== deed).map((other) => surplus(other, deed));
  const rest = pair.deeds.filter((other) => !near.includes(other));
  return { pair: { ...answered(pair, last), deeds: rest }, judged: [answer(need, deed, limits), ...others] };
}

function answered(pair: Pair, lastDeed: Deed): Pair {
  return { ...pair, needs: [], lastDeed, needsSinceDeed: 0, missed: undefined };
}

function answer({ workload, config, changedAt, reason }: Need, { at }: Deed, { lateMs }: ShadowLimits): Judgement {
  const delayMs = Math.max(0, at - changedAt);
  return { workload, config, at, result: delayMs > lateMs ? 'late' : 'matched', reason, changedAt, delayMs };
}

/** One change since the last deed cannot have brought its content back: this is the last deed once more. */
function repeatsBefore({ lastDeed, needs, needsSinceDeed }: Pair, { hash }: Deed): boolean {
  return needs.length > 0 && needsSinceDeed === 1 && needs[0]?.reason === 'changed' && lastDeed?.hash === hash;
}

function surpluses(deeds: readonly Deed[], before: Deed | undefined): Judgement[] {
  return deeds.map((deed, index) => surplus(deed, deeds[index - 1] ?? before));
}

function surplus({ workload, config, at, hash }: Deed, before: Deed | undefined): Judgement {
  return before?.hash === hash
    ? { workload, config, at, result: 'doubled', reason: 'same-content' }
    : { workload, config, at, result: 'needless', reason: 'not-owed' };
}
