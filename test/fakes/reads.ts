// Get and list: selectors, pages at one version, resourceVersionMatch.
import { present } from './events-form.ts';
import { parseGoJson } from './go-json.ts';
import { type JsonObject, child, text } from './json.ts';
import { apiVersionOf, storageKey } from './kinds.ts';
import type { ResourceRequest } from './requests.ts';
import { type Matches, readFieldSelector, readLabelSelector } from './selectors.ts';
import { StatusError, badRequest, expired, invalidOptions, notFound } from './status-errors.ts';
import { type Storage, keyOf, keyOfObject } from './storage.ts';

export function getObject(storage: Storage, request: ResourceRequest): JsonObject {
  const { kind, namespace, name } = request;
  refuseFutureVersion(storage, request.query.get('resourceVersion'));
  const object = storage.get(storageKey(kind), keyOf(namespace, name));
  if (object === undefined) throw notFound(kind, name);
  return present(object, kind);
}

/** Which objects of its kind a request is about. */
export function readSelection(request: ResourceRequest): Matches {
  const labels = readLabelSelector(request.query.get('labelSelector') ?? '');
  const fields = readFieldSelector(request.query.get('fieldSelector') ?? '', request.kind);
  const { namespace } = request;
  return (object) =>
    (namespace === '' || text(object, 'metadata', 'namespace') === namespace) && labels(object) && fields(object);
}

interface ContinueToken {
  readonly v: string;
  readonly rv: number;
  readonly start: string;
}

export function listObjects(storage: Storage, request: ResourceRequest): JsonObject {
  const { query, kind } = request;
  const token = readContinue(query.get('continue'));
  checkListOptions(query, token);
  refuseFutureVersion(storage, query.get('resourceVersion'));
  const exact = query.get('resourceVersionMatch') === 'Exact' ? Number(query.get('resourceVersion')) : undefined;
  const version = token?.rv ?? exact ?? storage.version;
  const matches = readSelection(request);
  const all = readSnapshot(storage, storageKey(kind), { version, isContinued: token !== undefined });
  const rest = all.filter((object) => (token === undefined || keyOfObject(object) >= token.start) && matches(object));
  const limit = Number(query.get('limit') ?? 0);
  const page = limit > 0 ? rest.slice(0, limit) : rest;
  const left = rest.length - page.length;
  const last = page.at(-1);
  const isSelected = (query.get('labelSelector') ?? '') !== '' || (query.get('fieldSelector') ?? '') !== '';
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata: {
      resourceVersion: String(version),
      ...(left > 0 && last !== undefined ? { continue: writeContinue(version, last) } : {}),
      ...(left > 0 && !isSelected ? { remainingItemCount: left } : {}),
    },
    items: page.map((object) => itemForm(present(object, kind))),
  };
}

/** Items of a list carry no apiVersion and kind of their own. */
function itemForm(object: JsonObject): JsonObject {
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  return rest;
}

function readSnapshot(storage: Storage, resource: string, at: { version: number; isContinued: boolean }): JsonObject[] {
  if (at.version >= storage.compactedAt) return storage.list(resource, at.version);
  const message = at.isContinued
    ? 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'
    : `The resourceVersion for the provided list is too old.`;
  throw expired(message);
}

function writeContinue(version: number, last: JsonObject): string {
  const token: ContinueToken = { v: 'meta.k8s.io/v1', rv: version, start: `${keyOfObject(last)}\u0000` };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function readContinue(source: string | null): ContinueToken | undefined {
  if (source === null || source === '') return undefined;
  try {
    const token = parseGoJson(Buffer.from(source, 'base64url').toString('utf8')) as unknown as ContinueToken;
    if (typeof token.rv === 'number' && typeof token.start === 'string') return token;
  } catch (error) {
    throw badRequest(
      `invalid continue token: continue key is not valid: ${error instanceof Error ? error.message : ''}`,
    );
  }
  throw badRequest('invalid continue token: continue key is not valid');
}

function checkListOptions(query: URLSearchParams, token: ContinueToken | undefined): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const refuse = (field: string, detail: string) => {
    throw invalidOptions('ListOptions', [{ type: 'Forbidden', field, detail }]);
  };
  if (match !== '' && version === '')
    refuse('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (match !== '' && token !== undefined)
    refuse('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided');
  if (match === 'Exact' && version === '0') {
    refuse('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    throw invalidOptions('ListOptions', [
      {
        type: 'NotSupported',
        field: 'resourceVersionMatch',
        value: match,
        detail: 'supported values: "Exact", "NotOlderThan", ""',
      },
    ]);
  }
  if (token !== undefined && version !== '' && version !== '0')
    throw badRequest('specifying resource version is not allowed when using continue');
}

/** The real server waits three seconds for the future; the fake says at once what it would say then. */
function refuseFutureVersion(storage: Storage, version: string | null): void {
  if (version === null || version === '') return;
  if (!/^\d+$/.test(version))
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: "${version}": strconv.ParseUint: parsing "${version}": invalid syntax`,
    );
  if (Number(version) <= storage.version) return;
  const message = `Too large resource version: ${version}, current: ${storage.version}`;
  throw new StatusError(504, {
    message: `Timeout: ${message}`,
    reason: 'Timeout',
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
    headers: { 'retry-after': '1' },
  });
}

export function itemsOf(list: JsonObject): JsonObject[] {
  const { items } = list;
  return Array.isArray(items) ? items.map((item) => child({ item }, 'item')) : [];
}
