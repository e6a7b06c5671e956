// What happens to config objects, for whoever is told of changes and compares nothing with workloads: one digest of each is kept.
import { digestProjection, type DigestKey } from '../core/digest.ts';
import { objectKey } from '../core/object.ts';
import { beforeEveryPod } from '../core/provider-class.ts';
import type { SeenConfig, SeenEvent } from '../core/seen.ts';

export type ConfigChange = 'created' | 'changed' | 'deleted';

export interface ConfigChanges {
  /** Undefined when its content is what it was. */
  take(event: SeenEvent<SeenConfig>): ConfigChange | undefined;
  readonly size: number;
}

/** `listed-is-created`: what the first lists show counts as created. */
export function createConfigChanges(key: DigestKey, first: 'listed-is-created' | 'listed-is-known'): ConfigChanges {
  const digests = new Map<string, string>();
  return {
    get size() {
      return digests.size;
    },
    take(event) {
      if (!event.present) return digests.delete(event.key) ? 'deleted' : undefined;
      const { ref, contents, dataWrittenAt } = event.object;
      const at = objectKey(ref);
      const before = digests.get(at);
      const digest = contents.slice(0, 1).map((content) => digestProjection(ref, content, 'all', key))[0] ?? '';
      digests.set(at, digest);
      // New pods started with it.
      if (before !== undefined && dataWrittenAt === beforeEveryPod) return undefined;
      if (before !== undefined) return before === digest ? undefined : 'changed';
      return event.how !== 'listed' || first === 'listed-is-created' ? 'created' : undefined;
    },
  };
}
