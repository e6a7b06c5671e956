// Which pods started before the content that they use was changed? Judged by times, which are upper bounds, and by what
// Lockstep's restart key or Reloader's hash in the pod says about the content that it was made for.
import { digestProjection, keyIdOf, type Projection } from './digest.ts';
import { objectKey } from './object.ts';
import { judgeMarks, listMarks, marksOf } from './reloader-marks.ts';
import { createPodGroups, type Group } from './report-groups.ts';
import type { ContainerUse, DataWrite, ReportedConfig, ReportedPod, ReportFacts } from './report-facts.ts';
import { formatTime, type StaleFinding, type StaleReason, type Verdict } from './report-findings.ts';
import type { ConfigRef } from './object.ts';
import { adviseRestart } from './report-advice.ts';

export interface Staleness {
  readonly stale: readonly StaleFinding[];
  readonly undated: readonly ConfigRef[];
}

interface Fact {
  readonly pod: ReportedPod;
  readonly config: ReportedConfig;
  readonly use: ContainerUse;
  readonly keys: Projection;
  readonly judgement: Judgement;
}

interface Judgement {
  readonly verdict: Verdict;
  readonly reason: StaleReason;
  readonly write: DataWrite | undefined;
}

/** What was certain first, then by workload. */
export function findStale(facts: ReportFacts): Staleness {
  const groups = createPodGroups<Fact>(mergeFacts);
  const undated = new Map<string, ConfigRef>();
  for (const pod of facts.pods) {
    for (const use of pod.shape.uses) {
      const start = pod.starts.get(use.container);
      const config = facts.configs.get(objectKey({ ...use, namespace: pod.owner.namespace }));
      if (start === undefined || config === undefined) continue;
      if (config.writes.length === 0) undated.set(objectKey(config.seen.ref), config.seen.ref);
      const judgement = judgeUse({ facts, pod, use, config }, start);
      if (judgement === undefined) continue;
      const { verdict, reason } = judgement;
      const id = [verdicts.indexOf(verdict), objectKey(pod.owner), objectKey(config.seen.ref), use.way, reason].join(
        ' ',
      );
      groups.add(id, { pod, start, fact: { pod, config, use, keys: use.keys, judgement } });
    }
  }
  return { stale: groups.list().map(toFinding), undated: [...undated.values()] };
}

const verdicts: readonly Verdict[] = ['stale', 'may-be-stale', 'live-volume'];

interface Case {
  readonly facts: ReportFacts;
  readonly pod: ReportedPod;
  readonly use: ContainerUse;
  readonly config: ReportedConfig;
}

/** Undefined: fresh, or nothing tells. */
function judgeUse(at: Case, start: number): Judgement | undefined {
  const { use, config } = at;
  const write = newestWrite(config.writes, use.keys);
  if (write !== undefined && start >= write.at) return undefined;
  const proof = compareMarks(at);
  if (proof === 'same') return undefined;
  if (use.way === 'volume') {
    return write === undefined ? undefined : { verdict: 'live-volume', reason: reasonOf(at, write), write };
  }
  if (proof !== 'nothing') return { ...proof, write };
  if (write === undefined) return undefined;
  const reason = reasonOf(at, write);
  return { verdict: reason === 'changed-after-start' ? 'stale' : 'may-be-stale', reason, write };
}

/** Where keys are owned by several, the newest counts: the bound holds for all of them. */
function newestWrite(writes: readonly DataWrite[], keys: Projection): DataWrite | undefined {
  const owning = writes.filter((write) => keys === 'all' || write.keys.some((key) => keys.includes(key)));
  return owning.reduce<DataWrite | undefined>(
    (newest, write) => (newest && newest.at >= write.at ? newest : write),
    undefined,
  );
}

/** A write's time says that something its manager owns was set; it was a used key where it owns nothing else. */
function reasonOf({ use, config }: Case, write: DataWrite): StaleReason {
  if (write.at <= config.seen.createdAt) return 'created-after-start';
  return write.onlyData && covers(use.keys, write.keys) ? 'changed-after-start' : 'written-after-start';
}

type Proof = 'same' | 'nothing' | Pick<Judgement, 'verdict' | 'reason'>;

/** What was noted covers more than the use where another key may be the one that differs. */
function compareMarks(at: Case): Proof {
  const { pod, config, use } = at;
  const verdict = judgeMarks(marksOf(listMarks(pod.shape.marks), config.seen.ref), config.reloaderHash);
  const ack = compareAck(at);
  if (ack === 'same' || verdict.kind === 'ack') return 'same';
  if (ack !== 'nothing') return { verdict: ack, reason: 'restart-key-differs' };
  if (verdict.kind === 'none') return 'nothing';
  return { verdict: use.keys === 'all' ? 'stale' : 'may-be-stale', reason: 'reloader-hash-differs' };
}

/** The ack of the restart key that the pod itself was made with; a verdict when it differs. */
function compareAck({ facts, pod, use, config }: Case): 'same' | 'nothing' | 'stale' | 'may-be-stale' {
  const ack = pod.shape.restartKey?.acks[`${use.kind}/${use.name}`];
  const id = ack === undefined ? '' : keyIdOf(ack.digest);
  const content = config.seen.contents.find(({ keyId }) => keyId === id);
  if (ack === undefined || content === undefined) return 'nothing';
  const noted = ack.projection === '*' ? 'all' : ack.projection.split(',');
  if (!covers(noted, use.keys)) return 'nothing';
  const key = facts.keys.find((each) => each.id === id) ?? facts.keys[0];
  if (digestProjection(config.seen.ref, content, noted, key) === ack.digest) return 'same';
  return covers(use.keys, noted) ? 'stale' : 'may-be-stale';
}

function covers(whole: Projection, part: Projection): boolean {
  return whole === 'all' || (part !== 'all' && part.every((key) => whole.includes(key)));
}

function mergeFacts(before: Fact, after: Fact): Fact {
  const keys =
    before.keys === 'all' || after.keys === 'all' ? 'all' : [...new Set([...before.keys, ...after.keys])].sort();
  const isNewer = (after.judgement.write?.at ?? 0) > (before.judgement.write?.at ?? 0);
  return { ...(isNewer ? after : before), keys };
}

function toFinding({ fact, pods, oldestStart }: Group<Fact>): StaleFinding {
  const { pod, config, use, keys, judgement } = fact;
  const { verdict, reason, write } = judgement;
  return {
    config: config.seen.ref,
    workload: pod.owner,
    use: use.way,
    keys,
    verdict,
    reason,
    ...(write === undefined ? {} : { changedAt: formatTime(write.at), changedBy: write.manager }),
    pods,
    oldestStart: formatTime(oldestStart),
    advice: adviseRestart(pod.owner, verdict),
  };
}
