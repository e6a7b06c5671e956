// Everything that the service touches outside of itself. serve.ts opens the real ones; tests hand in their own.
import type { Log } from './core/log.ts';
import type { Client } from './kube/client.ts';
import type { Metrics } from './metrics.ts';
import type { Resolve } from './notify/addresses.ts';
import type { Clock } from './reconcile/workqueue.ts';
import type { ReloaderCounts } from './reloader-counts.ts';
import type { HistoryFile } from './shadow-file.ts';

/** Everything that touches the outside. */
export interface Ports {
  readonly client: Client;
  /** The cluster that Argo CD runs in, where that is another one. */
  readonly hub: Client | undefined;
  /** Monotonic. */
  readonly clock: Clock;
  /** Wall clock (ms). */
  readonly now: () => number;
  readonly random: () => number;
  readonly randomBytes: (size: number) => Buffer;
  /** Resolves after `ms`, or at once when aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Counts in Reloader's metrics. */
  readonly reloader: ReloaderCounts;
  /** All addresses of a host name. */
  readonly resolve: Resolve;
  readonly readFile: (path: string) => string;
  /** The history of shadow mode in the state directory. */
  readonly historyFile: (folder: string) => HistoryFile;
  /** Handed on to git, as far as git may see it. */
  readonly env: Readonly<Record<string, string | undefined>>;
}
