// Multi-document YAML text -> the objects in it. Foreign text: bounded in size, depth, aliases and work.
import type { Document, Pair, ParsedNode, YAMLMap } from 'yaml';
import { Composer, Lexer, Parser, isAlias, isMap, isScalar, isSeq } from 'yaml';

export type ReadRefusal = 'not-utf8' | 'too-large' | 'too-deep' | 'too-many-aliases' | 'too-complex' | 'syntax';

/** One document's text, its `---` line included. */
export interface DocumentText {
  readonly text: string;
  /** Where it starts in the file. */
  readonly offset: number;
}

/** Where an object is: the n-th document, and the n-th item when the document is a List. */
export interface Place {
  readonly document: number;
  readonly item: number | undefined;
}

export interface DeclaredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** True for a document that SOPS signed as a whole: any edit breaks its MAC. */
  readonly signed: boolean;
  readonly place: Place;
}

export type ReadResult =
  | { readonly kind: 'objects'; readonly objects: readonly DeclaredObject[] }
  | { readonly kind: 'refused'; readonly refusal: ReadRefusal; readonly line: number };

export type Composed =
  | { readonly kind: 'document'; readonly document: Document.Parsed }
  | { readonly kind: 'empty' }
  | { readonly kind: 'refused'; readonly refusal: ReadRefusal; readonly offset: number };

