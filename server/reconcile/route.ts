// Routes what the watches see: into the state, and the keys that it may concern into the queue.
import { objectKey } from '../core/object.ts';
import type { SeenProviderClass, SeenStatus } from '../core/provider-class.ts';
import { wasWatched, type SeenConfig, type SeenEvent, type SeenNamespace } from '../core/seen.ts';
import type { SeenRevision, SeenWorkload } from '../core/seen.ts';
import { settleForHeal, settleOf, type Settle } from '../core/settle.ts';
import type { Namespaces } from '../state/namespaces.ts';
import type { ProviderClasses } from '../state/provider-classes.ts';
import { createSetAside } from '../state/set-aside.ts';
import { createWorkloadRoute, optedOut, presenceOf, type WorkloadRouteDeps } from './route-workload.ts';

export interface RouteDeps extends WorkloadRouteDeps {
  readonly classes: ProviderClasses;
  readonly namespaces: Namespaces;
  readonly settle: Settle;
  /** Whether the owner's self-heal may be about to take this content back. */
  readonly mayBeHealed: (config: SeenConfig) => boolean;
  readonly now: () => number;
  /** A content change was seen. */
  readonly onChange: (config: SeenConfig['ref']['kind']) => void;
}

export interface Route {
  readonly onWorkload: (event: SeenEvent<SeenWorkload>) => void;
  readonly onConfig: (event: SeenEvent<SeenConfig>) => void;
  readonly onProviderClass: (event: SeenEvent<SeenProviderClass>) => void;
  readonly onStatus: (event: SeenEvent<SeenStatus>) => void;
  readonly onRevision: (event: SeenEvent<SeenRevision>) => void;
  readonly onNamespace: (event: SeenEvent<SeenNamespace>) => void;
}

export function createRoute(deps: RouteDeps): Route {
  const { state, queue, namespaces } = deps;
  const { seeWorkload, seeRevision } = createWorkloadRoute(deps);
  const setAside = createSetAside();
  const openNamespace = (namespace: string, version: string): void => {
    for (const object of setAside.take(namespace)) seeWorkload(presenceOf(object), version);
  };
  const closeNamespace = (namespace: string): void => {
    const optedIn = Array.from(state.workloads.keys()).flatMap((key) => state.workloads.get(key) ?? []);
    const inside = new Set([...optedIn, ...state.workloads.toResume.values()]);
    for (const workload of inside) {
      if (workload.ref.namespace !== namespace) continue;
      setAside.put(workload);
      seeWorkload(presenceOf(optedOut(workload)));
    }
  };
  const onConfig = (event: SeenEvent<SeenConfig>): void => {
    const key = event.present ? objectKey(event.object.ref) : event.key;
    if (!state.configs.apply(event, deps.now())) return;
    const users = state.workloads.usersOf(key);
    if (event.present && wasWatched(event)) deps.onChange(event.object.ref.kind);
    const isHealed = event.present && deps.mayBeHealed(event.object);
    for (const user of users) {
      const settle = settleOf(state.workloads.get(user)?.annotations ?? {}, deps.settle);
      queue.settle(user, isHealed ? settleForHeal(settle) : settle);
    }
  };
  return {
    onConfig,
    onProviderClass: (event) => deps.classes.onClass(event).forEach(onConfig),
    onStatus: (event) => deps.classes.onStatus(event).forEach(onConfig),
    onWorkload(event) {
      const isWatched = !event.present || namespaces.isWatched(event.object.ref.namespace);
      if (event.present && !isWatched) setAside.put(event.object);
      if (!event.present) setAside.remove(event.key);
      seeWorkload(event.present && !isWatched ? { ...event, object: optedOut(event.object) } : event);
    },
    onRevision: seeRevision,
    onNamespace(event) {
      const name = event.present ? event.object.name : event.key;
      const { pause, watching } = namespaces.apply(event);
      if (watching === 'began') openNamespace(name, event.present ? event.object.resourceVersion : event.version);
      if (watching === 'ended') closeNamespace(name);
      if (pause !== 'turned') return;
      for (const key of [...state.workloads.keys(), ...state.workloads.toResume.keys()]) queue.add(key);
    },
  };
}
