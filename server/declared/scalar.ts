// One YAML value or key -> the string that the API server gets, where every tool reads it alike.
import { isAlias, isScalar, type Document, type Scalar } from 'yaml';
import type { NotComparable } from '../core/drift.ts';

export type Text = { readonly text: string } | { readonly problem: NotComparable };

/** What YAML 1.1 takes for a boolean, null or special number when it is not quoted; 1.2 takes some of them for strings. */
const words = /^(?:y|yes|n|no|on|off|true|false|null|~|[-+]?\.inf|\.nan)$/i;
/** Every number of both versions, and a little more; underscores are removed first. */
const numbers = /^[-+]?(?:0[xob][\da-f]+|(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?)$/i;
/** Line breaks of YAML 1.1 only. */
const oldBreaks = /[\u0085\u2028\u2029]/;
const stringTag = 'tag:yaml.org,2002:str';

/** The string that stands at `node`; aliases are followed. */
export function readText(document: Document.Parsed, node: unknown): Text {
  const target = isAlias(node) ? node.resolve(document) : node;
  if (target === null || target === undefined) return { problem: isAlias(node) ? 'unreadable' : 'null-value' };
  if (!isScalar(target)) return { problem: 'not-a-string' };
  const source = (target as { readonly source?: string }).source ?? '';
  if (target.tag !== undefined && target.tag !== stringTag) return { problem: 'not-a-string' };
  if (target.value === null) return { problem: 'null-value' };
  if (typeof target.value !== 'string' || readsOtherwise(target, source)) return { problem: 'not-a-string' };
  return oldBreaks.test(source) ? { problem: 'yaml-dialects' } : { text: target.value };
}

/** Plain text that is a string in YAML 1.2 and something else in 1.1, which kubectl, Helm and Argo CD read. */
function readsOtherwise({ type, tag }: Scalar, source: string): boolean {
  if (type !== 'PLAIN' || tag !== undefined) return false;
  return words.test(source) || (/^[-+.\d]/.test(source) && numbers.test(source.replaceAll('_', '')));
}

/** A map key as the name it gets; undefined when tools differ about it. Plain decimal numbers become their digits everywhere. */
export function readKey(document: Document.Parsed, node: unknown): string | undefined {
  const read = readText(document, node);
  if ('text' in read) return read.text === '<<' ? undefined : read.text;
  const isDecimal = isScalar(node) && node.tag === undefined && typeof node.value === 'number';
  const source = isDecimal ? ((node as { readonly source?: string }).source ?? '') : '';
  return /^(?:0|[1-9]\d{0,14})$/.test(source) ? source : undefined;
}
