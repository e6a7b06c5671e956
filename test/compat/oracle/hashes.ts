// §3 of the contract, "Hashes": lower-case hexadecimal SHA-1 over entries that are sorted as bytes and joined with `;`.
import { createHash } from 'node:crypto';
import type { Content } from './types.ts';

/** What the annotations strategy writes as the hash of a deleted object. */
export const deletedHash = sha1(Buffer.from('__RELOADER_EMPTY_DELETE_MARKER__'));

export function hashContent(content: Content): string {
  const entries = encode(content).sort((left, right) => left.compare(right));
  const separated = entries.flatMap((entry, index) => (index === 0 ? [entry] : [Buffer.from(';'), entry]));
  return sha1(Buffer.concat(separated));
}

/** Whole entries are sorted, not keys: `a.b=` comes before `a=`. */
function encode(content: Content): Buffer[] {
  switch (content.kind) {
    case 'ConfigMap':
      return [
        ...Object.entries(content.data).map(([key, value]) => Buffer.from(`${key}=${value}`)),
        ...Object.entries(content.binaryData).map(([key, value]) => Buffer.from(`${key}=${value}`)),
      ];
    case 'Secret':
      return Object.entries(content.data).map(([key, value]) =>
        Buffer.concat([Buffer.from(`${key}=`), Buffer.from(value, 'base64')]),
      );
    case 'SecretProviderClass':
      return [
        ...content.objects.map(({ id, version }) => Buffer.from(`${id}=${version}`)),
        Buffer.from(`SecretProviderClassName=${content.className}`),
      ];
  }
}

function sha1(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex');
}
