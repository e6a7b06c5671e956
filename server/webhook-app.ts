// Runs Lockstep under --webhook-url: every change of a Secret or ConfigMap is posted there, and nothing is restarted. No workload is
// watched, and nothing is remembered beyond the process but the Lease's mark until when everything was delivered.
import { aborted, type App } from './app.ts';
import type { Config } from './config.ts';
import type { DigestKey } from './core/digest.ts';
import { LockstepError } from './core/errors.ts';
import type { SeenProviderClass, SeenStatus } from './core/provider-class.ts';
import type { SeenConfig, SeenEvent, SeenNamespace } from './core/seen.ts';
import { confirmChange } from './kube/confirm-change.ts';
import { makeDigestKey } from './kube/digest-key.ts';
import type { Leadership } from './kube/leader.ts';
import type { Watches } from './kube/watches.ts';
import { holdLease } from './lease.ts';
import { openNamespaces, type Ports } from './parts.ts';
import { createAnnouncer, type Announcer, type AnnouncerDeps } from './reconcile/announce.ts';
import { createWorkQueue, type WorkQueue } from './reconcile/workqueue.ts';
import { createProviderClasses } from './state/provider-classes.ts';
import { createConfigChanges, type ConfigChanges } from './state/config-changes.ts';
import type { Namespaces } from './state/namespaces.ts';
import { reportSparingly } from './trouble.ts';
import { openWatches } from './watching.ts';
import { createDelivery } from './webhook-delivery.ts';

/** Receivers are few and answer fast; more at once would only crowd them. */
const concurrency = 8;
/** Watches of different resources may be this far apart when everything seems delivered. */
const watchLagMs = 5_000;
/** A pod has 30 s to stop, and some are for the HTTP servers. */
const drainMs = 15_000;

interface WebhookParts {
  /** Of this process only: nothing that it digests is kept. */
  readonly key: DigestKey;
  readonly changes: ConfigChanges;
  readonly announcer: Announcer;
  readonly queue: WorkQueue;
  readonly namespaces: Namespaces;
  /** Aborts the posts in progress. */
  readonly work: AbortController;
  watches: Watches | undefined;
  leadership: Leadership | undefined;
  deliveredUntil: number | undefined;
}

