// Watches the resources of engines, and keeps their views up to date. What may not be read, or is not there, is a gap and no failure.
import type { EngineGap, EngineRef } from '../core/engine.ts';
import type { LockstepError } from '../core/errors.ts';
import type { Client } from './client.ts';
import { createDiscovery, type Discovery } from './discovery.ts';
import { enginePageSize, gapAt, listPlaces, putObject, uniqueGaps } from './engine-resources.ts';
import type { EnginePlace, EngineSubject } from './engine-resources.ts';
import { reflect, type ApiObject } from './reflector.ts';

export interface EngineWatchOptions {
  readonly client: Client;
  readonly subjects: readonly EngineSubject[];
  /** Anything about these owners may have changed. */
  readonly onOwners: (owners: readonly EngineRef[]) => void;
  /** That it is forbidden is told once, until it is allowed. */
  readonly onTrouble: (watch: string, error: LockstepError, retryMs: number) => void;
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface EngineWatches {
  /** Resolves when each resource is listed, or known to be a gap. Rejects with what a reflector threw: a bug. */
  readonly synced: Promise<void>;
  /** Resolves when all have ended. */
  readonly ended: Promise<void>;
  readonly gaps: () => readonly EngineGap[];
}

/** Rights are granted by people. */
const forbiddenMs = 300_000;

export function startEngineWatches(options: EngineWatchOptions, signal: AbortSignal): EngineWatches {
  const discovery = createDiscovery(options.client, options.now);
  const gaps = new Map<EnginePlace, EngineGap['reason'] | 'none'>();
  const watches = options.subjects.flatMap(listPlaces).map((place) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const know = (gap: EngineGap['reason'] | 'none'): void => {
      gaps.set(place, gap);
      if (gap !== 'not-listed') resolve();
    };
    know('not-listed');
    const running = watchPlace(options, { place, discovery, know, gapOf: () => gaps.get(place), signal });
    return { listed: promise, running: running.catch(reject) };
  });
  return {
    synced: Promise.all(watches.map(({ listed }) => listed)).then(() => undefined),
    ended: Promise.all(watches.map(({ running }) => running)).then(() => undefined),
    gaps: () => uniqueGaps([...gaps].flatMap(([place, gap]) => (gap === 'none' ? [] : [gapAt(place, gap)]))),
  };
}

interface PlaceWatch {
  readonly place: EnginePlace;
  readonly discovery: Discovery;
  readonly know: (gap: EngineGap['reason'] | 'none') => void;
  readonly gapOf: () => EngineGap['reason'] | 'none' | undefined;
  readonly signal: AbortSignal;
}

function watchPlace(options: EngineWatchOptions, { place, discovery, know, gapOf, signal }: PlaceWatch): Promise<void> {
  const { subject, resource, namespace, path, query } = place;
  const title = `${resource.resource} of ${subject.engine}${namespace === undefined ? '' : ` in ${namespace}`}`;
  const isCore = resource.group === '';
  return reflect<ApiObject>(
    {
      client: options.client,
      resource: resource.resource,
      path,
      query,
      ...(isCore ? {} : { isServed: (asking) => discovery.isServed(resource, asking) }),
      pageSize: enginePageSize,
      parse: (object) => ({ key: `${object.metadata.namespace ?? ''}/${object.metadata.name}`, value: object }),
      onEvent: (event) => {
        const [of = '', name = ''] = event.present ? [] : event.key.split('/');
        options.onOwners(event.present ? putObject(place, event.object) : subject.view.remove(resource, of, name));
      },
      onListed: () => know('none'),
      onHeard: () => undefined,
      onAbsent: () => know('not-served'),
      onTrouble: (error, retryMs) => {
        const isForbidden = error.code === 'api-forbidden';
        if (!isForbidden || gapOf() !== 'forbidden')
          options.onTrouble(title, error, isForbidden ? forbiddenMs : retryMs);
        if (isForbidden) know('forbidden');
        // A watch that broke goes on from where it was.
        else if (gapOf() !== 'none') know('not-listed');
      },
      random: options.random,
      sleep: (ms, sleeping) => options.sleep(gapOf() === 'forbidden' ? Math.max(ms, forbiddenMs) : ms, sleeping),
    },
    signal,
  );
}
