// The wire form of the kinds, from schema.json: what a field holds, whether a zero value is written, how lists merge.
import { readFileSync } from 'node:fs';
import type { Json } from './json.ts';

export type Scalar =
  'string' | 'int32' | 'int64' | 'boolean' | 'bytes' | 'time' | 'microTime' | 'quantity' | 'intOrString' | 'any';
export type Type =
  | { readonly form: 'scalar'; readonly scalar: Scalar }
  | { readonly form: 'struct'; readonly name: string }
  | { readonly form: 'map'; readonly element: Type }
  | { readonly form: 'list'; readonly element: Type };

/** How the items of a list, or the fields of an object, are owned: one by one, or only all together. */
export type Relation = 'granular' | 'atomic' | 'set' | 'map';

export interface Field {
  readonly type: Type;
  readonly pointer: boolean;
  /** Written even when it is zero (no omitempty in Go). */
  readonly always: boolean;
  readonly omitZero: boolean;
  /** Strategic merge: lists are merged rather than replaced. */
  readonly merge: boolean;
  readonly mergeKey: string | undefined;
  readonly retainKeys: boolean;
  readonly relation: Relation;
  readonly keys: readonly string[];
  /** The value that an absent field has, where the type declares one. */
  readonly preset: Json | undefined;
}
export type Fields = ReadonlyMap<string, Field>;

interface SchemaFile {
  readonly version: string;
  /** Struct types whose values are owned as one piece wherever they stand. */
  readonly atomic: readonly string[];
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const file = JSON.parse(readFileSync(new URL('schema.json', import.meta.url), 'utf8')) as SchemaFile;
/** What a definition that keeps unknown fields makes of its objects. */
export const customType = 'custom.Object';
const customFields = { metadata: 'meta.ObjectMeta', spec: '*any', status: '*any' };
const structs = new Map<string, Fields>();
const atomicTypes = new Set(file.atomic);

export const typeMeta: Field = scalarField('string');
export const anything: Field = { ...scalarField('any'), pointer: true };

/** The fields of a struct type such as `core.PodSpec`. */
export function fieldsOf(name: string): Fields {
  let fields = structs.get(name);
  if (fields === undefined) {
    const source = name === customType ? customFields : file.types[name];
    if (source === undefined) throw new Error(`schema.json has no type ${name}`);
    fields = new Map(Object.entries(source).map(([field, words]) => [field, readField(words)]));
    structs.set(name, fields);
  }
  return fields;
}

export function isAtomicType(name: string): boolean {
  return atomicTypes.has(name);
}

/** The field that stands for a whole object of this type. */
export function rootField(type: string): Field {
  return { ...scalarField('any'), type: { form: 'struct', name: type } };
}

/** The field description of a map's or list's items, or of a struct's field; undefined when the struct has no such field. */
export function fieldOf(type: Type, key: string): Field | undefined {
  if (type.form === 'struct') return fieldsOf(type.name).get(key);
  if (type.form === 'scalar') return undefined;
  return elementField(type.element);
}

export function elementField(type: Type): Field {
  return { ...scalarField('any'), type };
}

function scalarField(scalar: Scalar): Field {
  return {
    type: { form: 'scalar', scalar },
    pointer: false,
    always: false,
    omitZero: false,
    merge: false,
    mergeKey: undefined,
    retainKeys: false,
    relation: 'granular',
    keys: [],
    preset: undefined,
  };
}

function readField(words: string): Field {
  const [, shape = '', rest = ''] = /^((?:map )*\S+)(.*)$/.exec(words) ?? [];
  const flags = rest.trim().split(' ');
  const value = (name: string) => flags.find((flag) => flag.startsWith(`${name}=`))?.slice(name.length + 1);
  const type = readType(shape);
  const keys = value('map')?.split(',') ?? [];
  return {
    type,
    pointer: shape.startsWith('*'),
    always: flags.includes('always'),
    omitZero: flags.includes('omitzero'),
    merge: flags.includes('merge'),
    mergeKey: value('key'),
    retainKeys: flags.includes('retainKeys'),
    relation: readRelation(flags, type),
    keys,
    preset: value('default') === undefined ? undefined : (JSON.parse(value('default') ?? '') as Json),
  };
}

function readRelation(flags: readonly string[], type: Type): Relation {
  if (flags.includes('set')) return 'set';
  if (flags.some((flag) => flag.startsWith('map='))) return 'map';
  if (flags.includes('atomic')) return 'atomic';
  return type.form === 'list' ? 'atomic' : 'granular';
}

function readType(shape: string): Type {
  if (shape.startsWith('*')) return readType(shape.slice(1));
  if (shape.startsWith('[]')) return { form: 'list', element: readType(shape.slice(2)) };
  if (shape.startsWith('map ')) return { form: 'map', element: readType(shape.slice(4)) };
  return shape.includes('.') ? { form: 'struct', name: shape } : { form: 'scalar', scalar: shape as Scalar };
}
