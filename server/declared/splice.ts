// Where in a document's text a line or a flow item goes. Offsets in, offsets out.
import type { YAMLMap } from 'yaml';

export type EditRefusal =
  | 'anchored'
  | 'merge-key'
  | 'duplicate-key'
  | 'block-scalar'
  | 'not-a-map'
  | 'not-a-scalar'
  | 'unusual-layout'
  | 'unsafe-text';

/** Replace [from, to) by `insert`. */
export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

type ParsedPair = YAMLMap.Parsed['items'][number];

/** Whole lines, behind the line that holds `offset`, with that line's ending. */
export function insertLines(text: string, offset: number, lines: readonly string[]): Splice {
  const end = text.indexOf('\n', offset);
  if (end < 0) {
    const ending = text.includes('\r\n') ? '\r\n' : '\n';
    return { from: text.length, to: text.length, insert: lines.map((line) => ending + line).join('') };
  }
  const ending = text[end - 1] === '\r' ? '\r\n' : '\n';
  return { from: end + 1, to: end + 1, insert: lines.map((line) => line + ending).join('') };
}

/** A first item of a flow map: on a line of its own where the first item has one. */
export function insertItem(text: string, map: YAMLMap.Parsed, item: string): Splice | EditRefusal {
  const [from, to] = map.range;
  if (text[from] !== '{') return 'unusual-layout';
  const [first] = map.items;
  if (first === undefined) {
    return text.slice(from + 1, to - 1).trim() === '' ? { from, to, insert: `{ ${item} }` } : 'unusual-layout';
  }
  const at = first.key.range[0];
  const between = text.slice(from + 1, at);
  if (!isBlank(between)) return 'unusual-layout';
  if (!between.includes('\n')) return { from: at, to: at, insert: `${item}, ` };
  const lineStart = text.lastIndexOf('\n', at) + 1;
  const ending = text[lineStart - 2] === '\r' ? '\r\n' : '\n';
  return { from: lineStart, to: lineStart, insert: `${text.slice(lineStart, at)}${item},${ending}` };
}

/** Offset of the colon behind a pair's key. */
export function colonOf(pair: ParsedPair): number {
  const token = tokensOf(pair).find(({ type }) => type === 'map-value-ind');
  return token?.offset ?? pair.key.range[1];
}

/** `? key`, or a key with an anchor or a tag. */
export function isExplicit(pair: ParsedPair): boolean {
  return (
    pair.key.anchor !== undefined ||
    !tokensOf(pair).some(({ type }) => type === 'map-value-ind') ||
    startTokensOf(pair).some(({ type }) => type === 'explicit-key-ind' || type === 'tag')
  );
}

export function isFlow(map: YAMLMap.Parsed): boolean {
  return map.flow === true;
}

/** Only space, line ends and comments. */
export function isBlank(text: string): boolean {
  return /^(?:[ \t\r\n]|#[^\n]*(?:\n|$))*$/.test(text);
}

/** Characters between the start of the line and `offset`; a byte order mark has no width. */
export function columnOf(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return offset - start - (text.startsWith('\uFEFF', start) ? 1 : 0);
}

interface SourceToken {
  readonly type: string;
  readonly offset: number;
}

function tokensOf(pair: ParsedPair): readonly SourceToken[] {
  return pair.srcToken?.sep ?? [];
}

function startTokensOf(pair: ParsedPair): readonly SourceToken[] {
  return pair.srcToken?.start ?? [];
}
