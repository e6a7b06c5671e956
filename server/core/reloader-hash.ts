// Reloader's hashes: lower-case hex SHA-1 (stakater/Reloader internal/pkg/util/util.go, crypto/sha.go). They exist for its two strategies
// only: the encoding is ambiguous (`{a: "1;b=2"}` and `{a: "1", b: "2"}` are alike), so no decision may rest on an equal hash alone.
import { createHash } from 'node:crypto';
import type { ValueInput } from './digest.ts';

/** The hash that the annotations strategy writes for a config object that was deleted. */
export const deletedHash = hashParts([['__RELOADER_EMPTY_DELETE_MARKER__']]);

/**
 * A ConfigMap's or Secret's hash: `key=value` sorted by bytes, joined by `;`; binaryData in standard base64. The values are read
 * once and not kept. Metadata, type and immutable do not count.
 */
export function hashContent(inputs: readonly ValueInput[]): string {
  const entries = inputs.map(({ dataKey, field, value }) => ({
    key: Buffer.from(`${dataKey}=`, 'utf8'),
    value: field === 'binaryData' ? Buffer.from(Buffer.from(value).toString('base64'), 'latin1') : value,
  }));
  // No data key holds `=`, so two entries differ before their values begin, unless data and binaryData share a key.
  entries.sort((a, b) => Buffer.compare(a.key, b.key) || Buffer.compare(a.value, b.value));
  return hashParts(entries.map(({ key, value }) => [key, value]));
}

/** What one SecretProviderClassPodStatus says is mounted. */
export interface MountedObjects {
  readonly className: string;
  readonly objects: readonly { readonly id: string; readonly version: string }[];
}

export function hashMountedObjects({ className, objects }: MountedObjects): string {
  const lines = objects.map(({ id, version }) => `${id}=${version}`);
  lines.push(`SecretProviderClassName=${className}`);
  const sorted = lines.map((line) => Buffer.from(line, 'utf8')).sort((a, b) => Buffer.compare(a, b));
  return hashParts(sorted.map((line) => [line]));
}

/** SHA-1 of the joined parts without joining them: a Secret's values are not copied into one more buffer. */
function hashParts(parts: readonly (readonly (string | Uint8Array)[])[]): string {
  const hash = createHash('sha1');
  parts.forEach((pieces, at) => {
    if (at > 0) hash.update(';');
    for (const piece of pieces) hash.update(piece);
  });
  return hash.digest('hex');
}
