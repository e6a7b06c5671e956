// The route from the watches into the loop, with the drift detector told on the way: of config objects, and of what else decides
// what their drift leads to, so that a changed annotation takes effect without anything else having to change.
import { annotation, valueOf } from './core/annotations.ts';
import { objectKey } from './core/object.ts';
import type { DriftWatch } from './drift.ts';
import type { LiveState } from './reconcile/gather.ts';
import type { Route } from './reconcile/route.ts';
import { listUses } from './reconcile/uses.ts';
import type { Namespaces } from './state/namespaces.ts';

export interface DriftRoute {
  readonly drift: Pick<DriftWatch, 'onConfig' | 'onSettings'>;
  readonly state: LiveState;
  readonly namespaces: Namespaces;
}

export function followDrift(route: Route, { drift, state, namespaces }: DriftRoute): Route {
  const settingOf = (name: string): string => JSON.stringify([namespaces.driftOf(name), namespaces.isWatched(name)]);
  return {
    ...route,
    onConfig(event) {
      drift.onConfig(event);
      route.onConfig(event);
    },
    onWorkload(event) {
      const key = event.present ? objectKey(event.object.ref) : event.key;
      const before = readWish(state, key);
      route.onWorkload(event);
      const after = readWish(state, key);
      if (before.action === undefined && after.action === undefined) return;
      if (JSON.stringify(before) !== JSON.stringify(after)) {
        drift.onSettings({ configs: new Set([...before.configs, ...after.configs]) });
      }
    },
    onNamespace(event) {
      const name = event.present ? event.object.name : event.key;
      const before = settingOf(name);
      route.onNamespace(event);
      if (settingOf(name) !== before) drift.onSettings({ namespace: name });
    },
  };
}

interface Wish {
  readonly action: string | undefined;
  readonly configs: readonly string[];
}

/** What a workload asks for, and of which config objects. */
function readWish(state: LiveState, key: string): Wish {
  const workload = state.workloads.get(key);
  const action = workload && valueOf(workload.annotations, annotation.drift);
  if (workload === undefined || action === undefined) return { action, configs: [] };
  const { namespace } = workload.ref;
  return { action, configs: listUses(state, workload).map(({ kind, name }) => objectKey({ kind, namespace, name })) };
}
