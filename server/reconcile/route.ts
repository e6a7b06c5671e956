// Routes what the watches see: into the state, and the keys that it may concern into the queue.
import type { Log } from '../core/log.ts';
import { objectKey } from '../core/object.ts';
import type { SeenProviderClass, SeenStatus } from '../core/provider-class.ts';
import { wasWatched, type SeenConfig, type SeenEvent, type SeenNamespace } from '../core/seen.ts';
import type { SeenRevision, SeenWorkload } from '../core/seen.ts';
import { settleOf, settleProblem, type Settle } from '../core/settle.ts';
import type { ProviderClasses } from '../state/provider-classes.ts';
import type { Namespaces } from '../state/workloads.ts';
import type { LiveState } from './gather.ts';
import type { WorkQueue } from './workqueue.ts';

export interface RouteDeps {
  readonly state: LiveState;
  readonly classes: ProviderClasses;
  readonly namespaces: Namespaces;
  readonly queue: WorkQueue;
  readonly settle: Settle;
  /** Namespaces in which nothing is restarted. */
  readonly ignoredNamespaces: readonly string[];
  readonly now: () => number;
  readonly log: Log;
  /** A content change was seen. */
  readonly onChange: (config: SeenConfig['ref']['kind']) => void;
  /** A restart key was seen that was not there before. */
  readonly onRestartKey: (workload: string) => void;
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
  const { state, queue } = deps;
  const problems = new Map<string, string>();
  const keyOf = new Map<string, string>();
  const onConfig = (event: SeenEvent<SeenConfig>): void => {
    const key = event.present ? objectKey(event.object.ref) : event.key;
    if (!state.configs.apply(event, deps.now())) return;
    const users = state.workloads.usersOf(key);
    if (event.present && wasWatched(event)) deps.onChange(event.object.ref.kind);
    for (const user of users) queue.settle(user, settleOf(state.workloads.get(user)?.annotations ?? {}, deps.settle));
  };
  return {
    onConfig,
    onProviderClass: (event) => deps.classes.onClass(event).forEach(onConfig),
    onStatus: (event) => deps.classes.onStatus(event).forEach(onConfig),
    onWorkload(event) {
      if (event.present && deps.ignoredNamespaces.includes(event.object.ref.namespace)) return;
      const before = state.workloads.get(event.present ? objectKey(event.object.ref) : event.key);
      const key = state.workloads.apply(event);
      if (event.present) {
        const { restartKey } = event.object;
        if (key !== undefined && restartKey !== undefined && restartKey.n !== before?.restartKey?.n)
          deps.onRestartKey(key);
        reportProblems(deps.log, problems, event.object);
        if (key !== undefined) keyOf.set(event.object.uid, key);
      } else problems.delete(event.key);
      if (before !== undefined && (!event.present || before.uid !== event.object.uid)) keyOf.delete(before.uid);
      if (key !== undefined) queue.add(key);
    },
    onRevision(event) {
      const owner = state.revisions.apply(event);
      const key = owner === undefined ? undefined : keyOf.get(owner);
      if (key !== undefined) queue.add(key);
    },
    onNamespace(event) {
      if (!deps.namespaces.apply(event)) return;
      for (const key of state.workloads.keys()) queue.add(key);
    },
  };
}

/** Once for each wording, so that a workload that is edited often does not fill the log. */
function reportProblems(log: Log, reported: Map<string, string>, workload: SeenWorkload): void {
  const settle = settleProblem(workload.annotations);
  const found = [...workload.problems, ...(settle === undefined ? [] : [settle])];
  const key = objectKey(workload.ref);
  const text = found.join('; ');
  if (text === '') reported.delete(key);
  else if (reported.get(key) !== text) {
    reported.set(key, text);
    log.warn({ ...workload.ref, problems: found }, 'annotation makes no sense');
  }
}
