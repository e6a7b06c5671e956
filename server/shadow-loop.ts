// Opens shadow mode as the configuration asks, and runs what it needs beside the loop: the clock, and the watch of Reloader's Events.
import type { Config } from './config.ts';
import { watchReloadFailures } from './kube/reload-failures.ts';
import type { Log } from './core/log.ts';
import type { Client } from './kube/client.ts';
import type { Metrics } from './metrics.ts';
import type { LiveState } from './reconcile/gather.ts';
import type { HistoryFile } from './shadow-file.ts';
import { createShadowMetrics } from './shadow-metrics.ts';
import { createShadowWatch, type ShadowWatch } from './shadow.ts';
import { reportTrouble } from './trouble.ts';

/** As in parts.ts. */
interface ShadowPorts {
  readonly client: Client;
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly historyFile: (folder: string) => HistoryFile;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** How much later than its time a judgement may come. */
const tickMs = 2_000;

export function openShadow(config: Config, ports: ShadowPorts, { configs }: LiveState): ShadowWatch | undefined {
  if (config.mode !== 'observe') return undefined;
  return createShadowWatch({
    limits: config.shadow,
    settle: { windowMs: config.settleMs, maxMs: config.settleMaxMs },
    configs,
    file: ports.historyFile(config.stateDir),
    metrics: createShadowMetrics(ports.metrics.registry),
    log: ports.log,
    now: ports.now,
    onTrouble: (error) => ports.log.warn({ err: error }, 'shadow history not kept on disk'),
  });
}

/** Until the signal aborts, and what was judged is written. */
export async function runShadow(
  shadow: ShadowWatch,
  { config, ports }: { readonly config: Config; readonly ports: ShadowPorts },
  signal: AbortSignal,
): Promise<void> {
  try {
    await Promise.all([keepTime(shadow, ports, signal), watchFailures(shadow, { config, ports }, signal)]);
  } catch (error) {
    reportTrouble(ports, error, 'shadow mode has ended');
  }
  await shadow.close();
}

async function keepTime(shadow: ShadowWatch, { sleep }: ShadowPorts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(tickMs, signal);
    shadow.tick();
  }
}

function watchFailures(
  shadow: ShadowWatch,
  { config, ports }: { readonly config: Config; readonly ports: ShadowPorts },
  signal: AbortSignal,
): Promise<void> {
  const { client, random, sleep, log } = ports;
  let told = '';
  return watchReloadFailures(
    {
      client,
      random,
      sleep,
      namespaces: config.namespaces,
      onFailure: (failure) => shadow.failure(failure),
      onListed: () => shadow.setFailuresReadable('readable'),
      onTrouble: (error) => {
        if (error.code !== 'api-expired') shadow.setFailuresReadable('unreadable');
        if (error.code !== told) log.warn({ err: error, advice: error.advice }, 'Reloader’s Events cannot be watched');
        told = error.code;
      },
    },
    signal,
  );
}
