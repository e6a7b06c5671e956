// Starts the watches as the configuration asks, and tells of their troubles.
import type { Config } from './config.ts';
import { startWatches, type WatchHandlers, type WatchOptions, type Watches } from './kube/watches.ts';
import { readingOf, type Parts, type Ports } from './parts.ts';
import { watchedKinds } from './reloader-config.ts';
import { reportTrouble } from './trouble.ts';

export interface Watching extends Pick<WatchOptions, 'resources' | 'afterWorkloads'> {
  readonly stop: AbortSignal;
}

type Handlers = Omit<WatchHandlers, 'onSynced' | 'onTrouble'>;

export function openWatches(
  config: Config,
  ports: Ports,
  { keys, route }: Pick<Parts, 'keys'> & { readonly route: Handlers },
  { resources, afterWorkloads, stop }: Watching,
): Watches {
  const { client, now, random, sleep, metrics } = ports;
  const { resourceLabelSelector, namespaceSelector } = config.reloader;
  const options: WatchOptions = {
    client,
    namespaces: config.namespaces,
    reading: readingOf(config, keys),
    kinds: watchedKinds(config.reloader),
    configSelector: resourceLabelSelector,
    resources,
    namespaceChoice: namespaceSelector.requirements.length > 0 ? 'by-label' : 'by-name',
    now,
    random,
    sleep,
    afterWorkloads,
    ...route,
    onSynced: (resource, isSynced) => metrics.watchSynced.set({ resource }, isSynced ? 1 : 0),
    onTrouble: (resource, error, retryMs) => {
      metrics.watchRestarts.inc({ resource, reason: error.code });
      const fields = { watch: resource, retryMs: Math.round(retryMs) };
      reportTrouble(ports, error, 'watch interrupted, trying again', fields);
    },
  };
  return startWatches(options, stop);
}
