// A YAML file of a repository that says what else is needed: read within the limits of declared/.
import type { Document } from 'yaml';
import { composeDocument, decodeText } from '../declared/read.ts';
import { Refused, quote } from './refused.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** To readers of YAML 1.1, such as the tools, these end a line, and so a comment. */
const otherLineBreak = /[\u0085\u2028\u2029]/;

export function parseFile(path: string, content: Uint8Array): Document.Parsed {
  const text = decodeText(content);
  if (text === undefined) throw new Refused(`${quote(path)} is not UTF-8`, 'unreadable');
  if (otherLineBreak.test(text)) {
    throw new Refused(`${quote(path)} has a line break that not every reader of YAML knows`, 'unreadable');
  }
  const composed = composeDocument(text.replace(/^\ufeff/, ''));
  if (composed.kind === 'document') return composed.document;
  throw new Refused(
    composed.kind === 'empty' ? `${quote(path)} is empty` : `${quote(path)} cannot be read: ${composed.refusal}`,
    'unreadable',
  );
}

export function fieldsOf(path: string, document: Document): Fields {
  const value = toPlain(document);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Refused(`${quote(path)} is no map`, 'unreadable');
}

function toPlain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined; // more aliases than are followed
  }
}
