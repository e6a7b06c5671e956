// What a request asks for: the verb, the resource and the object, read from method and path.
import type { IncomingMessage } from 'node:http';
import { type Kind, findResource } from './kinds.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** A request for objects of a kind. */
export interface ResourceRequest {
  readonly verb: Verb;
  readonly kind: Kind;
  /** Empty: cluster-wide, or across namespaces. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly query: URLSearchParams;
  readonly userAgent: string;
  readonly contentType: string;
  readonly accept: string;
  readonly body: Buffer;
}

export interface PlainRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly userAgent: string;
  readonly contentType: string;
  readonly accept: string;
  readonly body: Buffer;
}

export function readPlainRequest(message: IncomingMessage, body: Buffer): PlainRequest {
  const url = new URL(message.url ?? '/', 'http://fake.invalid');
  return {
    method: message.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    userAgent: message.headers['user-agent'] ?? '',
    contentType: (message.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '',
    accept: message.headers.accept ?? '',
    body,
  };
}

/** undefined: the path names no resource that is served, or the method none of its verbs. */
export function readResourceRequest(request: PlainRequest): ResourceRequest | undefined {
  const place = readPath(request.path);
  if (place === undefined) return undefined;
  const verb = verbOf(request, place);
  return verb === undefined ? undefined : { ...request, ...place, verb };
}

interface Place {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** `/api/v1/namespaces/shop/secrets/db`, `/apis/apps/v1/deployments`, ... */
export function readPath(path: string): Place | undefined {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const [root, ...rest] = parts;
  const [group = '', version = '', ...place] = root === 'api' ? ['', ...rest] : root === 'apis' ? rest : [];
  if (version === '') return undefined;
  const isNamespaced =
    place[0] === 'namespaces' && place.length > 2 && place[2] !== 'status' && place[2] !== 'finalize';
  const [resource = '', name = '', subresource = '', ...more] = isNamespaced ? place.slice(2) : place;
  const kind = findResource(group, version, resource);
  if (kind === undefined || more.length > 0 || (isNamespaced && !kind.namespaced)) return undefined;
  if (subresource !== '' && !(subresource === 'status' && kind.status)) return undefined;
  const namespace = isNamespaced ? (place[1] ?? '') : '';
  if (kind.namespaced && name !== '' && namespace === '') return undefined;
  return { kind, namespace, name, subresource };
}

function verbOf(request: PlainRequest, place: Place): Verb | undefined {
  const isWatch = ['true', '1'].includes(request.query.get('watch') ?? '');
  switch (request.method) {
    case 'GET':
      if (place.name !== '') return 'get';
      return isWatch ? 'watch' : 'list';
    case 'POST':
      return place.name === '' ? 'create' : undefined;
    case 'PUT':
      return place.name === '' ? undefined : 'update';
    case 'PATCH':
      return place.name === '' ? undefined : 'patch';
    case 'DELETE':
      if (place.subresource !== '') return undefined;
      return place.name === '' ? 'deletecollection' : 'delete';
    default:
      return undefined;
  }
}
