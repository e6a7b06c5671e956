// PATCH in its four forms, and server-side apply that creates what is not there.
import { parse as parseYaml } from 'yaml';
import { DecodeError, decode } from './canonical.ts';
import { present } from './events-form.ts';
import { type Json, type JsonObject, clone, ensure, isObject, text } from './json.ts';
import { applyJsonPatch, applyMergePatch } from './json-patch.ts';
import { apiVersionOf, qualifiedResource, storageKey } from './kinds.ts';
import { applyConfiguration, trackUpdate } from './managed-fields.ts';
import type { ResourceRequest } from './requests.ts';
import { StatusError, badRequest, notFound, unsupportedMediaType } from './status-errors.ts';
import { keyOf } from './storage.ts';
import { applyStrategicMerge } from './strategic-merge.ts';
import { zeroObject } from './canonical.ts';
import {
  type WriteContext,
  type Written,
  complete,
  insertObject,
  parseBody,
  replaceObject,
  rulesOf,
  writerOf,
} from './writes.ts';

type Patcher = (live: JsonObject, patch: Json, type: string) => JsonObject;

const patchers: Readonly<Record<string, Patcher>> = {
  'application/json-patch+json': applyJsonPatch,
  'application/merge-patch+json': applyMergePatch,
  'application/strategic-merge-patch+json': applyStrategicMerge,
};
const applyType = 'application/apply-patch+yaml';

export function patchObject(context: WriteContext, request: ResourceRequest): Written {
  if (request.contentType === applyType) return apply(context, request);
  const patcher = patchers[request.contentType];
  if (patcher === undefined) throw unsupportedPatch();
  if (request.query.get('force') !== null) throw forceForbidden();
  const patch = readPatch(request);
  const before = context.storage.get(storageKey(request.kind), keyOf(request.namespace, request.name));
  if (before === undefined) throw notFound(request.kind, request.name);
  const live = present(before, request.kind);
  const patched = patcher(clone(live), patch, request.kind.type);
  const after = retype(patched, request, context);
  const tracked = trackUpdate(live, after, writerOf(context, request), rulesOf(request));
  return replaceObject(context, request, { before: live, after: tracked });
}

function unsupportedPatch(): StatusError {
  const types = [...Object.keys(patchers), applyType];
  const message = `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`;
  return unsupportedMediaType(message);
}

function forceForbidden(): StatusError {
  const message = 'Forbidden: may not be specified for non-apply patch';
  return new StatusError(422, {
    message: `PatchOptions.meta.k8s.io "" is invalid: force: ${message}`,
    reason: 'Invalid',
    details: {
      group: 'meta.k8s.io',
      kind: 'PatchOptions',
      causes: [{ reason: 'FieldValueForbidden', message, field: 'force' }],
    },
  });
}

function readPatch(request: ResourceRequest): Json {
  try {
    return JSON.parse(request.body.toString('utf8')) as Json;
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : ''}`);
  }
}

/** The patched JSON read into its type again. */
function retype(patched: JsonObject, request: ResourceRequest, context: WriteContext): JsonObject {
  const { kind } = request;
  if (text(patched, 'kind') !== kind.kind || text(patched, 'apiVersion') !== apiVersionOf(kind)) {
    throw badRequest(
      `the API version in the data (${text(patched, 'apiVersion')}) does not match the expected API version (${apiVersionOf(kind)})`,
    );
  }
  try {
    const { value, unknown } = decode(patched, kind.type);
    if (unknown.length > 0 && request.query.get('fieldValidation') === 'Strict') throw strictPatch(patched, unknown);
    if (unknown.length > 0 && request.query.get('fieldValidation') !== 'Ignore') context.warnings.push(...unknown);
    return complete(value, kind);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    if (request.contentType === 'application/strategic-merge-patch+json') throw badRequest(error.message);
    throw invalidPatch(patched, error.message);
  }
}

function strictPatch(patched: JsonObject, unknown: readonly string[]): StatusError {
  return invalidPatch(patched, `strict decoding error: ${unknown.join(', ')}`);
}

function invalidPatch(patched: JsonObject, detail: string): StatusError {
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(patched))}: ${detail}`;
  return new StatusError(422, {
    message: ` "" is invalid: patch: ${message}`,
    reason: 'Invalid',
    details: { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] },
  });
}

function apply(context: WriteContext, request: ResourceRequest): Written {
  const { kind, name } = request;
  const config = readConfiguration(request);
  const manager = request.query.get('fieldManager') ?? '';
  if (manager === '') throw managerRequired();
  const writer = {
    ...writerOf(context, request),
    operation: 'Apply' as const,
    force: request.query.get('force') === 'true',
  };
  const stored = context.storage.get(storageKey(kind), keyOf(request.namespace, name));
  checkConfiguration(config, request);
  if (stored === undefined && (text(config, 'metadata', 'uid') !== '' || request.subresource !== ''))
    throw notFound(kind, name);
  const live = stored === undefined ? emptyObject(request) : present(stored, kind);
  const merged = applyConfiguration(live, config, writer, rulesOf(request));
  const typed = complete(
    decode({ ...merged.object, kind: kind.kind, apiVersion: apiVersionOf(kind) }, kind.type).value,
    kind,
  );
  if (stored === undefined) return insertObject(context, request, typed);
  return replaceObject(context, request, { before: live, after: typed });
}

function emptyObject(request: ResourceRequest): JsonObject {
  const { kind } = request;
  const metadata = { name: request.name, ...(request.namespace === '' ? {} : { namespace: request.namespace }) };
  return { ...zeroObject(kind.type), kind: kind.kind, apiVersion: apiVersionOf(kind), metadata };
}

function readConfiguration(request: ResourceRequest): JsonObject {
  let config: Json;
  try {
    config = parseYaml(request.body.toString('utf8')) as Json;
  } catch (error) {
    throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : ''}`);
  }
  return isObject(config) ? config : parseObject(request);
}

function parseObject(request: ResourceRequest): JsonObject {
  const body = parseBody(request.body);
  if (!isObject(body)) throw badRequest('error decoding YAML: expected an object');
  return body;
}

function managerRequired(): StatusError {
  const message = 'Required value: is required for apply patch';
  return new StatusError(422, {
    message: `PatchOptions.meta.k8s.io "" is invalid: fieldManager: ${message}`,
    reason: 'Invalid',
    details: {
      group: 'meta.k8s.io',
      kind: 'PatchOptions',
      causes: [{ reason: 'FieldValueRequired', message, field: 'fieldManager' }],
    },
  });
}

function checkConfiguration(config: JsonObject, request: ResourceRequest): void {
  const { kind, name, namespace } = request;
  if (text(config, 'apiVersion') !== apiVersionOf(kind)) {
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${text(config, 'apiVersion')}, expected: ${apiVersionOf(kind)}`,
    );
  }
  const metadata = ensure(config, 'metadata');
  if (text(metadata, 'name') === '') metadata['name'] = name;
  if (text(metadata, 'name') !== name) {
    throw badRequest(`the name of the object (${text(metadata, 'name')}) does not match the name on the URL (${name})`);
  }
  if (kind.namespaced && text(metadata, 'namespace') === '') metadata['namespace'] = namespace;
  if (kind.namespaced && text(metadata, 'namespace') !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (text(config, 'kind') !== kind.kind)
    throw badRequest(`unknown kind ${text(config, 'kind')} for ${qualifiedResource(kind)}`);
}
