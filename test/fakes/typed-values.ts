// What the API server knows about a value through its schema: which fields it sets, how two values differ, how one is
// merged over another, and what is left when a set of fields is taken out (sigs.k8s.io/structured-merge-diff).
import { type Element, FieldSet, fieldElement, keyElement, valueElement } from './field-set.ts';
import { type Json, type JsonObject, isEmpty, isEqual, isObject } from './json.ts';
import { type Field, anything, fieldOf, fieldsOf, isAtomicType, rootField } from './schema.ts';

export interface Comparison {
  readonly added: FieldSet;
  readonly removed: FieldSet;
  readonly modified: FieldSet;
}

type Shape = 'scalar' | 'atomic' | 'map' | 'list';
type Value = Json | undefined;

/** How a value is owned: as one piece, by its fields, or by its items. */
function shapeOf(field: Field): Shape {
  if (field.type.form === 'scalar') return 'scalar';
  if (field.relation === 'atomic') return 'atomic';
  if (field.type.form === 'list') return 'list';
  return field.type.form === 'struct' && isAtomicType(field.type.name) ? 'atomic' : 'map';
}

function childField(field: Field, key: string): Field | undefined {
  if (field.type.form === 'scalar') return anything;
  return fieldOf(field.type, key);
}

/** A list item's step: its keys, or itself in a set. */
function itemElement(item: Json, field: Field): Element {
  if (field.relation === 'set' || !isObject(item)) return valueElement(item);
  const keys: JsonObject = {};
  for (const key of field.keys) {
    const preset = fieldOf(itemField(field).type, key)?.preset;
    const value = item[key] ?? preset;
    if (value !== undefined) keys[key] = value;
  }
  return keyElement(keys);
}

function itemField(field: Field): Field {
  return field.type.form === 'list' ? { ...anything, type: field.type.element, relation: 'granular' } : anything;
}

function entries(value: Value): [string, Json][] {
  return isObject(value) ? Object.entries(value) : [];
}

function items(value: Value, field: Field): Map<Element, Json> {
  const all = new Map<Element, Json>();
  for (const item of Array.isArray(value) ? value : []) {
    const element = itemElement(item, field);
    if (!all.has(element)) all.set(element, item);
  }
  return all;
}

function isStructField(field: Field, key: string): boolean {
  return field.type.form === 'struct' && fieldsOf(field.type.name).has(key);
}

/** The fields that a configuration sets: what an applier owns. */
export function fieldsSetBy(value: Json, type: string): FieldSet {
  const out: Element[][] = [];
  const walk = (found: Json, field: Field, path: Element[]): void => {
    switch (shapeOf(field)) {
      case 'scalar':
      case 'atomic':
        out.push(path);
        return;
      case 'map':
        for (const [key, next] of entries(found)) {
          const below = [...path, fieldElement(key)];
          walk(next, childField(field, key) ?? anything, below);
          if (next === null || (isObject(next) && isEmpty(next)) || !isStructField(field, key)) out.push(below);
        }
        return;
      case 'list':
        for (const [element, item] of items(found, field)) {
          walk(item, itemField(field), [...path, element]);
          out.push([...path, element]);
        }
    }
  };
  walk(value, rootField(type), []);
  return FieldSet.of(out.filter((path) => path.length > 0));
}

export function compare(before: Json, after: Json, type: string): Comparison {
  const added: Element[][] = [];
  const removed: Element[][] = [];
  const modified: Element[][] = [];
  const walk = (left: Value, right: Value, field: Field, path: Element[]): void => {
    const shape = shapeOf(field);
    const asLeaf = shape === 'scalar' || shape === 'atomic' || (isEmpty(left) && isEmpty(right));
    if (left === undefined) added.push(path);
    else if (right === undefined) removed.push(path);
    else if (asLeaf && !isEqual(left, right)) modified.push(path);
    if (asLeaf) return;
    if (shape === 'map') {
      const [a, b] = [new Map(entries(left)), new Map(entries(right))];
      for (const key of new Set([...a.keys(), ...b.keys()])) {
        walk(a.get(key), b.get(key), childField(field, key) ?? anything, [...path, fieldElement(key)]);
      }
    } else {
      const [a, b] = [items(left, field), items(right, field)];
      for (const element of new Set([...a.keys(), ...b.keys()])) {
        walk(a.get(element), b.get(element), itemField(field), [...path, element]);
      }
    }
  };
  walk(before, after, rootField(type), []);
  return { added: FieldSet.of(added), removed: FieldSet.of(removed), modified: FieldSet.of(modified) };
}

