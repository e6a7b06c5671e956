// Turns JSON into what the API server would write: read into Go types and printed again. Unknown fields and nulls go,
// zero values are omitted or written as the type says; a value of the wrong type is refused.
import { type Json, type JsonObject, isObject } from './json.ts';
import { type Field, type Scalar, type Type, elementField, fieldsOf, typeMeta } from './schema.ts';

export interface Decoded {
  readonly value: JsonObject;
  /** Strict decoding's complaints: `unknown field "spec.foo"`. */
  readonly unknown: readonly string[];
}

/** A value that does not fit its Go type. */
export class DecodeError extends Error {
  /** The Go type that the value did not fit, where that is what is wrong. */
  readonly goType: string;

  constructor(message: string, goType = '') {
    super(message);
    this.goType = goType;
  }
}

/** `object` as its kind's Go type writes it. @throws DecodeError */
export function decode(object: JsonObject, type: string): Decoded {
  const unknown: string[] = [];
  const root = type.split('.').pop() ?? type;
  const value = canonicalStruct(object, { type, path: [], root, unknown, top: true });
  return { value, unknown };
}

interface Place {
  readonly type: string;
  readonly path: readonly string[];
  readonly root: string;
  readonly unknown: string[];
  readonly top?: boolean;
}

function canonicalStruct(value: JsonObject, place: Place): JsonObject {
  const fields = fieldsOf(place.type);
  const found = new Map<string, Json>();
  // In the order of the document, so that complaints come in that order too.
  for (const [key, item] of Object.entries(value)) {
    const field = fields.get(key) ?? (place.top === true && isTypeMeta(key) ? typeMeta : undefined);
    const below = { ...place, path: [...place.path, key], top: false };
    if (field === undefined) place.unknown.push(`unknown field "${below.path.join('.')}"`);
    else if (item !== null) found.set(key, canonicalValue(item, field.type, below));
  }
  const out: JsonObject = {};
  for (const key of ['kind', 'apiVersion']) {
    const name = found.get(key);
    if (place.top === true && !fields.has(key) && name !== undefined) out[key] = name;
  }
  for (const [key, field] of fields) {
    const written = writeField(found.get(key), field, place);
    if (written !== undefined) out[key] = written;
  }
  return out;
}

function isTypeMeta(key: string): boolean {
  return key === 'apiVersion' || key === 'kind';
}

function writeField(value: Json | undefined, field: Field, place: Place): Json | undefined {
  if (value === undefined) return zeroOf(field, place);
  if (field.pointer || field.always) return value;
  return isOmitted(value, field) ? undefined : value;
}

/** What Go writes for a field that is not set. */
function zeroOf(field: Field, place: Place): Json | undefined {
  if (field.pointer) return field.always ? null : undefined;
  if (field.type.form === 'struct') {
    const zero = canonicalStruct({}, { ...place, type: field.type.name, unknown: [] });
    return field.omitZero && Object.keys(zero).length === 0 ? undefined : zero;
  }
  if (field.type.form !== 'scalar') return field.always ? null : undefined;
  const { scalar } = field.type;
  // Structs in Go, so omitempty does not apply to them.
  if (scalar === 'time' || scalar === 'microTime') return field.omitZero ? undefined : null;
  if (scalar === 'quantity') return '0';
  return field.always ? zeroScalar(scalar) : undefined;
}

function zeroScalar(scalar: Scalar): Json {
  if (scalar === 'boolean') return false;
  if (scalar === 'int32' || scalar === 'int64' || scalar === 'intOrString') return 0;
  return scalar === 'any' || scalar === 'bytes' ? null : '';
}

function isOmitted(value: Json, field: Field): boolean {
  if (field.type.form === 'struct') return field.omitZero && isObject(value) && Object.keys(value).length === 0;
  if (field.type.form === 'map') return isObject(value) && Object.keys(value).length === 0;
  if (field.type.form === 'list') return Array.isArray(value) && value.length === 0;
  if (field.type.scalar === 'any' || field.type.scalar === 'intOrString') return false;
  return value === '' || value === 0 || value === false;
}

function canonicalValue(value: Json, type: Type, place: Place): Json {
  switch (type.form) {
    case 'struct':
      if (!isObject(value)) throw mismatch(value, type, place);
      return canonicalStruct(value, { ...place, type: type.name });
    case 'map': {
      if (!isObject(value)) throw mismatch(value, type, place);
      const entries = Object.entries(value).map(([key, item]) => [
        key,
        item === null ? nullItem(type.element) : canonicalValue(item, type.element, place),
      ]);
      return Object.fromEntries(entries) as JsonObject;
    }
    case 'list':
      if (!Array.isArray(value)) throw mismatch(value, type, place);
      return value.map((item, i) => {
        const path = [...place.path.slice(0, -1), `${place.path.at(-1) ?? ''}[${i}]`];
        return item === null ? nullItem(type.element) : canonicalValue(item, type.element, { ...place, path });
      });
    case 'scalar':
      return canonicalScalar(value, type.scalar, place);
  }
}

/** A null list or map item becomes the zero value of its type. */
function nullItem(type: Type): Json {
  const zero = zeroOf({ ...elementField(type), always: true }, { type: '', path: [], root: '', unknown: [] });
  return zero === null && type.form === 'scalar' && type.scalar === 'bytes' ? '' : (zero ?? null);
}

