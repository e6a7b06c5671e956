// Strategic merge patch (k8s.io/apimachinery/pkg/util/strategicpatch): a merge patch that knows, per field, how lists
// are keyed, with the $patch, $retainKeys, $setElementOrder and $deleteFromPrimitiveList directives.
import { type Json, type JsonObject, clone, isEqual, isObject, scalarText } from './json.ts';
import { type Field, anything, fieldOf, rootField } from './schema.ts';
import { StatusError, badRequest } from './status-errors.ts';

const orderOf = '$setElementOrder/';
const deleteFrom = '$deleteFromPrimitiveList/';

/** @throws StatusError 400 for a patch that does not fit the kind */
export function applyStrategicMerge(object: JsonObject, patch: Json, type: string): JsonObject {
  if (!isObject(patch)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    );
  }
  const merged = mergeMaps(object, patch, rootField(type));
  return merged ?? {};
}

/** undefined: the map is deleted. */
function mergeMaps(original: JsonObject, patch: JsonObject, field: Field): JsonObject | undefined {
  const { $patch: directive, ...rest } = patch;
  if (directive === 'replace') return clone(rest);
  if (directive === 'delete') return undefined;
  if (directive !== undefined && directive !== 'merge')
    throw badRequest(`unknown patch type: ${scalarText(directive)}`);
  const out = retain(original, rest);
  for (const [key, value] of Object.entries(rest)) {
    if (key === '$retainKeys' || key.startsWith(orderOf)) continue;
    if (key.startsWith(deleteFrom)) {
      deleteItems(out, key.slice(deleteFrom.length), value);
      continue;
    }
    const merged = mergeValue(out[key], value, {
      field: fieldOf(field.type, key) ?? anything,
      order: rest[orderOf + key],
    });
    if (merged === undefined) delete out[key];
    else out[key] = merged;
  }
  reorderUntouched(out, rest, field);
  return out;
}

function retain(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch['$retainKeys'];
  if (!Array.isArray(keys)) return { ...original };
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)));
}

function deleteItems(out: JsonObject, key: string, values: Json): void {
  const found = out[key];
  if (!Array.isArray(found) || !Array.isArray(values)) return;
  out[key] = found.filter((item) => !values.some((value) => isEqual(item, value)));
}

interface Place {
  readonly field: Field;
  readonly order: Json | undefined;
}

function mergeValue(original: Json | undefined, patch: Json, place: Place): Json | undefined {
  if (patch === null) return undefined;
  const { field } = place;
  if (isObject(patch)) {
    if (isObject(original)) return mergeMaps(original, patch, field);
    return field.type.form === 'scalar' && !hasDirective(patch) ? clone(patch) : mergeMaps({}, patch, field);
  }
  if (!Array.isArray(patch) || !field.merge) return clone(patch);
  return mergeLists(Array.isArray(original) ? original : [], patch, place);
}

function hasDirective(patch: JsonObject): boolean {
  return Object.keys(patch).some((key) => key.startsWith('$'));
}

function itemFieldOf(field: Field): Field {
  return field.type.form === 'list' ? { ...anything, type: field.type.element } : anything;
}

function mergeLists(original: readonly Json[], patch: readonly Json[], place: Place): Json[] {
  const { mergeKey } = place.field;
  if (mergeKey === undefined) {
    const all = [...original, ...patch.filter((item) => !original.some((other) => isEqual(item, other)))];
    return orderItems(all, { wanted: Array.isArray(place.order) ? place.order : patch, original, mergeKey });
  }
  if (patch.some((item) => isObject(item) && item['$patch'] === 'replace')) {
    return clone(patch.filter((item) => !(isObject(item) && item['$patch'] === 'replace')));
  }
  let merged = [...original];
  const plain: JsonObject[] = [];
  for (const item of patch) {
    if (!isObject(item) || item[mergeKey] === undefined) {
      throw new StatusError(500, { message: `map: ${goText(item)} does not contain declared merge key: ${mergeKey}` });
    }
    if (item['$patch'] === 'delete') merged = merged.filter((other) => !hasKey(other, mergeKey, item));
    else plain.push(item);
  }
  for (const item of plain) {
    const index = merged.findIndex((other) => hasKey(other, mergeKey, item));
    const found = merged[index];
    const value = mergeMaps(isObject(found) ? found : {}, item, itemFieldOf(place.field)) ?? {};
    if (index === -1) merged.push(value);
    else merged[index] = value;
  }
  return orderItems(merged, { wanted: Array.isArray(place.order) ? place.order : plain, original, mergeKey });
}

function hasKey(item: Json, mergeKey: string, other: JsonObject): boolean {
  return isObject(item) && isEqual(item[mergeKey], other[mergeKey]);
}

/** A value as Go's fmt prints it: `map[a:1 b:[x y]]`. */
export function goText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((item) => goText(item)).join(' ')}]`;
  if (!isObject(value)) return scalarText(value);
  const parts = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${parts.map(([key, item]) => `${key}:${goText(item)}`).join(' ')}]`;
}

/** The wanted items in the wanted order, the server's own ones at their old place among them. */
function orderItems(
  items: readonly Json[],
  by: { wanted: readonly Json[]; original: readonly Json[]; mergeKey: string | undefined },
): Json[] {
  const same = (a: Json, b: Json) =>
    by.mergeKey === undefined ? isEqual(a, b) : isObject(a) && isObject(b) && isEqual(a[by.mergeKey], b[by.mergeKey]);
  const indexIn = (all: readonly Json[], item: Json) => all.findIndex((other) => same(other, item));
  const right = items
    .filter((item) => indexIn(by.wanted, item) !== -1)
    .sort((a, b) => indexIn(by.wanted, a) - indexIn(by.wanted, b));
  const left = items
    .filter((item) => indexIn(by.wanted, item) === -1)
    .sort((a, b) => indexIn(by.original, a) - indexIn(by.original, b));
  const out: Json[] = [];
  while (left.length > 0 || right.length > 0) {
    const [l, r] = [left[0], right[0]];
    const isLeftFirst =
      r === undefined ||
      (l !== undefined &&
        indexIn(by.original, l) >= 0 &&
        indexIn(by.original, r) >= 0 &&
        indexIn(by.original, l) < indexIn(by.original, r));
    const next = isLeftFirst ? left.shift() : right.shift();
    if (next !== undefined) out.push(next);
  }
  return out;
}

/** $setElementOrder for a list that the patch does not otherwise name. */
function reorderUntouched(out: JsonObject, patch: JsonObject, field: Field): void {
  for (const [key, wanted] of Object.entries(patch)) {
    if (!key.startsWith(orderOf)) continue;
    const name = key.slice(orderOf.length);
    const found = out[name];
    if (name in patch || !Array.isArray(found) || !Array.isArray(wanted)) continue;
    out[name] = orderItems(found, { wanted, original: found, mergeKey: fieldOf(field.type, name)?.mergeKey });
  }
}
