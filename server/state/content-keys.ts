// Which data keys of a config object changed between two looks at it.
import type { Annotations } from '../core/annotations.ts';
import type { SeenConfig } from '../core/seen.ts';

/** `all` where the contents are not comparable key by key. */
export function differingKeys(before: SeenConfig, after: SeenConfig): ReadonlySet<string> | 'all' {
  const [a, b] = [before.contents[0], after.contents[0]];
  if (a === undefined || b === undefined || a.keyId !== b.keyId) return 'all';
  const keys = new Set<string>();
  for (const [key, value] of a.values) if (b.values.get(key) !== value) keys.add(key);
  for (const key of b.values.keys()) if (!a.values.has(key)) keys.add(key);
  return keys;
}

/** Among its data keys. */
export function hasKey(seen: SeenConfig, key: string): boolean {
  return seen.contents[0]?.values.has(key) === true;
}

/** Marks decide whom the object concerns. */
export function sameAnnotations(a: Annotations, b: Annotations): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}
