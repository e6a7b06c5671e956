// Reloader beside Lockstep: what it did about each change for which Lockstep would have restarted, and what it did without one.
// Events in, one judgement for each change or surplus restart out. Holds every pair of workload and config object, within bounds.
import { objectKey, type WorkloadRef } from './object.ts';
import {
  emptyPair,
  isSettled,
  passTime,
  skewMs,
  takeDeed,
  takeFresh,
  takeNeed,
  type Deed,
  type Judgement,
  type Need,
  type Pair,
  type PairName,
  type ShadowLimits,
  type Step,
} from './shadow-pair.ts';

/** Reloader's Event `ReloadFail`: it names the kind of the config object only. */
export interface Failure {
  readonly workload: WorkloadRef;
  /** `Secret` or `ConfigMap`. */
  readonly kind: string;
  readonly at: number;
}

export interface Shadow {
  need(need: Need): readonly Judgement[];
  fresh(need: Need): readonly Judgement[];
  deed(deed: Deed): readonly Judgement[];
  failure(failure: Failure): void;
  /** What the time alone decides; to be called every few seconds. */
  tick(now: number): readonly Judgement[];
  /** The workload, as `Deployment/shop/web`, is gone, or nothing restarts it any more. */
  forget(workload: string): void;
  /** Changes without a judgement yet. */
  readonly waiting: number;
  /** Changes and deeds that were let go without one, to stay within bounds. */
  readonly dropped: number;
}

interface Entry {
  readonly name: PairName;
  pair: Pair;
}

/** A few hundred bytes each. */
const pairsMost = 10_000;
/** Waiting ones of one pair: a workload that changes every second for longer than that is judged in part. */
const openMost = 64;

export function createShadow(limits: ShadowLimits): Shadow {
  /** The least recently touched first. */
  const entries = new Map<string, Entry>();
  /** By workload and kind. */
  const failures = new Map<string, number>();
  let dropped = 0;

  const evict = (): void => {
    const settled = [...entries].find(([, { pair }]) => isSettled(pair)) ?? [...entries][0];
    if (settled === undefined) return;
    dropped += openOf(settled[1].pair);
    entries.delete(settled[0]);
  };
  const apply = ({ workload, config }: PairName, step: (pair: Pair) => Step): readonly Judgement[] => {
    const key = `${objectKey(workload)} ${config}`;
    const entry = entries.get(key) ?? { name: { workload, config }, pair: emptyPair };
    const { pair, judged } = step(entry.pair);
    dropped += Math.max(0, pair.needs.length - openMost) + Math.max(0, pair.deeds.length - openMost);
    entries.delete(key);
    if (pair === emptyPair) return judged;
    entry.pair = { ...pair, needs: pair.needs.slice(-openMost), deeds: pair.deeds.slice(-openMost) };
    entries.set(key, entry);
    if (entries.size > pairsMost) evict();
    return judged;
  };

  return {
    need: (need) => apply(need, (pair) => takeNeed(pair, need, limits)),
    fresh: (need) => apply(need, (pair) => takeFresh(pair, need, limits)),
    deed: (deed) => apply(deed, (pair) => takeDeed(pair, deed, limits)),
    failure: ({ workload, kind, at }) => void failures.set(`${objectKey(workload)} ${kind}`, at),
    tick(now) {
      const judged = [...entries.values()].flatMap((entry) => {
        const { workload, config } = entry.name;
        const failedAt = failures.get(`${objectKey(workload)} ${config.slice(0, config.indexOf('/'))}`);
        const step = passTime(entry.pair, now, failedAt, limits);
        entry.pair = step.pair;
        return step.judged;
      });
      // No need that is still open began before.
      for (const [key, at] of failures) if (at + limits.missedMs + skewMs < now) failures.delete(key);
      return judged;
    },
    forget(workload) {
      const prefix = `${workload} `;
      for (const key of entries.keys()) if (key.startsWith(prefix)) entries.delete(key);
    },
    get waiting() {
      return [...entries.values()].reduce((sum, { pair }) => sum + pair.needs.length, 0);
    },
    get dropped() {
      return dropped;
    },
  };
}

function openOf({ needs, deeds }: Pair): number {
  return needs.length + deeds.length;
}
