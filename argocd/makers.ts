// Whose is what a producer made? The Application's that lists the producer: of an ExternalSecret in Git, the Secret is in no status.
import type { OwnershipMarks } from '../server/core/engine.ts';
import { isProducer } from '../server/core/producer.ts';
import type { Application } from './application.ts';
import { resourceKey } from './operation.ts';
import type { ArgoOwnership } from './ownership.ts';

export type Made = Pick<OwnershipMarks, 'namespace' | 'owners'>;

/** `applications`: those about this cluster. Undefined: none lists a producer that owns the object, or more than one does. */
export function findMakersOwner(
  { namespace, owners }: Made,
  applications: readonly Application[],
): ArgoOwnership | undefined {
  for (const { group, kind, name } of owners.filter(isProducer)) {
    const key = resourceKey({ group, kind, namespace, name });
    const [lister, another] = applications.filter(({ resources, deleting }) => !deleting && resources.byKey.has(key));
    const resource = lister?.resources.byKey.get(key);
    if (lister === undefined || resource === undefined || another !== undefined) continue;
    return { kind: 'owned', owner: lister.ref, by: 'owner-reference', resource };
  }
  return undefined;
}
