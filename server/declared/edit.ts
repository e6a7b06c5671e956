// Sets one annotation in a user's file by splicing text at the parser's offsets. Nothing is ever printed anew, and an
// edit that does not re-parse to exactly what was intended is refused.
import { isAlias, isMap, isScalar } from 'yaml';
import type { YAMLMap } from 'yaml';
import type { Place, ReadRefusal } from './read.ts';
import { composeDocument, objectMap, pairOf, splitDocuments } from './read.ts';
import { colonOf, insertItem, insertLines, isBlank, isExplicit, isFlow, columnOf } from './splice.ts';
import type { EditRefusal as LayoutRefusal, Splice } from './splice.ts';
import { differs } from './verify.ts';

export type EditRefusal = LayoutRefusal | ReadRefusal | 'not-an-object' | 'verification-failed';

export type EditResult =
  | { readonly kind: 'edited'; readonly text: string }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly refusal: EditRefusal };

export interface Annotation {
  readonly key: string;
  readonly value: string;
}

/** `metadata.annotations[key] = "value"` on the object at `place`: one line replaced, or one or two added. */
export function setAnnotation(text: string, place: Place, annotation: Annotation): EditResult {
  if (!/^[A-Za-z0-9._/-]+$/.test(annotation.key) || !/^[A-Za-z0-9._:+/=-]+$/.test(annotation.value))
    return refuse('unsafe-text');
  const part = splitDocuments(text)[place.document];
  if (part === undefined) return refuse('not-an-object');
  const composed = composeDocument(part.text);
  if (composed.kind !== 'document') return refuse(composed.kind === 'empty' ? 'not-an-object' : composed.refusal);
  const map = objectMap(composed.document, place.item);
  if (map === undefined) return refuse('not-an-object');
  const items =
    place.item === undefined ? undefined : pairOf(objectMap(composed.document, undefined) ?? map, 'items')?.value;
  if (composed.document.contents?.anchor !== undefined || items?.anchor !== undefined) return refuse('anchored');
  const splice = planSplice(part.text, map, annotation);
  if (splice === 'unchanged') return { kind: 'unchanged' };
  if (typeof splice === 'string') return refuse(splice);
  const edited = part.text.slice(0, splice.from) + splice.insert + part.text.slice(splice.to);
  if (differs({ before: composed.document, after: edited, place, annotation })) return refuse('verification-failed');
  const after = text.slice(0, part.offset) + edited + text.slice(part.offset + part.text.length);
  if (splitDocuments(after).length !== splitDocuments(text).length) return refuse('verification-failed');
  return { kind: 'edited', text: after };
}

type Plan = Splice | LayoutRefusal | 'unchanged';

function planSplice(text: string, object: YAMLMap.Parsed, annotation: Annotation): Plan {
  const metadataPair = pairOf(object, 'metadata');
  const metadata = metadataPair?.value;
  if (isAlias(metadata)) return 'anchored';
  if (metadataPair === undefined || !isMap(metadata)) return 'not-a-map';
  const unfit = checkMap(object) ?? checkMap(metadata) ?? checkValue(text, metadataPair);
  if (unfit !== undefined) return unfit;
  const pair = pairOf(metadata, 'annotations');
  const entry = `${annotation.key}: ${JSON.stringify(annotation.value)}`;
  const flowEntry = `"${annotation.key}": ${JSON.stringify(annotation.value)}`;
  if (pair === undefined) {
    if (isFlow(metadata)) return insertItem(text, metadata, `"annotations": { ${flowEntry} }`);
    const indent = firstColumn(text, metadata);
    const step = Math.max(indent - columnOf(text, metadataPair.key.range[0]), 2);
    return insertLines(text, colonOf(metadataPair), [indentBy(indent, 'annotations:'), indentBy(indent + step, entry)]);
  }
  const unfitPair = checkValue(text, pair);
  if (unfitPair !== undefined) return unfitPair;
  const { value } = pair;
  if (isMap(value))
    return checkMap(value) ?? setInMap(text, value, { ...annotation, entry, flowEntry, after: colonOf(pair) });
  if (value !== null && !(isScalar(value) && value.value === null)) return 'not-a-map';
  const source = value === null ? '' : text.slice(value.range[0], value.range[1]);
  if (source !== '' && value !== null) return { from: value.range[0], to: value.range[1], insert: `{ ${flowEntry} }` };
  const colon = colonOf(pair);
  if (isFlow(metadata)) return { from: colon + 1, to: colon + 1, insert: ` { ${flowEntry} }` };
  const column = columnOf(text, pair.key.range[0]);
  const step = Math.max(column - columnOf(text, metadataPair.key.range[0]), 2);
  return insertLines(text, colon, [indentBy(column + step, entry)]);
}

