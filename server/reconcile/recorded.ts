// Whether the checksums that workloads carry are those of the live content: asked by `lockstep diff`, which has no digest key.
import { objectKey, type ConfigRef } from '../core/object.ts';
import { checksumKey } from '../core/record.ts';
import { judgeChecksum, worstRecorded, type Recorded, type RecordedConfig } from '../core/recorded.ts';
import type { LiveState } from './gather.ts';
import { listUses } from './uses.ts';

/** One for each config object that an opted-in workload of the namespace, or of all, uses. */
export function listRecorded(state: LiveState, namespace?: string): RecordedConfig[] {
  const found = new Map<string, { readonly config: ConfigRef; readonly answers: Recorded[] }>();
  for (const key of state.workloads.keys()) {
    const workload = state.workloads.get(key);
    if (workload === undefined || (namespace !== undefined && workload.ref.namespace !== namespace)) continue;
    for (const use of listUses(state, workload)) {
      // What a class mounts is never recorded.
      if (use.kind === 'SecretProviderClass') continue;
      const config: ConfigRef = { kind: use.kind, namespace: workload.ref.namespace, name: use.name };
      const digests = state.configs.view(objectKey(config), use)?.digests;
      const answer = judgeChecksum(workload.annotations[checksumKey(config)], digests);
      const known = found.get(objectKey(config));
      if (known === undefined) found.set(objectKey(config), { config, answers: [answer] });
      else known.answers.push(answer);
    }
  }
  return [...found.values()].map(({ config, answers }) => ({ config, answer: worstRecorded(answers) }));
}
