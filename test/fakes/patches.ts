// PATCH in its four forms, and server-side apply that creates what is not there.
import { parse as parseYaml } from 'yaml';
import { DecodeError, decode } from './canonical.ts';
import { present } from './events-form.ts';
import { parseGoJson } from './go-json.ts';
import { type Json, type JsonObject, child, clone, ensure, isObject, scalarText, text } from './json.ts';
import { applyJsonPatch, applyMergePatch } from './json-patch.ts';
import { type Kind, apiVersionOf, findKind, qualifiedResource, storageKey } from './kinds.ts';
import { applyConfiguration, trackUpdate } from './managed-fields.ts';
import type { ResourceRequest } from './requests.ts';
import { StatusError, badRequest, notFound, unsupportedMediaType } from './status-errors.ts';
import { keyOf } from './storage.ts';
import { applyStrategicMerge, goText } from './strategic-merge.ts';
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
  return unsupportedMediaType('415: Unsupported Media Type', {});
}

function readPatch(request: ResourceRequest): Json {
  try {
    return parseGoJson(request.body.toString('utf8'));
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
    if (request.contentType === 'application/strategic-merge-patch+json') throw invalidStrategic(request, error);
    throw invalidPatch(patched, error.message);
  }
}

function invalidStrategic(request: ResourceRequest, error: DecodeError): StatusError {
  const message = `Invalid value: ${JSON.stringify(goText(readPatch(request)))}: unrecognized type: ${error.goType}`;
  return invalidPatchStatus(message);
}

function strictPatch(patched: JsonObject, unknown: readonly string[]): StatusError {
  return invalidPatch(patched, `strict decoding error: ${unknown.join(', ')}`);
}

function invalidPatch(patched: JsonObject, detail: string): StatusError {
  return invalidPatchStatus(`Invalid value: ${JSON.stringify(JSON.stringify(patched))}: ${detail}`);
}

function invalidPatchStatus(message: string): StatusError {
  return new StatusError(422, {
    message: ` "" is invalid: patch: ${message}`,
    reason: 'Invalid',
    details: { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] },
  });
}

function apply(context: WriteContext, request: ResourceRequest): Written {
  const { kind, name } = request;
  const config = readConfiguration(request);
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
  const typed = complete(decode({ ...merged, kind: kind.kind, apiVersion: apiVersionOf(kind) }, kind.type).value, kind);
  if (stored === undefined) return insertObject(context, request, typed);
  return replaceObject(context, request, { before: live, after: typed });
}

/** Apply knows no unknown fields: they could not be owned. */
function refuseUnknown(config: JsonObject, kind: Kind): void {
  const { name, namespace } = child(config, 'metadata');
  const unknown = undeclaredFields(config, kind.type);
  if (unknown.length === 0) return;
  const all = unknown.map((field) => `.${field}: field not declared in schema`);
  const [group, version] = kind.group === '' ? ['', kind.version] : [kind.group, kind.version];
  const what = `failed to create typed patch object (${scalarText(namespace)}/${scalarText(name)}; ${group}/${version}, Kind=${kind.kind})`;
  throw new StatusError(500, {
    message: `${what}: ${all.length === 1 ? all[0] : `errors:\n${all.map((line) => `  ${line}`).join('\n')}`}`,
  });
}

function undeclaredFields(config: JsonObject, type: string): string[] {
  try {
    return decode(config, type).unknown.map((line) => /"(.*)"/.exec(line)?.[1] ?? line);
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
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
  const body = parseBody(request.body, request.kind.kind);
  if (!isObject(body)) throw badRequest('error decoding YAML: expected an object');
  return body;
}

function checkConfiguration(config: JsonObject, request: ResourceRequest): void {
  const { kind, name, namespace } = request;
  const [apiVersion, kindName] = [text(config, 'apiVersion'), text(config, 'kind')];
  if (findKind(apiVersion, kindName) === undefined) {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    throw badRequest(`invalid object type: ${group}/${version}, Kind=${kindName}`);
  }
  if (apiVersion !== apiVersionOf(kind)) {
    const versions = `Specified patch version: ${apiVersion}, expected: ${apiVersionOf(kind)}`;
    throw badRequest(`Incorrect version specified in apply patch. ${versions}`);
  }
  refuseUnknown(config, kind);
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
