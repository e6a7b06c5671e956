// What is known of drift: for each config object that differs what was told of it, and for each owner what its last comparison found.
// Names and reasons, no values; nothing of what is in step, so that memory grows with drift and not with the cluster.
import type { Attribution } from '../core/attribution.ts';
import type { Drift } from '../core/decide-drift.ts';
import type { RevertRefusal } from '../core/decide-revert.ts';
import type { NotComparable } from '../core/drift.ts';

export interface DriftEntry {
  /** Undefined: it differs, and that is not told (yet). */
  readonly told: Drift | undefined;
  /** Since when it waits for its owner (ms). */
  readonly waitingSince: number | undefined;
  /** Who wrote what differs, as read at this version of the object. */
  readonly examined: Examined | undefined;
  /** Why its owner is not asked to revert it, as told last. */
  readonly refused: RevertRefusal | undefined;
  /** Why it cannot be compared; empty when it could. */
  readonly reasons: readonly NotComparable[];
}

export interface Examined {
  readonly resourceVersion: string;
  readonly keys: string;
  readonly attribution: Pick<Attribution, 'origin' | 'writer'>;
}

export interface OwnerComparison {
  readonly comparedAt: number;
  readonly revision: string | undefined;
  /** Config objects that it declares. */
  readonly declared: number;
  /** Why nothing of it could be compared. */
  readonly notRendered: NotComparable | undefined;
}

export const noEntry: DriftEntry = {
  told: undefined,
  waitingSince: undefined,
  examined: undefined,
  refused: undefined,
  reasons: [],
};

export interface DriftState {
  /** `noEntry` where nothing is remembered. */
  entry(owner: string, config: string): DriftEntry;
  put(owner: string, config: string, entry: DriftEntry): void;
  remove(owner: string, config: string): void;
  /** Keys of the config objects that something is remembered of. */
  configsOf(owner: string): readonly string[];
  setComparison(owner: string, comparison: OwnerComparison): void;
  comparison(owner: string): OwnerComparison | undefined;
  /** The owner does not exist any more, and nothing is remembered of its config objects. */
  forget(owner: string): void;
  /** Every config object that is not in step, for counting. */
  list(): Iterable<{ readonly config: string; readonly answer: 'different' | 'not-comparable' }>;
}

export function createDriftState(): DriftState {
  const entries = new Map<string, Map<string, DriftEntry>>();
  const comparisons = new Map<string, OwnerComparison>();
  return {
    entry: (owner, config) => entries.get(owner)?.get(config) ?? noEntry,
    put(owner, config, entry) {
      const own = entries.get(owner) ?? new Map<string, DriftEntry>();
      entries.set(owner, own.set(config, entry));
    },
    remove(owner, config) {
      const own = entries.get(owner);
      own?.delete(config);
      if (own?.size === 0) entries.delete(owner);
    },
    configsOf: (owner) => [...(entries.get(owner)?.keys() ?? [])],
    setComparison: (owner, comparison) => void comparisons.set(owner, comparison),
    comparison: (owner) => comparisons.get(owner),
    forget(owner) {
      entries.delete(owner);
      comparisons.delete(owner);
    },
    *list() {
      for (const own of entries.values()) {
        for (const [config, { told, reasons }] of own) {
          if (told !== undefined) yield { config, answer: 'different' };
          else if (reasons.length > 0) yield { config, answer: 'not-comparable' };
        }
      }
    },
  };
}
