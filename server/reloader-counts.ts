// What happens in the loop, counted in Reloader's metrics. README.md says what each of them means here and which stay at 0.
import type { AckReason } from './core/judge-pair.ts';
import { objectKey } from './core/object.ts';
import { watchedAs } from './core/notification.ts';
import type { SeenStatus } from './core/provider-class.ts';
import type { SeenConfig, SeenEvent, SeenNamespace } from './core/seen.ts';
import { methods, type Client, type Verb } from './kube/client.ts';
import type { Outcome } from './reconcile/outcome.ts';
import type { WorkQueue } from './reconcile/workqueue.ts';
import type { ReloaderMetrics } from './reloader-metrics.ts';

export interface ReloaderCountsOptions {
  readonly metrics: ReloaderMetrics;
  /** Monotonic (ms). */
  readonly now: () => number;
  readonly namespaceLabel: (namespace: string) => string;
}

export interface ReloaderCounts {
  readonly outcome: (outcome: Outcome) => void;
  /** The same queue; what enters it is counted. */
  readonly queue: (queue: WorkQueue) => WorkQueue;
  /** One reconcile of a workload's key. */
  readonly reconcile: (key: string, run: () => Promise<void>) => Promise<void>;
  readonly config: (event: SeenEvent<SeenConfig>, effect: Effect) => void;
  /** The driver's status objects, as Reloader counts them, not the classes. */
  readonly status: (event: SeenEvent<SeenStatus>, effect: Effect) => void;
  readonly namespace: (event: SeenEvent<SeenNamespace>) => void;
}

type Result = 'success' | 'error';
type Effect = 'changed' | 'unchanged';

/** The content is new, and the pods have it already. */
const inPlace: readonly AckReason[] = ['fresh', 'still-fresh', 'returned-unread'];

export function createReloaderCounts(options: ReloaderCountsOptions): ReloaderCounts {
  const { metrics, now } = options;
  const actions = createActions(options);
  const waits = createWaits(options);
  return {
    outcome: (outcome) => actions.follow(outcome),
    queue: (queue) => waits.watch(queue),
    async reconcile(key, run) {
      waits.leave(key);
      metrics.scanned.inc({ kind: firstPart(key) });
      const startedAt = now();
      let result: Result | undefined;
      try {
        await run();
        result = actions.take(key);
      } catch (error) {
        actions.close(key, 'error');
        actions.take(key);
        result = 'error';
        metrics.errors.inc({ type: 'handler_error' });
        metrics.retries.inc();
        throw error;
      } finally {
        metrics.reconciles.inc({ result: result ?? 'skipped' });
        metrics.reconcileSeconds.observe({ result: result ?? 'skipped' }, (now() - startedAt) / 1000);
      }
    },
    config: (event, effect) => {
      const kind = event.present ? event.object.ref.kind : firstPart(event.key);
      countConfig(metrics, event, { resource: watchedAs[kind === 'Secret' ? 'Secret' : 'ConfigMap'], effect });
    },
    status: (event, effect) => countConfig(metrics, event, { resource: watchedAs.SecretProviderClass, effect }),
    namespace: (event) => metrics.received.inc({ event_type: eventType(event), resource_type: 'namespaces' }),
  };
}

interface Actions {
  readonly follow: (outcome: Outcome) => void;
  /** The restart that was sent for this key, if any, has ended. */
  readonly close: (key: string, result: Result) => void;
  /** How the restart of the reconcile that ends here went; undefined: there was none. */
  readonly take: (key: string) => Result | undefined;
}

/** Pairs each restart that was sent with its end. Bounded by the reconciles that run. */
function createActions(options: ReloaderCountsOptions): Actions {
  const { metrics, now } = options;
  const sentAt = new Map<string, number>();
  const ended = new Map<string, Result>();
  const close = (key: string, result: Result): void => {
    const since = sentAt.get(key);
    if (since === undefined) return;
    sentAt.delete(key);
    ended.set(key, result);
    countAction(options, key, { result, seconds: (now() - since) / 1000 });
  };
  return {
    close,
    take(key) {
      const result = ended.get(key);
      ended.delete(key);
      return result;
    },
    follow(outcome) {
      if (outcome.kind === 'halt-ended') return;
      const key = objectKey('ref' in outcome.workload ? outcome.workload.ref : outcome.workload);
      switch (outcome.kind) {
        case 'restarting':
          metrics.matched.inc({ kind: outcome.workload.ref.kind });
          return void sentAt.set(key, now());
        case 'restarted':
          return close(key, 'success');
        case 'refused':
          return close(key, 'error');
        case 'conflict':
          return void sentAt.delete(key);
        case 'recorded':
          return countInPlace(metrics, outcome.acked);
        case 'paused':
        case 'resumed':
        case 'would-resume':
        case 'resume-held':
        case 'resume-refused':
          return;
        case 'would-restart':
        case 'held':
          return metrics.matched.inc({ kind: outcome.workload.ref.kind });
        case 'throttled':
        case 'rollout-late':
        case 'halted':
          return;
      }
    },
  };
}

