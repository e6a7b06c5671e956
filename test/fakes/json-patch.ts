// JSON patch (RFC 6902) and JSON merge patch (RFC 7386), as the API server applies them.
import { type Json, type JsonObject, clone, isEqual, isObject } from './json.ts';
import { StatusError, badRequest } from './status-errors.ts';

const operations = ['add', 'remove', 'replace', 'move', 'copy', 'test'];

/** @throws StatusError 400 for what is no patch, 422 for one that does not apply */
export function applyJsonPatch(object: JsonObject, patch: Json): JsonObject {
  if (!Array.isArray(patch)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  }
  let document: Json = clone(object);
  for (const step of patch) {
    if (!isObject(step)) throw badRequest('error decoding patch');
    document = applyStep(document, step);
  }
  return isObject(document) ? document : refuse('the document is no object');
}

function applyStep(document: Json, step: JsonObject): Json {
  const { op, path, from } = step;
  if (typeof op !== 'string' || !operations.includes(op) || typeof path !== 'string')
    return refuse('unexpected operation');
  const target = readPointer(path);
  switch (op) {
    case 'test':
      if (!isEqual(find(document, target) ?? null, step['value'] ?? null)) refuse('testing value failed');
      return document;
    case 'remove':
      return remove(document, target);
    case 'replace':
      return set(document, target, step['value'] ?? null, 'replace');
    case 'add':
      return set(document, target, step['value'] ?? null, 'insert');
    default: {
      const source = readPointer(typeof from === 'string' ? from : refuse('from is missing'));
      const value = find(document, source) ?? refuse('from does not exist');
      const rest = op === 'move' ? remove(document, source) : document;
      return set(rest, target, clone(value), 'insert');
    }
  }
}

function refuse(_why: string): never {
  throw new StatusError(422, {
    message: 'the server rejected our request due to an error in our request',
    reason: 'Invalid',
    details: {},
  });
}

function readPointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) refuse('a pointer begins with /');
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function find(document: Json, path: readonly string[]): Json | undefined {
  let current: Json | undefined = document;
  for (const part of path) {
    if (Array.isArray(current)) current = current[indexOf(part, current.length - 1)];
    else current = isObject(current) ? current[part] : undefined;
  }
  return current;
}

function indexOf(part: string, last: number): number {
  const index = /^-?\d+$/.test(part) ? Number(part) : Number.NaN;
  const counted = index < 0 ? index + last + 1 : index;
  return counted >= 0 && counted <= last ? counted : refuse('index out of range');
}

function set(document: Json, path: readonly string[], value: Json, mode: 'insert' | 'replace'): Json {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = find(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    if (mode === 'replace') parent[indexOf(last, parent.length - 1)] = value;
    else parent.splice(last === '-' ? parent.length : indexOf(last, parent.length), 0, value);
  } else if (isObject(parent)) parent[last] = value;
  else refuse('the parent does not exist');
  return document;
}

function remove(document: Json, path: readonly string[]): Json {
  const last = path.at(-1);
  if (last === undefined) return null;
  const parent = find(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(indexOf(last, parent.length - 1), 1);
  else if (isObject(parent) && last in parent) delete parent[last];
  else refuse('remove of a missing path');
  return document;
}

export function applyMergePatch(object: JsonObject, patch: Json): JsonObject {
  if (!isObject(patch)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    );
  }
  const merged = merge(object, patch);
  return isObject(merged) ? merged : object;
}

function merge(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return clone(patch);
  const out: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = merge(out[key], value);
  }
  return out;
}
