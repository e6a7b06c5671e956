// JSON as Go reads it: the same documents, and Go's words for those that are none.
import type { Json } from './json.ts';

/** @throws SyntaxError with encoding/json's message */
export function parseGoJson(source: string): Json {
  try {
    return JSON.parse(source) as Json;
  } catch (error) {
    throw new SyntaxError(explain(source, error));
  }
}

function isAtEnd(source: string, message: string): boolean {
  const at = /position (\d+)/.exec(message)?.[1];
  return (
    message.includes('end of JSON') ||
    message.includes('Unterminated') ||
    (at !== undefined && Number(at) >= source.length)
  );
}

function explain(source: string, error: unknown): string {
  const first = source.trimStart()[0];
  if (first === undefined || (error instanceof Error && isAtEnd(source, error.message)))
    return 'unexpected end of JSON input';
  if (!/[[{"\d\-tfn]/.test(first)) return `invalid character '${first}' looking for beginning of value`;
  return error instanceof Error ? error.message : '';
}