/** `config` laid over `live`; list items keep the configuration's order, with the others at their place. */
export function mergeTyped(live: Json, config: Json, type: string): JsonObject {
  const walk = (left: Value, right: Value, field: Field): Value => {
    if (right === undefined) return left;
    if (left === undefined || right === null) return right;
    const shape = shapeOf(field);
    if (shape === 'map') {
      const out: JsonObject = {};
      const [a, b] = [new Map(entries(left)), new Map(entries(right))];
      for (const key of new Set([...a.keys(), ...b.keys()])) {
        const value = walk(a.get(key), b.get(key), childField(field, key) ?? anything);
        if (value !== undefined) out[key] = value;
      }
      return out;
    }
    return shape === 'list' ? mergeLists(left, right, field, walk) : right;
  };
  const merged = walk(live, config, rootField(type));
  return isObject(merged) ? merged : {};
}

function mergeLists(left: Json, right: Json, field: Field, walk: (l: Value, r: Value, f: Field) => Value): Json[] {
  const [a, b] = [items(left, field), items(right, field)];
  const [lefts, rights] = [[...a.keys()], [...b.keys()]];
  const shared = rights.filter((element) => a.has(element));
  const out: Json[] = [];
  const take = (element: Element) => {
    const value = walk(a.get(element), b.get(element), itemField(field));
    if (value !== undefined) out.push(value);
    if (shared[0] === element) shared.shift();
  };
  let [l, r] = [0, 0];
  while (l < lefts.length || r < rights.length) {
    const [x, y] = [lefts[l], rights[r]];
    if (x !== undefined && y !== undefined) {
      if (x === y) {
        take(x);
        l++;
        r++;
        continue;
      }
      if (b.has(x) && shared[0] !== undefined && shared[0] !== x) {
        l++;
        continue;
      }
    }
    if (x !== undefined && !b.has(x)) {
      take(x);
      l++;
    } else if (y !== undefined) {
      take(y);
      r++;
    } else l++;
  }
  return out;
}

/** `value` without the members of `set`; a map or list that loses everything becomes null. */
export function removeFields(value: JsonObject, set: FieldSet, type: string): JsonObject {
  const paths = set.paths();
  const touched = new Set(paths.flatMap((path) => path.map((_, i) => path.slice(0, i + 1).join('\u0000'))));
  const walk = (found: Json, field: Field, path: Element[]): Json => {
    const shape = shapeOf(field);
    const isTouched = (below: Element[]) => touched.has(below.join('\u0000'));
    if (shape === 'map' && isObject(found) && !isEmpty(found)) {
      const out: JsonObject = {};
      for (const [key, next] of Object.entries(found)) {
        const below = [...path, fieldElement(key)];
        if (set.has(below)) continue;
        out[key] = isTouched(below) ? walk(next, childField(field, key) ?? anything, below) : next;
      }
      return isEmpty(out) ? null : out;
    }
    if (shape === 'list' && Array.isArray(found) && found.length > 0) {
      const out: Json[] = [];
      for (const item of found) {
        const below = [...path, itemElement(item, field)];
        if (set.has(below)) continue;
        out.push(isTouched(below) ? walk(item, itemField(field), below) : item);
      }
      return out.length === 0 ? null : out;
    }
    return found === null ? null : shape === 'scalar' || shape === 'atomic' ? null : found;
  };
  const left = paths.length === 0 ? value : walk(value, rootField(type), []);
  return isObject(left) ? left : {};
}

/** Is `path` a field of a struct (and not a map's key or a list's item)? */
export function isNamedField(path: readonly Element[], type: string): boolean {
  let field: Field | undefined = rootField(type);
  for (const [i, element] of path.entries()) {
    if (field === undefined) return false;
    const key = element.slice(2);
    if (i === path.length - 1) return element.startsWith('f:') && isStructField(field, key);
    field = element.startsWith('f:') ? childField(field, key) : itemField(field);
  }
  return false;
}
