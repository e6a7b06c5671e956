// Create, update and delete: decode, defaults, ownership, strategy, validation, storage, in the real server's order.
import { randomUUID } from 'node:crypto';
import { DecodeError, decode, timeText, zeroObject } from './canonical.ts';
import { setDefaults } from './defaults.ts';
import { toStored } from './events-form.ts';
import { parseGoJson } from './go-json.ts';
import { type Json, type JsonObject, child, clone, ensure, isObject, list, text } from './json.ts';
import { type Kind, apiVersionOf, findKind, storageKey } from './kinds.ts';
import { type Writer, keepTimes, managerFromUserAgent, trackUpdate } from './managed-fields.ts';
import type { ResourceRequest } from './requests.ts';
import { StatusError, alreadyExists, badRequest, conflict, invalid, modified, notFound } from './status-errors.ts';
import { type Storage, keyOf } from './storage.ts';
import {
  completeDaemonSet,
  foldStringData,
  ignoredFields,
  isCreatedByUpdate,
  isVersionRequired,
  prepareCreate,
  prepareUpdate,
} from './strategies.ts';
import { validateCreate, validateUpdate, warnOf } from './validation.ts';

export interface WriteContext {
  readonly storage: Storage;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Collects `Warning` headers. */
  readonly warnings: string[];
}

export interface Written {
  readonly code: number;
  readonly object: JsonObject;
  readonly before: JsonObject | undefined;
}

export function parseBody(body: Buffer, kindName: string): Json {
  const source = body.toString('utf8');
  try {
    return parseGoJson(source);
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    const what = `the object provided is unrecognized (must be of type ${kindName})`;
    throw badRequest(`${what}: couldn't get version/kind; json parse error: ${why} (${source})`);
  }
}

/** The request's object as its kind's type writes it, defaulted. @throws StatusError 400 */
export function decodeBody(body: Json, request: ResourceRequest, context: WriteContext): JsonObject {
  const { kind } = request;
  if (!isObject(body)) throw badRequest("couldn't get version/kind; json parse error: json: cannot unmarshal value");
  const apiVersion = text(body, 'apiVersion') || apiVersionOf(kind);
  const name = text(body, 'kind') || kind.kind;
  const found = findKind(apiVersion, name);
  const version = apiVersion.split('/').pop() ?? '';
  const refuse = (why: string) =>
    badRequest(`${name} in version "${version}" cannot be handled as a ${kind.kind}: ${why}`);
  if (found === undefined) {
    throw refuse(`no kind "${name}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`);
  }
  if (name !== kind.kind)
    throw refuse(`converting (v1.${name}) to (${goPackage(kind)}.${kind.kind}): unknown conversion`);
  if (apiVersion !== apiVersionOf(kind)) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${apiVersionOf(kind)})`,
    );
  }
  return toTyped({ ...body, apiVersion, kind: name }, request, context);
}

function goPackage(kind: Kind): string {
  return kind.group === '' ? 'core' : (kind.group.split('.')[0] ?? '');
}

function toTyped(body: JsonObject, request: ResourceRequest, context: WriteContext): JsonObject {
  const { kind } = request;
  try {
    const { value, unknown } = decode(body, kind.type);
    reportUnknown(unknown, request, context);
    return complete(value, kind);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${error.message}`);
  }
}

