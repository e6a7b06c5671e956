// A reference to another resource of Flux.
import type { Fields } from './fields.ts';

export interface Reference<K extends string> {
  readonly kind: K;
  readonly namespace: string;
  readonly name: string;
}

/** Undefined, with the reason among the problems, when any part of it cannot be read: half a reference leads astray. */
export function readReference<K extends string>(
  parent: Fields,
  field: string,
  { kinds, namespace }: { readonly kinds: readonly K[]; readonly namespace: string },
): Reference<K> | undefined {
  const ref = parent.map(field);
  const kind = ref.word('kind', kinds);
  if (!ref.has('kind')) ref.report('kind', 'missing');
  const name = ref.need('name');
  const from = ref.text('namespace') ?? namespace;
  return kind !== undefined && parent.isSound(field) ? { kind, namespace: from, name } : undefined;
}
