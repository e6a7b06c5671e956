// Lists of a cluster for the commands that read it once: page by page, what may not be listed becomes a gap.
import { hasCode, type LockstepError } from './core/errors.ts';
import { workloadKinds, type WorkloadKind } from './core/object.ts';
import { unlessForbidden } from './explain-reads.ts';
import type { Client } from './kube/client.ts';
import { createDiscovery } from './kube/discovery.ts';
import { workloadPath } from './kube/ingest-workload.ts';
import { listPages } from './kube/pages.ts';
import type { ApiObject } from './kube/reflector.ts';

export interface ListAsking {
  readonly client: Client;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  /** So many objects of the resource were read so far. */
  readonly onRead: (resource: string, count: number) => void;
  readonly signal: AbortSignal;
}

export interface ListPlace {
  readonly resource: string;
  readonly path: string;
  readonly pageSize: number;
  readonly accept?: string;
}

export interface ListReader {
  /** Empty, and the resource is among the forbidden ones, where listing is not granted. Throws `api-*`. */
  read<T>(place: ListPlace, parse: (object: ApiObject) => T): Promise<readonly T[]>;
  forbidden(): readonly string[];
  /** Throws `api-forbidden` when nothing at all could be listed. */
  demandAnything(): void;
}

/** As many objects in one answer; a Secret or ConfigMap may be a megabyte. */
export const pageSizes = { config: 100, other: 500 } as const;

export function createListReader({ client, namespace = '', onRead, signal }: ListAsking): ListReader {
  const forbidden: string[] = [];
  const refusals: LockstepError[] = [];
  let lists = 0;
  return {
    async read(place, parse) {
      lists++;
      const onPage = (count: number): void => onRead(place.resource, count);
      try {
        return await listPages(client, { ...place, subject: namespace, signal, parse, onPage });
      } catch (error) {
        if (!hasCode(error, 'api-forbidden')) throw error;
        forbidden.push(place.resource);
        refusals.push(error);
        return [];
      }
    },
    forbidden: () => forbidden,
    demandAnything() {
      const [refusal] = refusals;
      if (refusal !== undefined && refusals.length === lists) throw refusal;
    },
  };
}

/** Of every kind that the cluster serves. Throws `api-*`. */
export async function readWorkloads<T>(
  { client, namespace, now, signal }: ListAsking & { readonly now: number },
  lists: ListReader,
  parse: (kind: WorkloadKind, object: ApiObject) => T,
): Promise<readonly T[]> {
  const found: T[] = [];
  const discovery = createDiscovery(client, () => now);
  for (const kind of Object.keys(workloadKinds) as WorkloadKind[]) {
    const { resource, mayBeAbsent } = workloadKinds[kind];
    // Rights are looked at before the resource is: what is not there would be a gap.
    const isServed = async () => unlessForbidden(discovery.isServed(workloadKinds[kind], signal));
    if (mayBeAbsent === true && (await isServed()) === false) continue;
    const place = { resource, path: workloadPath(kind, namespace), pageSize: pageSizes.other };
    for (const workload of await lists.read(place, (object) => parse(kind, object))) found.push(workload);
  }
  return found;
}

/** `/api/v1/...` in the namespace, or in all. */
export function corePath(namespace: string | undefined, resource: string): string {
  return namespace === undefined ? `/api/v1/${resource}` : `/api/v1/namespaces/${namespace}/${resource}`;
}
