// The Table form that `kubectl get` asks for.
import { type Json, type JsonObject, at, child, integer, objects, text } from './json.ts';
import type { Kind } from './kinds.ts';

interface Column {
  readonly name: string;
  readonly type?: string;
  readonly format?: string;
  readonly priority?: number;
  readonly cell: (object: JsonObject, now: number) => Json;
}

export function isTableWanted(accept: string): boolean {
  return accept.split(',')[0]?.includes('as=Table') === true;
}

export function toTable(body: JsonObject, kind: Kind, view: { now: number; query: URLSearchParams }): JsonObject {
  if (body['kind'] === 'Status') return body;
  const isList = Array.isArray(body['items']);
  const columns = columnsOf(kind);
  const rows = (isList ? objects(body, 'items') : [body]).map((object) => ({
    cells: columns.map((column) => column.cell(object, view.now)),
    object: rowObject(object, view.query.get('includeObject') ?? 'Metadata'),
  }));
  const { resourceVersion } = child(body, 'metadata');
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: isList ? child(body, 'metadata') : resourceVersion === undefined ? {} : { resourceVersion },
    columnDefinitions: columns.map((column) => ({
      name: column.name,
      type: column.type ?? 'string',
      format: column.format ?? '',
      description: '',
      priority: column.priority ?? 0,
    })),
    rows,
  };
}

function rowObject(object: JsonObject, include: string): Json {
  if (include === 'None') return null;
  if (include === 'Object') return object;
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: child(object, 'metadata') };
}

const name: Column = { name: 'Name', format: 'name', cell: (object) => text(object, 'metadata', 'name') };
const age: Column = { name: 'Age', cell: (object, now) => ageText(text(object, 'metadata', 'creationTimestamp'), now) };

function column(columnName: string, cell: Column['cell'], type = 'string'): Column {
  return { name: columnName, type, cell };
}

function count(columnName: string, ...path: readonly string[]): Column {
  return column(columnName, (object) => integer(object, ...path) ?? 0, 'integer');
}

const columns: Readonly<Record<string, readonly Column[]>> = {
  Secret: [
    column('Type', (object) => text(object, 'type')),
    column('Data', (object) => Object.keys(child(object, 'data')).length, 'integer'),
  ],
  ConfigMap: [
    column(
      'Data',
      (object) => Object.keys(child(object, 'data')).length + Object.keys(child(object, 'binaryData')).length,
      'integer',
    ),
  ],
  Namespace: [column('Status', (object) => text(object, 'status', 'phase'))],
  ServiceAccount: [column('Secrets', (object) => objects(object, 'secrets').length, 'integer')],
  Deployment: [
    column(
      'Ready',
      (object) => `${integer(object, 'status', 'readyReplicas') ?? 0}/${integer(object, 'spec', 'replicas') ?? 0}`,
    ),
    count('Up-to-date', 'status', 'updatedReplicas'),
    count('Available', 'status', 'availableReplicas'),
  ],
  StatefulSet: [
    column(
      'Ready',
      (object) => `${integer(object, 'status', 'readyReplicas') ?? 0}/${integer(object, 'spec', 'replicas') ?? 0}`,
    ),
  ],
  DaemonSet: [
    count('Desired', 'status', 'desiredNumberScheduled'),
    count('Current', 'status', 'currentNumberScheduled'),
    count('Ready', 'status', 'numberReady'),
    count('Up-to-date', 'status', 'updatedNumberScheduled'),
    count('Available', 'status', 'numberAvailable'),
  ],
  ReplicaSet: [
    count('Desired', 'spec', 'replicas'),
    count('Current', 'status', 'replicas'),
    count('Ready', 'status', 'readyReplicas'),
  ],
  Pod: [
    column('Ready', (pod) => {
      const statuses = objects(pod, 'status', 'containerStatuses');
      return `${statuses.filter((status) => status['ready'] === true).length}/${objects(pod, 'spec', 'containers').length}`;
    }),
    column('Status', (pod) =>
      at(pod, 'metadata', 'deletionTimestamp') === undefined ? text(pod, 'status', 'phase') : 'Terminating',
    ),
    column('Restarts', () => '0'),
  ],
  Lease: [column('Holder', (object) => text(object, 'spec', 'holderIdentity'))],
  ControllerRevision: [count('Revision', 'revision')],
};

function columnsOf(kind: Kind): Column[] {
  return [name, ...(columns[kind.kind] ?? []), age];
}

/** `5s`, `3m20s`, `2d4h`: as kubectl shows ages. */
function ageText(created: string, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(created)) / 1000));
  if (created === '' || Number.isNaN(seconds)) return '<unknown>';
  if (seconds < 120) return `${seconds}s`;
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)];
  if (minutes < 10) return `${minutes}m${seconds % 60 === 0 ? '' : `${seconds % 60}s`}`;
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return `${hours}h${minutes % 60 === 0 ? '' : `${minutes % 60}m`}`;
  if (hours < 48) return `${hours}h`;
  if (days < 8) return `${days}d${hours % 24 === 0 ? '' : `${hours % 24}h`}`;
  return `${days}d`;
}