/** The same client, its requests measured as client-go does: a watch until it is answered. */
export function measureClient(
  client: Client,
  { metrics, now }: Pick<ReloaderCountsOptions, 'metrics' | 'now'>,
): Client {
  const { host } = new URL(client.server);
  const measured = async <T>(verb: Verb, run: () => Promise<T>): Promise<T> => {
    const startedAt = now();
    try {
      return await run();
    } finally {
      metrics.requestSeconds.observe({ verb: methods[verb], host }, (now() - startedAt) / 1000);
    }
  };
  return {
    server: client.server,
    send: (request) => measured(request.verb, () => client.send(request)),
    stream: (request) => measured(request.verb, () => client.stream(request)),
  };
}

/** `code` 0, no answer, is client-go's `<error>`. */
export function countRequest(
  metrics: ReloaderMetrics,
  { verb, code, host }: { readonly verb: Verb; readonly code: number; readonly host: string },
): void {
  metrics.requests.inc({ code: code === 0 ? '<error>' : String(code), method: methods[verb], host });
}

function countAction(
  { metrics, namespaceLabel }: ReloaderCountsOptions,
  key: string,
  { result, seconds }: { readonly result: Result; readonly seconds: number },
): void {
  const [kind = '', namespace = ''] = key.split('/');
  const success = String(result === 'success');
  metrics.reloads.inc({ success });
  metrics.reloadsByNamespace?.inc({ success, namespace: namespaceLabel(namespace) });
  metrics.actions.inc({ workload_kind: kind, result });
  metrics.actionSeconds.observe({ workload_kind: kind }, seconds);
}

function countInPlace({ skipped }: ReloaderMetrics, acked: readonly { readonly reason: AckReason }[]): void {
  const count = acked.filter(({ reason }) => inPlace.includes(reason)).length;
  if (count > 0) skipped.inc({ reason: 'strategy_not_updated' }, count);
}

function countConfig(
  { received, processed, skipped }: ReloaderMetrics,
  event: SeenEvent<unknown>,
  { resource, effect }: { readonly resource: string; readonly effect: Effect },
): void {
  const type = eventType(event);
  received.inc({ event_type: type, resource_type: resource });
  if (type !== 'update') return;
  processed.inc({ event_type: 'unknown', resource_type: resource, result: 'success' });
  if (effect === 'unchanged') skipped.inc({ reason: 'no_data_change' });
}

function eventType(event: SeenEvent<unknown>): 'add' | 'update' | 'delete' {
  if (!event.present) return 'delete';
  return event.how === 'modified' ? 'update' : 'add';
}

interface Waits {
  /** The same queue; what enters it is counted. */
  readonly watch: (queue: WorkQueue) => WorkQueue;
  readonly leave: (key: string) => void;
}

/** A key waits once, however often it is added; so it counts once. Retries are counted elsewhere. */
function createWaits({ metrics, now }: ReloaderCountsOptions): Waits {
  const addedAt = new Map<string, number>();
  const enter = (key: string): void => {
    if (addedAt.has(key)) return;
    addedAt.set(key, now());
    metrics.queueAdds.inc();
  };
  return {
    watch(queue) {
      metrics.measureQueue(() => queue.depth);
      return enteredBy(queue, enter);
    },
    leave(key) {
      const since = addedAt.get(key);
      if (since !== undefined) metrics.queueSeconds.observe((now() - since) / 1000);
      addedAt.delete(key);
    },
  };
}

function enteredBy(queue: WorkQueue, enter: (key: string) => void): WorkQueue {
  return {
    add(key) {
      enter(key);
      queue.add(key);
    },
    settle(key, settle) {
      enter(key);
      queue.settle(key, settle);
    },
    addAfter: (key, ms) => queue.addAfter(key, ms),
    start: () => queue.start(),
    stop: () => queue.stop(),
    get depth() {
      return queue.depth;
    },
  };
}

function firstPart(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
