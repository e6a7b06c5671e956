// What Git should record of a source's workloads: the digests that each is in step with. RESTART-PROTOCOL.md "Record".
import { objectKey } from '../core/object.ts';
import type { Checksum, Proposal } from '../core/record.ts';
import { annotation } from '../core/reload.ts';
import { saysDeleted } from '../core/restart.ts';
import type { SeenWorkload } from '../core/seen.ts';
import type { LiveState } from './gather.ts';
import { listUses } from './uses.ts';

export interface ProposalDeps {
  readonly state: LiveState;
  /** By key of the config object. */
  readonly isRecordable: (config: string) => boolean;
}

/** One for each opted-in workload of the namespace whose recording is not turned off. */
export function listProposals({ state, isRecordable }: ProposalDeps, namespace: string): Proposal[] {
  const { workloads, ledger } = state;
  return [...workloads.keys()].flatMap((key) => {
    const workload = workloads.get(key);
    const acks = ledger.workload(key)?.acks;
    if (workload?.ref.namespace !== namespace || acks === undefined || !isRecorded(workload)) return [];
    const checksums = listUses(state, workload).flatMap(({ kind, name }): Checksum[] => {
      const ack = acks[`${kind}/${name}`];
      // What a class mounts is in a store outside: nothing that Git declares decides it, and it moves without a commit.
      if (ack === undefined || saysDeleted(ack) || kind === 'SecretProviderClass') return [];
      if (!isRecordable(objectKey({ kind, namespace, name }))) return [];
      const restarted = workload.restartKey !== undefined && Object.hasOwn(workload.restartKey.acks, `${kind}/${name}`);
      return [{ config: { kind, namespace, name }, value: ack.digest, restarted }];
    });
    return checksums.length === 0 ? [] : [{ workload: workload.ref, checksums }];
  });
}

/** A source in the configuration turns recording on for its namespace; the workload may turn it off. */
function isRecorded(workload: SeenWorkload): boolean {
  return workload.annotations[annotation.record] !== 'off';
}

/** True when a new digest of this workload would concern Git. */
export function concernsGit(state: LiveState, key: string): boolean {
  const workload = state.workloads.get(key);
  if (workload === undefined || !isRecorded(workload)) return false;
  const isDeclared = Object.keys(workload.annotations).some((name) => name.startsWith('checksum.lockstep.dev/'));
  return isDeclared || workload.restartKey !== undefined;
}

/** The namespace of a workload's key. */
export function namespaceOf(key: string): string {
  return key.split('/')[1] ?? '';
}
