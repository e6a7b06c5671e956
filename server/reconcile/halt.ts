// Stops all further restarts while too many of the rollouts that Lockstep caused have failed. Nothing is latched: what counts is how
// many are failed now, and a workload counts until it is available again, is deleted or is opted out.
import type { SeenWorkload } from '../core/seen.ts';
import type { Outcome } from './outcome.ts';
import type { Rollouts } from './rollouts.ts';

export interface Halt {
  /** Never for a workload that failed itself: new content may be its cure. */
  holds(key: string): boolean;
  /** Looks at a workload's rollout and says what follows from it. True when restarts may go on that were halted. */
  follow(key: string, workload: SeenWorkload | undefined, now: number): boolean;
}

export interface HaltOptions {
  readonly rollouts: Rollouts;
  /** So many failures halt; 0: none do. */
  readonly after: number;
  readonly report: (outcome: Outcome) => void;
}

export function createHalt({ rollouts, after, report }: HaltOptions): Halt {
  const isOn = (): boolean => after > 0 && rollouts.failed.size >= after;
  return {
    holds: (key) => isOn() && !rollouts.failed.has(key),
    follow(key, workload, now) {
      const wasOn = isOn();
      const late = rollouts.look(key, now);
      if (workload !== undefined && late !== undefined) report({ kind: 'rollout-late', workload, reason: late });
      if (workload !== undefined && isOn() && !wasOn) {
        report({ kind: 'halted', workload, failed: [...rollouts.failed] });
      }
      const isEnded = wasOn && !isOn();
      if (isEnded) report({ kind: 'halt-ended' });
      return isEnded;
    },
  };
}