interface Entry extends Annotation {
  /** `key: "value"`, as block style writes it. */
  readonly entry: string;
  /** `"key": "value"`, as flow style and JSON write it. */
  readonly flowEntry: string;
  /** Offset of the colon behind `annotations`. */
  readonly after: number;
}

function setInMap(text: string, map: YAMLMap.Parsed, entry: Entry): Plan {
  const pair = pairOf(map, entry.key);
  if (pair === undefined) {
    if (isFlow(map)) return insertItem(text, map, entry.flowEntry);
    return insertLines(text, entry.after, [indentBy(firstColumn(text, map), entry.entry)]);
  }
  const unfit = checkValue(text, pair);
  if (unfit !== undefined) return unfit;
  const { value } = pair;
  const insert = JSON.stringify(entry.value);
  if (value === null || !isScalar(value)) return value === null ? afterColon(pair, insert) : 'not-a-scalar';
  if (value.value === entry.value) return 'unchanged';
  if (value.type === 'BLOCK_LITERAL' || value.type === 'BLOCK_FOLDED') return 'block-scalar';
  if (value.range[0] === value.range[1]) return afterColon(pair, insert);
  return { from: value.range[0], to: value.range[1], insert };
}

function afterColon(pair: YAMLMap.Parsed['items'][number], insert: string): Splice {
  const at = colonOf(pair) + 1;
  return { from: at, to: at, insert: ` ${insert}` };
}

/** What makes a map unsafe to add a key to. */
function checkMap(map: YAMLMap.Parsed): LayoutRefusal | undefined {
  if (map.anchor !== undefined) return 'anchored';
  const keys = map.items.map(({ key }) => (isScalar(key) ? String(key.value) : undefined));
  if (keys.includes(undefined)) return 'unusual-layout';
  if (keys.includes('<<')) return 'merge-key';
  if (new Set(keys).size !== keys.length) return 'duplicate-key';
  const [first] = map.items;
  return first !== undefined && isExplicit(first) ? 'unusual-layout' : undefined;
}

/** Between a key's colon and its value there may be space and comments only: no anchor, no tag. */
function checkValue(text: string, pair: YAMLMap.Parsed['items'][number]): LayoutRefusal | undefined {
  if (isExplicit(pair)) return 'unusual-layout';
  const { value } = pair;
  if (value === null) return undefined;
  if (isAlias(value) || value.anchor !== undefined) return 'anchored';
  if (isScalar(value) && (value.type === 'BLOCK_LITERAL' || value.type === 'BLOCK_FOLDED')) return undefined;
  return isBlank(text.slice(colonOf(pair) + 1, value.range[0])) ? undefined : 'unusual-layout';
}

function firstColumn(text: string, map: YAMLMap.Parsed): number {
  return columnOf(text, map.items[0]?.key.range[0] ?? 0);
}

function indentBy(width: number, line: string): string {
  return ' '.repeat(width) + line;
}

function refuse(refusal: EditRefusal): EditResult {
  return { kind: 'refused', refusal };
}
