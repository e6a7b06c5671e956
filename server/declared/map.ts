// A file that holds one map, such as settings of an engine, as plain data.
import { composeDocument, type ReadRefusal } from './read.ts';

export type MapReading =
  | { readonly kind: 'map'; readonly map: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly refusal: ReadRefusal | 'not-a-map' | 'yaml-dialects' };

/** The file's map; empty for an empty file. Merge keys are refused, since YAML 1.2 has none. */
export function readMap(text: string): MapReading {
  const composed = composeDocument(text);
  if (composed.kind === 'refused') return composed;
  if (composed.kind === 'empty') return { kind: 'map', map: {} };
  try {
    const value: unknown = composed.document.toJS();
    if (!isMap(value)) return { kind: 'refused', refusal: 'not-a-map' };
    return hasMergeKey(value) ? { kind: 'refused', refusal: 'yaml-dialects' } : { kind: 'map', map: value };
  } catch {
    // An alias that leads nowhere, or too far.
    return { kind: 'refused', refusal: 'too-many-aliases' };
  }
}

function hasMergeKey(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasMergeKey);
  return isMap(value) && (Object.hasOwn(value, '<<') || Object.values(value).some(hasMergeKey));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