function canonicalScalar(value: Json, scalar: Scalar, place: Place): Json {
  const type: Type = { form: 'scalar', scalar };
  switch (scalar) {
    case 'any':
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(value, type, place);
      return value;
    case 'int32':
    case 'int64':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw mismatch(value, type, place);
      return value;
    case 'intOrString':
      if (typeof value !== 'number' && typeof value !== 'string') throw mismatch(value, type, place);
      return value;
    case 'quantity':
      if (typeof value !== 'number' && typeof value !== 'string') throw mismatch(value, type, place);
      return canonicalQuantity(String(value));
    case 'bytes':
      if (typeof value !== 'string') throw mismatch(value, type, place);
      return canonicalBytes(value);
    case 'time':
    case 'microTime':
      if (typeof value !== 'string') throw mismatch(value, type, place);
      return canonicalTime(value, scalar);
    case 'string':
      if (typeof value !== 'string') throw mismatch(value, type, place);
      return value;
  }
}

/** encoding/base64's complaint names the first byte that cannot be right. */
function canonicalBytes(value: string): string {
  const clean = value.replaceAll(/[\r\n]/g, '');
  const bad = /[^A-Za-z0-9+/=]/.exec(value.replaceAll(/[\r\n]/g, '\n').replaceAll('\n', ''));
  if (bad !== null) throw new DecodeError(`illegal base64 data at input byte ${bad.index}`);
  const body = clean.replace(/={0,2}$/, '');
  const pad = body.indexOf('=');
  if (pad !== -1) throw new DecodeError(`illegal base64 data at input byte ${pad}`);
  if (clean.length % 4 !== 0)
    throw new DecodeError(`illegal base64 data at input byte ${clean.length - (clean.length % 4)}`);
  return clean;
}

function canonicalTime(value: string, scalar: 'time' | 'microTime'): string {
  const layout = `2006-01-02T15:04:05${scalar === 'time' ? '' : '.000000'}Z07:00`;
  const refuse = (rest: string, element: string) =>
    new DecodeError(`parsing time "${value}" as "${layout}": cannot parse "${rest}" as "${element}"`);
  const match = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(.*)$/.exec(value);
  const at = Date.parse(value);
  if (match === null || Number.isNaN(at)) throw refuse(value, '2006');
  if (scalar === 'time') return timeText(at);
  const fraction = /^\.(\d{6})\d*(?=Z|[+-])/.exec(match[1] ?? '')?.[1];
  if (fraction === undefined) throw refuse(match[1] ?? '', '.000000');
  return `${timeText(at).slice(0, -1)}.${fraction}Z`;
}

/** Milliseconds since the epoch as the API server writes times: whole seconds. */
export function timeText(at: number): string {
  return `${new Date(Math.floor(at / 1000) * 1000).toISOString().slice(0, -5)}Z`;
}

/** Keeps the suffix family and moves whole thousands into it: `1000m` -> `1`, `0.5` -> `500m`, `1024Mi` -> `1Gi`. */
export function canonicalQuantity(value: string): string {
  const match = /^([+-]?)(\d*\.?\d*)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/.exec(value);
  if (match?.[2] === undefined || match[2] === '' || match[2] === '.') {
    throw new DecodeError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  }
  const suffix = match[3] ?? '';
  const binary = suffix.endsWith('i');
  const units = binary ? ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] : ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
  const base = binary ? 1024n : 1000n;
  const [whole = '', fraction = ''] = match[2].split('.');
  if (binary && fraction !== '') return value;
  let index = units.indexOf(suffix);
  if (index === -1) return value;
  let number = BigInt(whole === '' ? '0' : whole);
  let digits = fraction.replace(/0+$/, '');
  while (digits !== '' && index > 0) {
    number = number * 1000n + BigInt(digits.padEnd(3, '0').slice(0, 3));
    digits = digits.slice(3).replace(/0+$/, '');
    index--;
  }
  if (number === 0n) return '0';
  while (index < units.length - 1 && number % base === 0n) {
    number /= base;
    index++;
  }
  return `${match[1] === '-' ? '-' : ''}${number}${units[index] ?? ''}`;
}

const goTypes: Readonly<Record<Scalar, string>> = {
  string: 'string',
  int32: 'int32',
  int64: 'int64',
  boolean: 'bool',
  bytes: '[]uint8',
  time: 'string',
  microTime: 'string',
  quantity: 'string',
  intOrString: 'int32',
  any: 'interface {}',
};

function mismatch(value: Json, type: Type, place: Place): DecodeError {
  const found = Array.isArray(value)
    ? 'array'
    : value === null
      ? 'null'
      : isObject(value)
        ? 'object'
        : typeOfScalar(value);
  const owner = place.type.split('.').pop() ?? '';
  const path = place.path.map((part) => part.replaceAll(/\[\d+\]/g, '')).join('.');
  const goType = goTypeOf(type);
  return new DecodeError(
    `json: cannot unmarshal ${found} into Go struct field ${owner}.${path} of type ${goType}`,
    goType,
  );
}

function typeOfScalar(value: Json): string {
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'number' ? (Number.isInteger(value) ? 'number' : `number ${value}`) : 'string';
}

const goPackages: Readonly<Record<string, string>> = {
  core: 'v1',
  apps: 'v1',
  batch: 'v1',
  meta: 'v1',
  coordination: 'v1',
  events: 'v1',
};

function goTypeOf(type: Type): string {
  switch (type.form) {
    case 'scalar':
      return goTypes[type.scalar];
    case 'map':
      return `map[string]${goTypeOf(type.element)}`;
    case 'list':
      return `[]${goTypeOf(type.element)}`;
    case 'struct': {
      const [pkg = '', name = ''] = type.name.split('.');
      return `${goPackages[pkg] ?? pkg}.${name}`;
    }
  }
}

/** The zero object of a kind, as a write starts from when nothing is stored yet. */
export function zeroObject(type: string): JsonObject {
  return decode({}, type).value;
}
