// Tells a receiver of every change of a config object, where nothing is restarted: which changes count, and when one is delivered.
import { objectKey, splitKey, type ConfigRef } from '../core/object.ts';
import type { SeenConfig, SeenEvent } from '../core/seen.ts';
import type { Settle } from '../core/settle.ts';
import type { ConfigChange, ConfigChanges } from '../state/config-changes.ts';
import type { Namespaces } from '../state/namespaces.ts';
import type { WorkQueue } from './workqueue.ts';

export interface AnnouncerDeps {
  readonly changes: ConfigChanges;
  readonly namespaces: Namespaces;
  readonly queue: Pick<WorkQueue, 'settle'>;
  readonly settle: Settle;
  /** Besides `changed`; never of classes, which come and go with the pods. */
  readonly counted: readonly ConfigChange[];
  /** Wall clock (ms). */
  readonly now: () => number;
  /** Whether it really was created or deleted: under a label selector, objects also appear and vanish by their labels. */
  readonly confirm: (announcement: Announcement, signal: AbortSignal) => Promise<boolean>;
  /** Until when the process before this one had delivered everything; undefined when there was none. */
  readonly deliveredUntil: () => number | undefined;
  readonly deliver: (announcement: Announcement, signal: AbortSignal) => Promise<void>;
}

export interface Announcement {
  readonly ref: ConfigRef;
  readonly change: ConfigChange;
}

export interface Announcer {
  /** Returns what happened. */
  readonly see: (event: SeenEvent<SeenConfig>) => ConfigChange | undefined;
  /** Delivers what waits under a key of the queue. */
  readonly announce: (key: string, signal: AbortSignal) => Promise<void>;
}

export function createAnnouncer(deps: AnnouncerDeps): Announcer {
  /** The last change of each object that is not delivered yet. */
  const waiting = new Map<string, Waiting>();
  return {
    see(event) {
      const change = deps.changes.take(event);
      const ref = event.present ? event.object.ref : splitKey(event.key);
      if (change === undefined || ref === undefined || !deps.namespaces.isWatched(ref.namespace)) return undefined;
      const counted = ref.kind === 'SecretProviderClass' ? [] : deps.counted;
      if (change !== 'changed' && !counted.includes(change)) return change;
      const key = objectKey(ref);
      waiting.set(key, { ref, change, at: deps.now(), isNews: undefined });
      deps.queue.settle(key, deps.settle);
      return change;
    },
    async announce(key, signal) {
      const found = waiting.get(key);
      if (found === undefined) return;
      const { ref, change } = found;
      // Asked once: by the time of a second try the object may be another.
      found.isNews ??= await isNews(deps, found, signal);
      if (found.isNews) await deps.deliver({ ref, change }, signal);
      if (waiting.get(key) === found) waiting.delete(key);
    },
  };
}

interface Waiting extends Announcement {
  readonly at: number;
  isNews: boolean | undefined;
}

async function isNews(deps: AnnouncerDeps, waiting: Waiting, signal: AbortSignal): Promise<boolean> {
  const deliveredUntil = deps.deliveredUntil();
  if (deliveredUntil !== undefined && waiting.at <= deliveredUntil) return false;
  return waiting.change === 'changed' || deps.confirm(waiting, signal);
}
