// Workloads of namespaces that are not watched, as the watch last showed them: known at once when their namespace becomes watched,
// without a list that could be older than the watch.
import { objectKey } from '../core/object.ts';
import type { SeenWorkload } from '../core/seen.ts';

export interface SetAside {
  /** Keeps it as it is now; one that asks for nothing and waits for no resume need not be kept. */
  put(workload: SeenWorkload): void;
  /** It is gone. */
  remove(key: string): void;
  /** All of a namespace; they are no longer aside. */
  take(namespace: string): readonly SeenWorkload[];
}

export function createSetAside(): SetAside {
  const byNamespace = new Map<string, Map<string, SeenWorkload>>();
  const remove = (key: string): void => {
    const namespace = key.split('/')[1] ?? '';
    const workloads = byNamespace.get(namespace);
    workloads?.delete(key);
    if (workloads?.size === 0) byNamespace.delete(namespace);
  };
  return {
    put(workload) {
      const key = objectKey(workload.ref);
      if (workload.reload === undefined && workload.pause?.pausedAt === undefined) return remove(key);
      const { namespace } = workload.ref;
      const workloads = byNamespace.get(namespace) ?? new Map<string, SeenWorkload>();
      byNamespace.set(namespace, workloads.set(key, workload));
    },
    remove,
    take(namespace) {
      const workloads = [...(byNamespace.get(namespace)?.values() ?? [])];
      byNamespace.delete(namespace);
      return workloads;
    },
  };
}
