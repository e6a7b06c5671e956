// Where outcomes go: log, metrics, Kubernetes Events and alerts, put together as the configuration asks.
import type { Config } from './config.ts';
import { LockstepError } from './core/errors.ts';
import { createEventRecorder } from './kube/patches.ts';
import type { Client } from './kube/client.ts';
import type { Resolve } from './notify/addresses.ts';
import { createNotifier } from './notify/notifier.ts';
import { createSink } from './notify/sink.ts';
import type { Outcome } from './reconcile/outcome.ts';
import { sinks } from './registry.ts';
import { createReport, type ReportDeps } from './outcome-report.ts';

/** As in parts.ts. */
interface OutcomePorts extends Pick<ReportDeps, 'log' | 'metrics' | 'reloader'> {
  readonly client: Client;
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly resolve: Resolve;
}

/** `signal` ends what is sent beside the loop. */
export function openReport(config: Config, ports: OutcomePorts, signal: AbortSignal): (outcome: Outcome) => void {
  const { log, metrics, reloader } = ports;
  const telling = openTelling(config, ports, signal);
  return createReport({ log, metrics, telling: config.reloader.strategy, ...telling, reloader });
}

/** Kubernetes Events, and alerts where there is somebody to alert. */
export function openTelling(
  config: Config,
  ports: OutcomePorts,
  signal: AbortSignal,
): Pick<ReportDeps, 'events' | 'alerts'> {
  const { client, now, random, sleep, log } = ports;
  const onLost = (error: unknown): void => log.debug({ err: error }, 'Event not recorded');
  const events = createEventRecorder(client, { now, random, sleep, signal, onLost });
  return { events, ...openAlerts(config, ports, signal) };
}

/** What cannot be used is said and left out: alerts are no reason to leave workloads on old content. */
function openAlerts(config: Config, { log, resolve }: OutcomePorts, signal: AbortSignal): Pick<ReportDeps, 'alerts'> {
  const { alerts } = config.reloader;
  if (alerts === undefined) return {};
  try {
    const sink = createSink({ format: sinks[alerts.sink], url: alerts.url, proxy: alerts.proxy, resolve });
    return { alerts: { notifier: createNotifier({ sink, log, signal }), additionalInfo: alerts.additionalInfo } };
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    log.error({ err: error, advice: error.advice }, 'alerts are off');
    return {};
  }
}
