// Reads the resources of engines once, page by page, for the command line.
import type { EngineGap } from '../core/engine.ts';
import { hasCode } from '../core/errors.ts';
import type { Client } from './client.ts';
import { enginePageSize, gapAt, listPlaces, putObject, uniqueGaps } from './engine-resources.ts';
import type { EnginePlace, EngineSubject } from './engine-resources.ts';
import { listPages } from './pages.ts';

export interface EngineReadOptions {
  readonly client: Client;
  readonly subjects: readonly EngineSubject[];
  /** So many objects of the resource were read so far. */
  readonly onRead: (resource: string, count: number) => void;
  readonly signal: AbortSignal;
}

/** Answers with what may not be read, or is not there. Throws `api-*` for everything else. */
export async function readEngineResources(options: EngineReadOptions): Promise<readonly EngineGap[]> {
  const places = options.subjects.flatMap(listPlaces);
  const gaps = await Promise.all(places.map((place) => readPlace(options, place)));
  return uniqueGaps(gaps.filter((gap) => gap !== undefined));
}

async function readPlace(
  { client, onRead, signal }: EngineReadOptions,
  place: EnginePlace,
): Promise<EngineGap | undefined> {
  const { resource, namespace = '', path, query } = place;
  try {
    await listPages(client, {
      resource: resource.resource,
      subject: namespace,
      path,
      query,
      pageSize: enginePageSize,
      signal,
      parse: (object) => void putObject(place, object),
      onPage: (count) => onRead(resource.resource, count),
    });
    return undefined;
  } catch (error) {
    if (hasCode(error, 'api-forbidden')) return gapAt(place, 'forbidden');
    if (hasCode(error, 'api-not-found')) return gapAt(place, 'not-served');
    throw error;
  }
}
