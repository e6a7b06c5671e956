// Does an edited document mean exactly what was intended, and nothing else? Compares structures, aliases unexpanded.
import type { Document } from 'yaml';
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Place } from './read.ts';
import { composeDocument } from './read.ts';

export interface Intention {
  readonly before: Document.Parsed;
  /** The edited document's text. */
  readonly after: string;
  readonly place: Place;
  readonly annotation: { readonly key: string; readonly value: string };
}

export function differs({ before, after, place, annotation }: Intention): boolean {
  const composed = composeDocument(after);
  if (composed.kind !== 'document') return true;
  const intended = intend(shapeOf(before.contents), place, annotation);
  return intended === undefined || JSON.stringify(intended) !== JSON.stringify(shapeOf(composed.document.contents));
}

type Shape =
  | { readonly kind: 'scalar'; readonly properties: string; readonly type: string; readonly text: string }
  | { readonly kind: 'alias'; readonly source: string }
  | { readonly kind: 'map'; readonly properties: string; readonly items: readonly (readonly [Shape, Shape])[] }
  | { readonly kind: 'list'; readonly properties: string; readonly items: readonly Shape[] };

function shapeOf(node: unknown): Shape {
  if (isAlias(node)) return { kind: 'alias', source: node.source };
  if (isMap(node)) {
    const items = node.items.map(({ key, value }) => [shapeOf(key), shapeOf(value)] as const);
    return { kind: 'map', properties: propertiesOf(node, 'map'), items };
  }
  if (isSeq(node)) return { kind: 'list', properties: propertiesOf(node, 'seq'), items: node.items.map(shapeOf) };
  if (isScalar(node))
    return { kind: 'scalar', properties: propertiesOf(node, ''), type: typeof node.value, text: String(node.value) };
  return scalar(null);
}

function propertiesOf(node: { anchor?: string; tag?: string }, implied: string): string {
  const tag = node.tag === `tag:yaml.org,2002:${implied}` ? '' : (node.tag ?? '');
  return `${node.anchor ?? ''} ${tag}`;
}

function intend(root: Shape, place: Place, annotation: { key: string; value: string }): Shape | undefined {
  const withAnnotation = (object: Shape): Shape | undefined =>
    change(object, 'metadata', (metadata) =>
      change(metadata ?? emptyMap, 'annotations', (annotations) =>
        change(annotations?.kind === 'map' ? annotations : emptyMap, annotation.key, () => scalar(annotation.value)),
      ),
    );
  const { item } = place;
  if (item === undefined) return withAnnotation(root);
  return change(root, 'items', (items) => {
    const object = items?.kind === 'list' ? items.items[item] : undefined;
    const changed = object === undefined ? undefined : withAnnotation(object);
    if (items?.kind !== 'list' || changed === undefined) return undefined;
    return { ...items, items: items.items.with(item, changed) };
  });
}

/** The map with one key changed, or added in front. */
function change(map: Shape, key: string, next: (value: Shape | undefined) => Shape | undefined): Shape | undefined {
  if (map.kind !== 'map') return undefined;
  const at = map.items.findIndex(([name]) => name.kind === 'scalar' && name.text === key);
  const found = map.items[at];
  const value = next(found?.[1]);
  if (value === undefined) return undefined;
  const items =
    found === undefined ? [[scalar(key), value] as const, ...map.items] : map.items.with(at, [found[0], value]);
  return { ...map, items };
}

const emptyMap: Shape = { kind: 'map', properties: ' ', items: [] };

function scalar(value: string | null): Shape {
  return { kind: 'scalar', properties: ' ', type: typeof value, text: String(value) };
}
