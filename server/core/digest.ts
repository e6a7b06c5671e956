// Turns content into digests that identify it without revealing it. RESTART-PROTOCOL.md "Digests".
//
// Two levels, so that values can be dropped at ingestion while any choice of keys can still be compared:
// each key's value becomes a value digest; a projection (all keys, or the used ones) of an object becomes
// one digest over namespace, kind, name and its (key, value digest) pairs.
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import type { ConfigKind, ConfigRef, WorkloadRef } from './object.ts';

/** The 256-bit key of Secret digests. `id` is public and stands before every digest. */
export interface DigestKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

/** Key id of ConfigMap digests, which are plain SHA-256: a ConfigMap is not confidential. */
export const plainKeyId = 'sha256';

/** Value digests by data key, all made under the digest key `keyId`. */
export interface ContentDigests {
  readonly keyId: string;
  readonly values: ReadonlyMap<string, string>;
}

/** The data keys that a workload uses: all of them, or a sorted list. */
export type Projection = 'all' | readonly string[];

type Field = string | Uint8Array;

/** `field` names where the value stood: the same bytes under data and binaryData are different content for an environment. */
export type DataField = 'data' | 'binaryData';

export interface ValueInput {
  readonly dataKey: string;
  readonly field: DataField;
  readonly value: Uint8Array;
}

/** The value digests of a whole object: 128 bits each, base64url. */
export function digestValues(ref: ConfigRef, inputs: readonly ValueInput[], key: DigestKey): ContentDigests {
  const values = new Map<string, string>();
  for (const { dataKey, field, value } of inputs) {
    const fields = [...identity(ref), dataKey, field, value];
    values.set(dataKey, digestFields(ref, fields, key).subarray(0, 16).toString('base64url'));
  }
  return { keyId: isConfidential(ref.kind) ? key.id : plainKeyId, values };
}

/** `<key id>:<256-bit digest>` of the projection. Used keys that the object does not have are left out. */
export function digestProjection(
  ref: ConfigRef,
  content: ContentDigests,
  projection: Projection,
  key: DigestKey,
): string {
  const used =
    projection === 'all' ? [...content.values.keys()] : projection.filter((name) => content.values.has(name));
  const fields: Field[] = identity(ref);
  for (const name of used.sort(compareBytes)) fields.push(name, content.values.get(name) ?? '');
  return `${content.keyId}:${digestFields(ref, fields, key).toString('base64url')}`;
}

/** `<key id>:<256-bit digest>` of a pod template as text. Keyed: templates hold values in their environments. */
export function digestTemplate(ref: WorkloadRef, template: string, key: DigestKey): string {
  const fields = [ref.namespace, ref.kind, ref.name, template];
  return `${key.id}:${digestSecretly(fields, key).toString('base64url')}`;
}

/** A short mark for each data key, four letters each and sorted: tells later whether one has vanished. */
export function markKeys(content: ContentDigests): string {
  const marks = [...content.values.keys()].map((key) =>
    createHash('sha256').update(key).digest('base64url').slice(0, 4),
  );
  return marks.sort().join('');
}

/** False when a data key that `before` marks is not among those of `content`. */
export function hasAllKeys(content: ContentDigests, before: string): boolean {
  const now = new Set(markKeys(content).match(/.{4}/g));
  return (before.match(/.{4}/g) ?? []).every((mark) => now.has(mark));
}

/** What a class mounts is named by versions, and a provider may make those from the content. */
export function isConfidential(kind: ConfigKind): boolean {
  return kind !== 'ConfigMap';
}

/** The key id of `<key id>:<digest>`. */
export function keyIdOf(digest: string): string {
  return digest.slice(0, digest.indexOf(':'));
}

/** Clusters that share a base agree about a ConfigMap, so its namespace is left out. */
function identity(ref: ConfigRef): Field[] {
  return isConfidential(ref.kind) ? [ref.namespace, ref.kind, ref.name] : [ref.kind, ref.name];
}

function digestFields(ref: ConfigRef, fields: readonly Field[], key: DigestKey): Buffer {
  return isConfidential(ref.kind) ? digestSecretly(fields, key) : digestInto(createHash('sha256'), fields);
}

function digestSecretly(fields: readonly Field[], key: DigestKey): Buffer {
  return digestInto(createHmac('sha256', key.secret), fields);
}

function digestInto(hash: Hash | Hmac, fields: readonly Field[]): Buffer {
  for (const field of fields) {
    const bytes = typeof field === 'string' ? Buffer.from(field, 'utf8') : field;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest();
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}
