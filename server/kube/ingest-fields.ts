// The fields beside the data of a Secret or ConfigMap that matter to who uses it.
import type { ConfigFields } from '../core/drift.ts';
import type { ConfigKind } from '../core/object.ts';
import type { ApiObject } from './reflector.ts';

/** A live object says of each whether it is so: absent is `false`. */
export function parseFields(kind: ConfigKind, object: ApiObject): ConfigFields {
  const { type, immutable } = object as unknown as { readonly type?: unknown; readonly immutable?: unknown };
  return { type: kind === 'Secret' && typeof type === 'string' ? type : undefined, immutable: immutable === true };
}
