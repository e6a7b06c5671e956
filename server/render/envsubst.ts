// The dialect of `${...}` that Flux evaluates: its fork of drone/envsubst, form by form.

/** Undefined when the text cannot be evaluated: a form that Flux refuses, or a variable that is not set. */
export function evaluate(text: string, variables: ReadonlyMap<string, string>): string | undefined {
  try {
    return readText({ text, at: 0, variables, depth: 0, made: 0 });
  } catch (error) {
    if (error instanceof BadSubstitution) return undefined;
    throw error;
  }
}

class BadSubstitution extends Error {}

interface Cursor {
  readonly text: string;
  at: number;
  readonly variables: ReadonlyMap<string, string>;
  depth: number;
  /** Characters that forms have given so far. */
  made: number;
}

const deepest = 20;
const mostMatching = 4_096;
/** As much as a tool may print: a text of 1 MB can name a variable of 1 MB a hundred thousand times. */
const mostMade = 32 * 1024 * 1024;

/** `$$` is one `$`, which starts nothing. */
function readText(cursor: Cursor): string {
  const out: string[] = [];
  const { text } = cursor;
  while (cursor.at < text.length) {
    const dollar = text.indexOf('$', cursor.at);
    if (dollar < 0) break;
    out.push(text.slice(cursor.at, dollar));
    const next = text.charAt(dollar + 1);
    cursor.at = dollar + (next === '$' || next === '{' ? 2 : 1);
    if (next === '{') out.push(readForm(cursor));
    else out.push('$');
  }
  out.push(text.slice(cursor.at));
  return out.join('');
}

/** Behind `${`. */
function readForm(cursor: Cursor): string {
  if (++cursor.depth > deepest) throw new BadSubstitution();
  const isLength = accept(cursor, /#/y) !== '';
  const name = accept(cursor, /[\p{L}\p{Nd}_]+/uy);
  if (name === '') throw new BadSubstitution();
  const operator = isLength ? '#' : accept(cursor, /:[=?+-]|=|,,?|\^\^?|##?|%%?|\/[/#%]?|:/y);
  const args = isLength || /^[,^]*$/.test(operator) ? [] : readArguments(cursor, operator);
  if (accept(cursor, /\}/y) === '') throw new BadSubstitution();
  cursor.depth--;
  const value = cursor.variables.get(name);
  if (/^(?::[=?+-]|=)$/.test(operator))
    return give(cursor, value === undefined || value === '' ? args.join('') : value);
  if (value === undefined) throw new BadSubstitution();
  return give(cursor, isLength ? String(Buffer.byteLength(value)) : transform(value, operator, args));
}

function give(cursor: Cursor, text: string): string {
  cursor.made += text.length;
  if (cursor.made > mostMade) throw new BadSubstitution();
  return text;
}

function accept(cursor: Cursor, pattern: RegExp): string {
  pattern.lastIndex = cursor.at;
  const [found = ''] = pattern.exec(cursor.text) ?? [];
  cursor.at += found.length;
  return found;
}

function readArguments(cursor: Cursor, operator: string): string[] {
  if (operator === '') return [];
  if (operator === ':') {
    const start = readPiece(cursor, /[^:}$]+|\$(?!\{)/y);
    return accept(cursor, /:+/y) === '' ? [start] : [start, readPiece(cursor, /[^}$]+|\$(?!\{)/y)];
  }
  if (operator.startsWith('/')) {
    const pattern = cursor.text.charAt(cursor.at) === '/' ? '' : readEscaped(cursor, '/');
    if (accept(cursor, /\/+/y) === '') throw new BadSubstitution();
    return cursor.text.charAt(cursor.at) === '}' ? [pattern] : [pattern, readEscaped(cursor, '}')];
  }
  if (/^[#%]/.test(operator)) return [readPiece(cursor, /[^}$]+|\$(?!\{)/y)];
  const pieces: string[] = [];
  while (cursor.text.charAt(cursor.at) !== '}') pieces.push(readPiece(cursor, /[^}$]+|\$(?!\{)/y));
  return pieces;
}

/** One form, or text up to the next one. */
function readPiece(cursor: Cursor, plain: RegExp): string {
  if (cursor.text.startsWith('${', cursor.at)) {
    cursor.at += 2;
    return readForm(cursor);
  }
  let piece = '';
  for (let part = accept(cursor, plain); part !== ''; part = accept(cursor, plain)) piece += part;
  if (piece === '') throw new BadSubstitution();
  return piece;
}

/** Text in which a backslash protects a slash and itself, and a dollar a dollar. */
function readEscaped(cursor: Cursor, end: '/' | '}'): string {
  if (cursor.text.startsWith('${', cursor.at)) return readPiece(cursor, /(?!)/y);
  let piece = '';
  for (;;) {
    const rest = cursor.text.slice(cursor.at, cursor.at + 2);
    const letter = rest.charAt(0);
    if (letter === '' || letter === end || rest === '${') break;
    const isEscape = rest === '\\/' || rest === '\\\\' || rest === '$$';
    piece += isEscape ? rest.charAt(1) : letter;
    cursor.at += isEscape ? 2 : 1;
  }
  if (piece === '') throw new BadSubstitution();
  return piece;
}

function transform(value: string, operator: string, [first = '', second]: readonly string[]): string {
  switch (operator) {
    case '':
      return value;
    case ',':
      return value.charAt(0).toLowerCase() + value.slice(1);
    case ',,':
      return value.toLowerCase();
    case '^':
      return value.charAt(0).toUpperCase() + value.slice(1);
    case '^^':
      return value.toUpperCase();
    case ':':
      return slice(value, first, second);
    case '/':
      return value.replace(first, () => second ?? '');
    case '//':
      return replaceAll(value, first, second ?? '');
    case '/#':
      return second !== undefined && value.startsWith(first) ? second + value.slice(first.length) : value;
    case '/%':
      return second !== undefined && value.endsWith(first)
        ? value.slice(0, value.length - first.length) + second
        : value;
    default:
      return trim(value, operator, first);
  }
}

function replaceAll(value: string, from: string, to: string): string {
  if (value.split(from).length * to.length > mostMade) throw new BadSubstitution();
  return value.replaceAll(from, () => to);
}

/** By bytes, as Go slices; what is no number changes nothing. */
function slice(value: string, start: string, length: string | undefined): string {
  const bytes = Buffer.from(value, 'utf8');
  const isNumber = (text: string): boolean => /^[+-]?\d{1,15}$/.test(text);
  if (!isNumber(start)) return value;
  const from = Number(start) < 0 ? Math.max(0, bytes.length + Number(start)) : Number(start);
  if (length === undefined) return bytes.subarray(from).toString('utf8');
  if (!isNumber(length)) return value;
  const end = Number(length) < 0 ? bytes.length + Number(length) : from + Number(length);
  return end < from ? '' : bytes.subarray(from, end).toString('utf8');
}

/** `#`, `##`, `%`, `%%` without patterns: those with stars are left to the reader's judgement. */
function trim(value: string, operator: string, pattern: string): string {
  if (/[*?[\\]/.test(pattern) || pattern.length > mostMatching) throw new BadSubstitution();
  const isPrefix = operator.startsWith('#');
  const isThere = isPrefix ? value.startsWith(pattern) : value.endsWith(pattern);
  if (!isThere) return value;
  return isPrefix ? value.slice(pattern.length) : value.slice(0, value.length - pattern.length);
}
