// Which config objects of a workload change so fast that its restarts are throttled, how often, and who writes them.
import type { Flap } from '../core/notification.ts';
import { objectKey } from '../core/object.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { LiveState } from './gather.ts';
import { listUses } from './uses.ts';

/** The one that flaps most comes first; more than these only make a text long. */
const most = 5;

export function findFlaps(state: LiveState, workload: SeenWorkload, since: number): readonly Flap[] {
  const flaps = listUses(state, workload).map((use): Flap => {
    const { kind, name } = use;
    const ref = { kind, namespace: workload.ref.namespace, name };
    const { changes, writers } = state.configs.activity(objectKey(ref), use, since);
    return { name: `${kind}/${name}`, changes, writers: writers.slice(0, most) };
  });
  return flaps
    .filter(({ changes }) => changes > 0)
    .sort((a, b) => b.changes - a.changes)
    .slice(0, most);
}
