// Paths inside a source, as Flux joins them: what would leave the root stays at the root.
import type { Fields } from './fields.ts';

/** '' is the root. Undefined, and named, when it cannot be read. Source: cyphar/filepath-securejoin. */
export function readPath(fields: Fields, name: string): string | undefined {
  const path = fields.text(name) ?? '';
  if (path.includes('\0')) fields.report(name, 'malformed');
  if (!fields.isSound(name)) return undefined;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
