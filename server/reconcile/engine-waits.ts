// The owed restarts that wait for an engine: asks whether a workload's owner is on its way to it, and wakes them when an owner changed.
// RESTART-PROTOCOL.md rule 11.
import { originOfWriters, type Origin } from '../core/attribution.ts';
import type { Owed } from '../core/decide-workload.ts';
import { isSameOwner, type EngineProgress, type EngineRef, type EngineView } from '../core/engine.ts';
import { isAboutContent, judgeEngineWait, type EngineWait } from '../core/engine-wait.ts';
import { objectKey } from '../core/object.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { LiveState } from './gather.ts';
import { listUses } from './uses.ts';

/** What a restart asks the engines, which answer as one. */
export type EngineAnswers = Pick<EngineView, 'ownerOf' | 'progressOf'>;

/** Where no engine is known, nobody is waited for. */
export const noEngines: EngineAnswers = {
  ownerOf: () => ({ kind: 'not-owned' }),
  progressOf: () => ({ kind: 'idle' }),
};

export interface EngineWaits {
  /** Of a restart that nothing stops. From the first answer `wait` on the deadline runs, until the debt is closed. */
  judge(key: string, debt: Debt): EngineWait;
  /** Restarted, or in step. */
  close(key: string): void;
  /** The workloads that wait for one of these owners. */
  waitingFor(owners: readonly EngineRef[]): readonly string[];
}

export interface Debt {
  readonly workload: SeenWorkload;
  readonly owed: readonly Owed[];
  readonly now: number;
}

interface Waiting {
  readonly since: number;
  /** Undefined while it does not wait. */
  readonly owner: EngineRef | undefined;
}

export function createEngineWaits(engines: EngineAnswers, state: LiveState): EngineWaits {
  const waiting = new Map<string, Waiting>();
  return {
    judge(key, { workload, owed, now }) {
      const { owner, progress } = askOwner(engines, workload);
      const since = waiting.get(key)?.since;
      const origins = progress.kind === 'idle' ? [] : listOrigins(state, workload, owed);
      const wait = judgeEngineWait({ now, origins, progress, since });
      if (wait.kind === 'wait') waiting.set(key, { since: wait.since, owner });
      else if (since !== undefined) waiting.set(key, { since, owner: undefined });
      return wait;
    },
    close: (key) => void waiting.delete(key),
    waitingFor: (owners) =>
      [...waiting].flatMap(([key, { owner }]) =>
        owner !== undefined && owners.some((one) => isSameOwner(one, owner)) ? [key] : [],
      ),
  };
}

/** A mark that the owner does not confirm is anybody's: nobody is waited for on its word. */
function askOwner(
  engines: EngineAnswers,
  { ownership: marks }: SeenWorkload,
): { readonly owner?: EngineRef; readonly progress: EngineProgress } {
  const found = marks === undefined ? undefined : engines.ownerOf(marks);
  if (marks === undefined || found?.kind !== 'owned') return { progress: { kind: 'idle' } };
  return { owner: found.owner, progress: engines.progressOf(found.owner, marks) };
}

/** Who wrote the last change of what the workload uses: another key may have another writer. */
function listOrigins(state: LiveState, workload: SeenWorkload, owed: readonly Owed[]): readonly Origin[] {
  const uses = new Map(listUses(state, workload).map((use) => [`${use.kind}/${use.name}`, use]));
  return owed.map((one): Origin => {
    const use = uses.get(one.name);
    if (use === undefined || !isAboutContent(one)) return 'unknown';
    const { kind, name } = use;
    return originOfWriters(
      state.configs.activity(objectKey({ kind, namespace: workload.ref.namespace, name }), use, 0).writers,
    );
  });
}