function reportUnknown(unknown: readonly string[], request: ResourceRequest, context: WriteContext): void {
  if (unknown.length === 0) return;
  const mode = request.query.get('fieldValidation') ?? 'Warn';
  if (mode === 'Strict') {
    const { kind } = request;
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: strict decoding error: ${unknown.join(', ')}`,
    );
  }
  if (mode === 'Warn') context.warnings.push(...unknown);
}

/** Defaults and conversions that reading an object brings with it. */
export function complete(value: JsonObject, kind: Kind): JsonObject {
  setDefaults(value, kind.type);
  if (kind.kind === 'Secret') foldStringData(value);
  if (kind.kind === 'DaemonSet') completeDaemonSet(value);
  return { kind: kind.kind, apiVersion: apiVersionOf(kind), ...decode(value, kind.type).value };
}

export function createObject(context: WriteContext, request: ResourceRequest, object: JsonObject): Written {
  const { kind } = request;
  const metadata = ensure(object, 'metadata');
  checkNamespace(request, metadata);
  if (text(metadata, 'resourceVersion') !== '') {
    throw new StatusError(500, { message: 'resourceVersion should not be set on objects to be created' });
  }
  nameObject(metadata);
  const tracked = trackUpdate(zeroObject(kind.type), object, writerOf(context, request), rulesOf(request));
  return insertObject(context, request, tracked);
}

/** The part of a create that follows ownership; apply comes in here too. */
export function insertObject(context: WriteContext, request: ResourceRequest, tracked: JsonObject): Written {
  const { kind } = request;
  const { storage } = context;
  const metadata = ensure(tracked, 'metadata');
  for (const key of ['selfLink', 'deletionTimestamp', 'deletionGracePeriodSeconds']) delete metadata[key];
  metadata['uid'] = randomUUID();
  metadata['creationTimestamp'] = timeText(context.now);
  if (kind.namespaced) requireNamespace(storage, request.namespace);
  prepareCreate(kind, tracked);
  const name = text(metadata, 'name');
  const object = decode(tracked, kind.type).value;
  const errors = validateCreate(kind, object);
  if (errors.length > 0) throw invalid(kind, name, errors);
  context.warnings.push(...warnOf(kind, object));
  const key = keyOf(request.namespace, name);
  const holder = storage.get(storageKey(kind), key);
  if (holder !== undefined) {
    throw alreadyExists(kind, name, text(holder, 'metadata', 'deletionTimestamp') === '' ? 'live' : 'deleting');
  }
  const typed = { kind: kind.kind, apiVersion: apiVersionOf(kind), ...object };
  if (isDryRun(request)) return { code: 201, object: typed, before: undefined };
  return { code: 201, object: storage.put(storageKey(kind), key, toStored(typed, kind)), before: undefined };
}

export function isDryRun(request: ResourceRequest): boolean {
  return request.query.get('dryRun') === 'All';
}

function checkNamespace(request: ResourceRequest, metadata: JsonObject): void {
  const { kind, namespace } = request;
  if (!kind.namespaced) {
    if (text(metadata, 'namespace') !== '') throw badRequest('namespace is not allowed on this type');
    return;
  }
  if (namespace === '') throw badRequest('an empty namespace may not be set during creation');
  if (text(metadata, 'namespace') === '') metadata['namespace'] = namespace;
  if (text(metadata, 'namespace') !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

function requireNamespace(storage: Storage, namespace: string): void {
  const kind = findKind('v1', 'Namespace');
  if (kind !== undefined && storage.get(storageKey(kind), namespace) === undefined) throw notFound(kind, namespace);
}

const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** generateName: five letters that spell nothing. */
function nameObject(metadata: JsonObject): void {
  const prefix = text(metadata, 'generateName');
  if (text(metadata, 'name') !== '' || prefix === '') return;
  const bytes = Buffer.from(randomUUID().replaceAll('-', ''), 'hex');
  const suffix = [...bytes.subarray(0, 5)].map((byte) => suffixLetters[byte % suffixLetters.length]).join('');
  metadata['name'] = prefix.slice(0, 58) + suffix;
}

export function writerOf(context: WriteContext, request: ResourceRequest): Writer {
  return {
    manager: request.query.get('fieldManager') || managerFromUserAgent(request.userAgent),
    operation: 'Update',
    apiVersion: apiVersionOf(request.kind),
    subresource: request.subresource,
    at: context.now,
  };
}

export function rulesOf(request: ResourceRequest): { type: string; ignored: readonly (readonly string[])[] } {
  return { type: request.kind.type, ignored: ignoredFields(request.kind, request.subresource) };
}

/** PUT. */
export function updateObject(context: WriteContext, request: ResourceRequest, body: JsonObject): Written {
  const { kind, name } = request;
  const metadata = ensure(body, 'metadata');
  if (text(metadata, 'name') === '') {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (text(metadata, 'name') !== name) {
    throw badRequest(`the name of the object (${text(metadata, 'name')}) does not match the name on the URL (${name})`);
  }
  checkNamespace(request, metadata);
  const before = context.storage.get(storageKey(kind), keyOf(request.namespace, name));
  if (before === undefined) {
    if (!isCreatedByUpdate(kind) || text(metadata, 'resourceVersion') !== '') throw notFound(kind, name);
    return createObject(context, request, body);
  }
  const tracked = trackUpdate(before, body, writerOf(context, request), rulesOf(request));
  return replaceObject(context, request, { before, after: tracked });
}

/** The part of every write to an existing object that follows ownership. */
export function replaceObject(
  context: WriteContext,
  request: ResourceRequest,
  change: { before: JsonObject; after: JsonObject },
): Written {
  const { kind } = request;
  const { before } = change;
  const after = clone(change.after);
  checkVersion(request, before, after);
  const metadata = ensure(after, 'metadata');
  const old = child(before, 'metadata');
  if (text(metadata, 'name') !== request.name) {
    throw badRequest(
      `the name of the object (${text(metadata, 'name')}) does not match the name on the URL (${request.name})`,
    );
  }
  checkNamespace(request, metadata);
  if (text(metadata, 'uid') === '') copy(old, metadata, 'uid');
  for (const key of ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds']) copy(old, metadata, key);
  metadata['resourceVersion'] = text(old, 'resourceVersion');
  prepareUpdate(kind, before, after, request.subresource);
  const object = { kind: kind.kind, apiVersion: apiVersionOf(kind), ...decode(after, kind.type).value };
  const errors = validateUpdate(kind, before, object);
  if (errors.length > 0) throw invalid(kind, request.name, errors);
  context.warnings.push(...warnOf(kind, object));
  const final = keepTimes(before, object);
  if (isDryRun(request)) return { code: 200, object: final, before };
  const key = keyOf(request.namespace, request.name);
  if (isReleased(final)) {
    context.storage.delete(storageKey(kind), key);
    return { code: 200, object: final, before };
  }
  return { code: 200, object: context.storage.put(storageKey(kind), key, toStored(final, kind)), before };
}

/** A deleted object whose last finalizer went. */
function isReleased(object: JsonObject): boolean {
  const metadata = child(object, 'metadata');
  return (
    metadata['deletionTimestamp'] !== undefined &&
    list(metadata, 'finalizers').length === 0 &&
    (metadata['deletionGracePeriodSeconds'] ?? 0) === 0
  );
}

function copy(from: JsonObject, to: JsonObject, key: string): void {
  const value = from[key];
  if (value === undefined) delete to[key];
  else to[key] = value;
}

function checkVersion(request: ResourceRequest, before: JsonObject, after: JsonObject): void {
  const { kind, name } = request;
  const wanted = text(after, 'metadata', 'resourceVersion');
  const uid = text(after, 'metadata', 'uid');
  const liveUid = text(before, 'metadata', 'uid');
  if (request.verb === 'update' && uid !== '' && uid !== liveUid) {
    throw conflict(
      kind,
      name,
      `StorageError: invalid object, Code: 4, Key: /registry/${kind.resource}/${keyOf(request.namespace, name)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${liveUid}`,
    );
  }
  if (wanted === '' && isVersionRequired(kind)) {
    throw invalid({ ...kind, kind: kind.resource }, name, [
      { type: 'Invalid', field: 'metadata.resourceVersion', value: 0, detail: 'must be specified for an update' },
    ]);
  }
  if (wanted !== '' && wanted !== text(before, 'metadata', 'resourceVersion')) throw conflict(kind, name, modified);
}
