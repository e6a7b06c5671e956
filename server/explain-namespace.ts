// What the namespace says about the workloads in it, for `lockstep explain`: whether it is watched, and whether restarts are paused.
import type { NamespaceFacts } from './core/explain.ts';
import type { Gap } from './core/explanation.ts';
import { get, unlessForbidden, type Asking } from './explain-reads.ts';
import { parseNamespace } from './kube/ingest-revision.ts';
import { createNamespaces } from './state/namespaces.ts';

/** The pause switch counts on it and on Lockstep's own. What cannot be read counts as watched and not paused, with a gap. */
export async function readNamespace(asking: Asking, namespace: string, gaps: Gap[]): Promise<NamespaceFacts> {
  const { scope, stateNamespace } = asking;
  const namespaces = createNamespaces(scope);
  const names = [...new Set([namespace, stateNamespace])];
  const found = await Promise.all(
    names.map((name) =>
      unlessForbidden(get(asking, { resource: 'namespaces', namespace: '', name, path: `/api/v1/namespaces/${name}` })),
    ),
  );
  for (const raw of found) {
    if (raw === 'forbidden' || raw === undefined) continue;
    const { value: object } = parseNamespace(raw);
    namespaces.apply({ present: true, how: 'listed', object, version: object.resourceVersion });
  }
  if (found.includes('forbidden')) gaps.push('pause-switch-unreadable');
  const isUnknown = found[0] === 'forbidden' && scope.selector.requirements.length > 0;
  if (isUnknown) gaps.push('namespace-labels-unreadable');
  return {
    pauseSwitch: names.some((name) => namespaces.isPaused(name)),
    isWatched: isUnknown || namespaces.isWatched(namespace),
  };
}