export function createWebhookApp(config: Config, ports: Ports, url: string): App {
  let parts: WebhookParts | undefined;
  return {
    async run(signal) {
      parts = assemble(config, ports, createDelivery(config, ports, url));
      try {
        await live(config, ports, parts, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    unsynced: () => parts?.watches?.unsynced() ?? ['start'],
    owed: () => [],
    isWatched: (namespace) => parts?.namespaces.isWatched(namespace) ?? true,
    shadow() {
      throw new LockstepError('shadow-off', { message: 'this Lockstep posts to --webhook-url and judges nothing' });
    },
    recorded() {
      throw new LockstepError('not-ready', { message: 'this Lockstep posts to --webhook-url and sees no workloads' });
    },
    look: () => undefined,
  };
}

function assemble(config: Config, ports: Ports, deliver: AnnouncerDeps['deliver']): WebhookParts {
  const { now, randomBytes } = ports;
  const { reloadOnCreate, reloadOnDelete, syncAfterRestart, resourceLabelSelector } = config.reloader;
  const work = new AbortController();
  const queue = openQueue(ports, work.signal, (key) => parts.announcer.announce(key, work.signal));
  const key = makeDigestKey(randomBytes);
  const changes = createConfigChanges(key, syncAfterRestart ? 'listed-is-created' : 'listed-is-known');
  const namespaces = openNamespaces(config);
  const announcer = createAnnouncer({
    changes,
    namespaces,
    queue,
    settle: { windowMs: config.settleMs, maxMs: config.settleMaxMs },
    counted: [...(reloadOnCreate ? (['created'] as const) : []), ...(reloadOnDelete ? (['deleted'] as const) : [])],
    now,
    confirm: async (announcement, signal) =>
      resourceLabelSelector.text === '' || confirmChange(ports.client, announcement, signal),
    deliveredUntil: () => parts.leadership?.settledAt,
    deliver,
  });
  const parts: WebhookParts = {
    key,
    changes,
    announcer,
    queue,
    namespaces,
    work,
    watches: undefined,
    leadership: undefined,
    deliveredUntil: undefined,
  };
  return parts;
}

function openQueue(ports: Ports, signal: AbortSignal, handle: (key: string) => Promise<void>): WorkQueue {
  const { clock, random, metrics } = ports;
  const onTrouble = reportSparingly(ports, () => clock.now(), 'change not posted, trying again');
  const queue = createWorkQueue({
    clock,
    random,
    concurrency,
    handle,
    onFailure: (_, error) => {
      if (!signal.aborted) onTrouble(error);
      return error instanceof LockstepError ? error.afterMs : undefined;
    },
  });
  metrics.measureQueues((name) => (name === 'workload' ? queue.depth : 0));
  return queue;
}

/** From the first list to the last post. */
async function live(config: Config, ports: Ports, parts: WebhookParts, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const letGo = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const settledAt = (): number | undefined => markDelivered(ports, parts);
  const onLeading = (leadership: Leadership): void => void (parts.leadership = leadership);
  const isAlone = config.mode === 'observe';
  const lease = isAlone ? undefined : holdLease(config, ports, { settledAt, onLeading, stop, letGo: letGo.signal });
  try {
    parts.watches = openParts(config, ports, parts, stop);
    await Promise.race([parts.watches.synced, aborted(stop)]);
    await lease?.ours;
    stop.throwIfAborted();
    parts.queue.start();
    ports.log.info({ configs: parts.changes.size }, 'synced; changes from now on are posted, and nothing is restarted');
    await Promise.race([aborted(stop), parts.watches.ended, ...(lease === undefined ? [] : [lease.ended])]);
    if (signal.aborted) await drain(ports, parts);
  } finally {
    parts.work.abort();
    ended.abort();
    letGo.abort();
    await Promise.allSettled([lease?.ended, parts.watches?.ended]);
    await parts.queue.stop();
  }
}

function openParts(config: Config, ports: Ports, parts: WebhookParts, stop: AbortSignal): Watches {
  const { reloader } = ports;
  const classes = createProviderClasses();
  const see = (event: SeenEvent<SeenConfig>): 'changed' | 'unchanged' => {
    const change = parts.announcer.see(event);
    if (change !== undefined && event.present) ports.metrics.changes.inc({ kind: event.object.ref.kind });
    return change === undefined ? 'unchanged' : 'changed';
  };
  const route = {
    onWorkload: () => undefined,
    onRevision: () => undefined,
    onConfig: (event: SeenEvent<SeenConfig>) => reloader.config(event, see(event)),
    onProviderClass: (event: SeenEvent<SeenProviderClass>) => void classes.onClass(event).map(see),
    onStatus(event: SeenEvent<SeenStatus>) {
      const effects = classes.onStatus(event).map(see);
      reloader.status(event, effects.includes('changed') ? 'changed' : 'unchanged');
    },
    onNamespace(event: SeenEvent<SeenNamespace>) {
      parts.namespaces.apply(event);
      reloader.namespace(event);
    },
  };
  const keys = [parts.key];
  const afterWorkloads = async (): Promise<void> => undefined;
  return openWatches(config, ports, { keys, route }, { resources: 'config-objects', afterWorkloads, stop });
}

/** For the next leader: what was seen until here is delivered. Stands still while something is not. */
function markDelivered({ now }: Ports, parts: WebhookParts): number | undefined {
  const heardUntil = parts.watches?.heardUntil();
  const isIdle = parts.queue.depth === 0 && parts.watches?.unsynced().length === 0;
  if (isIdle && heardUntil !== undefined) parts.deliveredUntil = Math.min(heardUntil, now()) - watchLagMs;
  return parts.deliveredUntil;
}

/** Takes no new changes, and ends what takes longer than it may. */
async function drain({ clock, log }: Ports, { queue, work }: WebhookParts): Promise<void> {
  const waiting = queue.depth;
  const cancel = clock.after(drainMs, () => work.abort());
  await queue.stop();
  cancel();
  log.info({ waiting }, 'stopped; changes that still waited are not posted');
}