/** A GitHub file view ends here too; install bundles with every CRD of Argo CD are 1.5 MB, in many documents. */
const maxFileCharacters = 2 * 1024 * 1024;
/** One object: etcd's own limit is 1.5 MiB, and nobody writes such a one by hand. */
const maxDocumentCharacters = 512 * 1024;
const maxDocuments = 2_000;
/** Pod templates are about 12 deep; CRD schemas about 40. */
const maxDepth = 100;
const maxAliases = 100;
/** About 2,000 lines; composing this many takes under 50 ms, errors included. */
const maxLexemes = 8_000;
/** An escape that double-quoted YAML does not have: each would cost an error object. */
const badEscape = /\\(?:x(?![\da-fA-F]{2})|u(?![\da-fA-F]{4})|U(?![\da-fA-F]{8})|[^0abt\tnvfre "/\\N_LPxuU\r\n])/;

/** What the YAML readers of kubectl, Helm and the engines refuse anywhere in a document. */
const badCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/; // oxlint-disable-line no-control-regex -- they are what is looked for

/** The file's text, byte order mark included; undefined when it is not UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The objects of the documents that `isWanted` accepts by their text; the others are not even parsed. */
export function readObjects(text: string, isWanted: (document: string) => boolean): ReadResult {
  if (text.length > maxFileCharacters) return refuse('too-large', 1);
  const parts = splitDocuments(text);
  if (parts.length > maxDocuments) return refuse('too-large', 1);
  const objects: DeclaredObject[] = [];
  for (const [index, part] of parts.entries()) {
    if (!isWanted(part.text)) continue;
    const composed = composeDocument(part.text);
    if (composed.kind === 'refused') return refuse(composed.refusal, lineOf(text, part.offset + composed.offset));
    if (composed.kind === 'document') objects.push(...objectsOf(composed.document, index));
  }
  return { kind: 'objects', objects };
}

/** Splits at `---` in the first column, which nothing inside a document can hold; stops one beyond the limit. */
export function splitDocuments(text: string): DocumentText[] {
  const starts = [0];
  for (const { index } of text.matchAll(/^---(?=[ \t\r\n]|$)/gm)) {
    if (index > 0) starts.push(index);
    if (starts.length > maxDocuments) break;
  }
  return starts.map((offset, index) => ({ offset, text: text.slice(offset, starts[index + 1] ?? text.length) }));
}

/** Parses one document, keeping offsets. Stops at the first thing that is wrong or too much. */
export function composeDocument(text: string): Composed {
  if (text.length > maxDocumentCharacters) return { kind: 'refused', refusal: 'too-large', offset: 0 };
  const bad = text.search(badCharacter);
  if (bad >= 0) return { kind: 'refused', refusal: 'syntax', offset: bad };
  const tokens = tokenize(text);
  if (!Array.isArray(tokens)) return tokens;
  // Own duplicate check in `pairOf`: the library's is quadratic.
  const composer = new Composer({ keepSourceTokens: true, uniqueKeys: false, prettyErrors: false, logLevel: 'error' });
  const documents = [...composer.compose(tokens, false, text.length)];
  const broken = documents.find((document) => document.errors.length > 0)?.errors[0];
  if (broken !== undefined) return { kind: 'refused', refusal: 'syntax', offset: broken.pos[0] };
  const full = documents.filter((document) => document.contents !== null && !isEmpty(document));
  const [document] = full;
  if (document === undefined) return { kind: 'empty' };
  return full.length > 1
    ? { kind: 'refused', refusal: 'syntax', offset: document.range[2] }
    : { kind: 'document', document: document as Document.Parsed };
}

/** The object's own map in a document: the root, or an item of a List. */
export function objectMap(document: Document.Parsed, item: number | undefined): YAMLMap.Parsed | undefined {
  const root = document.contents;
  if (!isMap(root)) return undefined;
  if (item === undefined) return root;
  const items = pairOf(root, 'items')?.value;
  const node: unknown = isSeq(items) ? items.items[item] : undefined;
  return isMap(node) ? (node as YAMLMap.Parsed) : undefined;
}

/** The root object of a document, or an item of a List; undefined when it is no object with a kind and a name. */
export function readObject(document: Document.Parsed, item: number | undefined): DeclaredObject | undefined {
  const root = objectMap(document, undefined);
  const map = objectMap(document, item);
  if (root === undefined || map === undefined) return undefined;
  return objectOf({ document, map, signed: pairOf(root, 'sops') !== undefined, place: { document: 0, item } });
}

/** The one pair with this plain key; undefined when there is none, or more than one. */
export function pairOf(map: YAMLMap.Parsed, key: string): Pair<ParsedNode, ParsedNode | null> | undefined {
  const found = map.items.filter((pair) => isScalar(pair.key) && pair.key.value === key);
  return found.length === 1 ? found[0] : undefined;
}

type Token = ReturnType<Parser['next']> extends Generator<infer T> ? T : never;

function tokenize(text: string): Token[] | Composed {
  const parser = new Parser();
  const tokens: Token[] = [];
  const bad = (refusal: ReadRefusal): Composed => ({ kind: 'refused', refusal, offset: parser.offset });
  const counts = { lexemes: 0, aliases: 0 };
  for (const lexeme of new Lexer().lex(text)) {
    if (++counts.lexemes > maxLexemes) return bad('too-complex');
    if ((lexeme.startsWith('*') || lexeme.startsWith('&')) && ++counts.aliases > maxAliases)
      return bad('too-many-aliases');
    if (lexeme.startsWith('"') && hasBadEscape(lexeme)) return bad('syntax');
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > maxDepth) return bad('too-deep');
    if (tokens.at(-1)?.type === 'error') return bad('syntax');
  }
  tokens.push(...parser.end());
  return tokens;
}

/** A pair of backslashes is one escape, whatever follows it. */
function hasBadEscape(quoted: string): boolean {
  return badEscape.test(quoted.replaceAll('\\\\', ' '));
}

function isEmpty(document: Document.Parsed | Document): boolean {
  const { contents } = document;
  return isScalar(contents) && contents.value === null && (contents as { source?: string }).source === '';
}

/** The objects of a document, those of a List one by one. Maps that are no objects are left out. */
export function objectsOf(document: Document.Parsed, index: number): DeclaredObject[] {
  const root = objectMap(document, undefined);
  if (root === undefined) return [];
  const signed = pairOf(root, 'sops') !== undefined;
  const kind = textOf(document, root, 'kind');
  const items = pairOf(root, 'items')?.value;
  if (kind?.endsWith('List') !== true || !isSeq(items)) {
    const object = objectOf({ document, map: root, signed, place: { document: index, item: undefined } });
    return object === undefined ? [] : [object];
  }
  return items.items.flatMap((_, item) => {
    const map = objectMap(document, item);
    const object =
      map === undefined ? undefined : objectOf({ document, map, signed, place: { document: index, item } });
    return object === undefined ? [] : [object];
  });
}

interface Found {
  readonly document: Document.Parsed;
  readonly map: YAMLMap.Parsed;
  readonly signed: boolean;
  readonly place: Place;
}

function objectOf({ document, map, signed, place }: Found): DeclaredObject | undefined {
  const metadata = resolve(document, pairOf(map, 'metadata')?.value);
  const kind = textOf(document, map, 'kind');
  const apiVersion = textOf(document, map, 'apiVersion');
  if (!isMap(metadata) || kind === undefined || apiVersion === undefined) return undefined;
  const parsed = metadata as YAMLMap.Parsed;
  const name = textOf(document, parsed, 'name');
  if (name === undefined || hasOddNamespace(document, parsed)) return undefined;
  const textsOf = (field: string): Readonly<Record<string, string>> => {
    const texts = resolve(document, pairOf(parsed, field)?.value);
    return isMap(texts) ? textMap(texts as YAMLMap.Parsed) : {};
  };
  return {
    apiVersion,
    kind,
    name,
    namespace: textOf(document, parsed, 'namespace'),
    labels: textsOf('labels'),
    annotations: textsOf('annotations'),
    signed,
    place,
  };
}

/** Declared twice, or as a number: tools refuse it, so it is not taken for none. */
function hasOddNamespace(document: Document.Parsed, metadata: YAMLMap.Parsed): boolean {
  const pairs = metadata.items.filter(({ key }) => isScalar(key) && key.value === 'namespace');
  const nodes = pairs.map(({ value }) => resolve(document, value));
  const isSound = (node: unknown): boolean =>
    node === null || (isScalar(node) && (node.value === null || typeof node.value === 'string'));
  return nodes.length > 1 || !nodes.every(isSound);
}

function textMap(map: YAMLMap.Parsed): Record<string, string> {
  const entries = map.items.flatMap(({ key, value }): [string, string][] =>
    isScalar(key) && typeof key.value === 'string' && isScalar(value) && typeof value.value === 'string'
      ? [[key.value, value.value]]
      : [],
  );
  // fromEntries defines own properties, so that a key such as __proto__ stays a key.
  return Object.fromEntries(entries);
}

function textOf(document: Document.Parsed, map: YAMLMap.Parsed, key: string): string | undefined {
  const node = resolve(document, pairOf(map, key)?.value);
  return isScalar(node) && typeof node.value === 'string' && node.value !== '' ? node.value : undefined;
}

function resolve(document: Document.Parsed, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function refuse(refusal: ReadRefusal, line: number): ReadResult {
  return { kind: 'refused', refusal, line };
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
