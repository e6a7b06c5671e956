// How Go reads texts where JavaScript would read them differently. Reloader's users rely on the difference.

/** Go's strconv.ParseBool; undefined where it returns an error. */
export function parseBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  return undefined;
}

/** Go's strings.TrimSpace: U+0085 is space and U+FEFF is none, the reverse of String.trim. */
export function trimSpace(text: string): string {
  return text.replace(/^[\p{White_Space}]+|[\p{White_Space}]+$/gu, '');
}

/** Go's strings.Split by comma, each part trimmed, as Reloader reads its lists. Never empty: '' gives ['']. */
export function splitTrimmed(text: string): string[] {
  return text.split(',').map(trimSpace);
}
