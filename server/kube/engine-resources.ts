// Where the resources of an engine are at the API server, and how their objects are handed to its view.
import type { EngineGap, EngineName, EngineRef, EngineResource, EngineView } from '../core/engine.ts';
import { groupPath } from './ingest-config.ts';
import type { ApiObject } from './reflector.ts';

/** An engine whose resources are to be read. */
export interface EngineSubject {
  readonly engine: EngineName;
  readonly resources: readonly EngineResource[];
  readonly view: Pick<EngineView, 'put' | 'remove'>;
  /** Where its own settings are. */
  readonly namespace: string;
  /** Where its resources may be; empty: anywhere. */
  readonly namespaces: readonly string[];
}

/** One list of a resource: of all namespaces, or of one. */
export interface EnginePlace {
  readonly subject: EngineSubject;
  readonly resource: EngineResource;
  readonly namespace: string | undefined;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Applications and their histories are up to a megabyte each. */
export const enginePageSize = 100;

export function listPlaces(subject: EngineSubject): readonly EnginePlace[] {
  const { namespace: own, namespaces } = subject;
  const scopes = namespaces.length === 0 ? [undefined] : [...new Set([...namespaces, own])];
  return subject.resources.flatMap((resource) =>
    (resource.name === undefined ? scopes : [own]).map((namespace) => ({
      subject,
      resource,
      namespace,
      path: `${basePath(resource)}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${resource.resource}`,
      query: {
        ...(resource.name === undefined ? {} : { fieldSelector: `metadata.name=${resource.name}` }),
        ...(resource.labelSelector === undefined ? {} : { labelSelector: resource.labelSelector }),
      },
    })),
  );
}

function basePath(resource: EngineResource): string {
  return resource.group === '' ? `/api/${resource.version}` : groupPath(resource);
}

/** Items of a list may come without their kind. */
export function putObject({ subject, resource }: EnginePlace, object: ApiObject): readonly EngineRef[] {
  const { group, version, kind } = resource;
  return subject.view.put(resource, { apiVersion: group === '' ? version : `${group}/${version}`, kind, ...object });
}

export function gapAt({ subject, resource }: EnginePlace, reason: EngineGap['reason']): EngineGap {
  const name = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
  return { engine: subject.engine, kind: resource.kind, resource: name, reason };
}

/** One for each resource, the first. */
export function uniqueGaps(gaps: readonly EngineGap[]): readonly EngineGap[] {
  const byResource = new Map<string, EngineGap>();
  for (const gap of gaps) {
    const key = `${gap.engine} ${gap.resource}`;
    if (!byResource.has(key)) byResource.set(key, gap);
  }
  return [...byResource.values()];
}
