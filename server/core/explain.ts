// What `lockstep explain` says of one workload or one config object: facts read from the cluster in, one plain value out.
// Of a digest it never repeats more than a part.
import type { Decision } from './decide-workload.ts';
import { isConfidential, keyIdOf } from './digest.ts';
import type {
  Withheld,
  AckExplanation,
  Comparison,
  ConfigExplanation,
  Consequence,
  Gap,
  Incomparable,
  LastEvent,
  OptInExplanation,
  Pending,
  UseExplanation,
  UserExplanation,
  WorkloadExplanation,
} from './explanation.ts';
import { formatDuration } from './duration.ts';
import { holdRestart } from './hold.ts';
import { objectKey, type ConfigKind, type ConfigRef } from './object.ts';
import { isPausedForPeriod, judgeResume, type PauseFacts } from './pause-period.ts';
import type { Reference } from './references.ts';
import { explainReload, knownKinds, type Annotations, type ReloadDecision } from './reload.ts';
import type { CompiledReload } from './reload-compile.ts';
import { projectionText, saysDeleted, type Ack } from './restart.ts';
import type { SeenWorkload } from './seen.ts';
import type { PairObject, PresenceRules, WorkloadRecord } from './snapshot.ts';

/** A workload with what its annotations ask for, also when that is nothing. */
export interface ExplainedWorkload {
  readonly seen: SeenWorkload;
  readonly compiled: CompiledReload;
  /** All of the pod template, whether they count or not. */
  readonly references: readonly Reference[];
}

/** One config object that the workload refers to, names, or was once restarted for. */
export interface UseFacts {
  readonly reference: Reference;
  readonly state: UseExplanation['state'];
  readonly annotations: Annotations;
  /** Undefined also where it is ignored. */
  readonly object: PairObject | undefined;
}

/** What its namespace says. */
export interface NamespaceFacts {
  /** Of it, or of Lockstep's own. */
  readonly pauseSwitch: boolean;
  readonly isWatched: boolean;
}

export interface WorkloadFacts extends ExplainedWorkload {
  readonly uses: readonly UseFacts[];
  readonly record: WorkloadRecord | undefined;
  readonly gaps: readonly Gap[];
  readonly place: NamespaceFacts;
  /** Wall clock (ms). */
  readonly now: number;
  readonly lastEvent: LastEvent | undefined;
  /** Undefined when it is not opted in. */
  readonly decision: Decision | undefined;
  readonly presence: PresenceRules;
}

export interface ConfigFacts {
  readonly config: ConfigRef;
  readonly annotations: Annotations;
  /** All workloads of its namespace. */
  readonly workloads: readonly ExplainedWorkload[];
  readonly gaps: readonly Gap[];
  readonly place: NamespaceFacts;
  readonly presence: PresenceRules;
}

/** Enough to tell two digests apart, too little to test a guess. */
const digestShown = 8;

export function explainWorkload(facts: WorkloadFacts): WorkloadExplanation {
  const { seen, compiled, decision, gaps } = facts;
  const held = holdOf(seen, facts.place);
  const uses = facts.uses.map((use) => explainUse(facts, use, held));
  return {
    workload: seen.ref,
    optedIn: knownKinds(compiled.rules).map((kind) => explainOptIn(compiled, kind)),
    problems: seen.problems,
    ...(seen.restartKey === undefined ? {} : { restarts: seen.restartKey.n }),
    ...(facts.lastEvent === undefined ? {} : { lastEvent: facts.lastEvent }),
    pending: explainPending(decision, { uses, gaps, held }),
    ...(held === undefined ? {} : { held }),
    ...explainPause(seen.pause, facts.now),
    waitsForDelete: seen.waitsForDelete,
    rolledOut: seen.rolledOut,
    gaps,
    uses,
  };
}

export function explainConfig(facts: ConfigFacts): ConfigExplanation {
  const { config, annotations, workloads, gaps, place, presence } = facts;
  const { kind, name } = config;
  const users = workloads.flatMap(({ seen, compiled, references }): UserExplanation[] => {
    const keys = references.find((reference) => reference.kind === kind && reference.name === name)?.keys;
    const { decision: rule, level } = explainReload(compiled, { kind, name, annotations });
    if (keys === undefined && !(rule.kind === 'yes' && rule.how === 'named')) return [];
    const ifChanged = foresee(rule, holdOf(seen, place));
    return [
      {
        workload: seen.ref,
        ...(keys === undefined ? {} : { keys }),
        rule,
        level,
        ifChanged,
        ...(presence.onDelete && kind !== 'SecretProviderClass' ? { ifDeleted: ifChanged } : {}),
        waitsForDelete: seen.waitsForDelete,
      },
    ];
  });
  const rank = ({ rule, workload }: UserExplanation): string => `${rule.kind === 'yes' ? 0 : 1} ${objectKey(workload)}`;
  return { config, gaps, workloads: users.sort((a, b) => (rank(a) < rank(b) ? -1 : 1)) };
}

/** Only what can be seen from outside: refusals, fights and limits are known to the running Lockstep. */
function holdOf(
  { paused, pause, running, deleting, dormant }: SeenWorkload,
  { pauseSwitch, isWatched }: NamespaceFacts,
): Withheld | undefined {
  if (!isWatched) return 'namespace-not-watched';
  if (dormant !== undefined) return dormant;
  const inside = { now: 0, refusedAt: undefined, undoneAt: [], halted: false, tokenAt: undefined };
  const pausePeriodInvalid = pause?.period === 'unreadable';
  return holdRestart({ ...inside, paused, pausePeriodInvalid, running, deleting, pauseSwitch }, [])?.reason;
}

function explainPause(pause: PauseFacts | undefined, now: number): Pick<WorkloadExplanation, 'pause'> {
  const resume = isPausedForPeriod(pause) ? judgeResume(pause, now) : undefined;
  if (resume === undefined)
    return typeof pause?.period === 'number' ? { pause: { kind: 'next', period: formatDuration(pause.period) } } : {};
  const { at, reason } = resume;
  if (at <= now) return { pause: { kind: 'due', reason } };
  return { pause: { kind: 'until', resumeAt: new Date(at).toISOString() } };
}

function explainOptIn({ kinds, rules }: CompiledReload, config: ConfigKind): OptInExplanation {
  const { level, named, searches, auto } = kinds[config];
  const byFlag = auto.kind === 'unset' && rules.autoReloadAll;
  const autoBy = auto.kind === 'on' ? auto.key : byFlag ? '--auto-reload-all' : undefined;
  const ways = [
    ...(named === undefined ? [] : [{ how: 'named', by: rules.keys.named[config] } as const]),
    ...(searches ? [{ how: 'search', by: rules.keys.search } as const] : []),
    ...(autoBy === undefined ? [] : [{ how: 'auto', by: autoBy } as const]),
  ];
  return { config, level, ways, turnedOff: auto.kind === 'off' };
}

function explainUse(facts: WorkloadFacts, use: UseFacts, held: Withheld | undefined): UseExplanation {
  const { kind, name, keys, optional } = use.reference;
  const { decision: rule, level } = explainReload(facts.compiled, { kind, name, annotations: use.annotations });
  const found = findAck(facts, `${kind}/${name}`);
  const acked = found === undefined ? {} : { acked: explainAck(found) };
  const ifChanged = foresee(rule, held);
  return {
    config: { kind, namespace: facts.seen.ref.namespace, name },
    keys,
    optional,
    state: use.state,
    rule,
    level,
    ...acked,
    content: compare(facts, use, found?.ack),
    ifChanged: countsIfCreated(facts, use, found?.ack) ? ifChanged : notCounted(ifChanged),
    ...(use.state === 'exists' && facts.presence.onDelete && kind !== 'SecretProviderClass'
      ? { ifDeleted: ifChanged }
      : {}),
  };
}

/** Without the flag, one that is missing counts where pods start without it, or as what it was before. */
function countsIfCreated({ presence }: WorkloadFacts, { state, reference }: UseFacts, ack: Ack | undefined): boolean {
  const onCreate = presence.onCreate && reference.kind !== 'SecretProviderClass';
  if (state !== 'missing' || onCreate || reference.optional) return true;
  return ack !== undefined && !saysDeleted(ack);
}

function notCounted(consequence: Consequence): Consequence {
  return consequence.action === 'nothing' ? consequence : { action: 'nothing', reason: 'creation-not-counted' };
}

interface FoundAck {
  readonly ack: Ack;
  readonly from: AckExplanation['from'];
}

/** Rule 4: a restart key ahead of the ledger counts, since the patch is the commit point. */
function findAck({ seen, record }: WorkloadFacts, name: string): FoundAck | undefined {
  const key = seen.restartKey;
  const own = record?.uid === seen.uid ? record : undefined;
  const written = key !== undefined && key.n > (own?.n ?? 0) ? key.acks[name] : undefined;
  if (written !== undefined) return { ack: written, from: 'restart-key' };
  const noted = own?.acks[name];
  return noted === undefined ? undefined : { ack: noted, from: 'ledger' };
}

function explainAck({ ack, from }: FoundAck): AckExplanation {
  const id = keyIdOf(ack.digest);
  const digest = `${id}:${ack.digest.slice(id.length + 1, id.length + 1 + digestShown)}`;
  return { from, digest, keys: ack.projection, resourceVersion: ack.resourceVersion };
}

function compare({ gaps }: WorkloadFacts, use: UseFacts, ack: Ack | undefined): Comparison {
  const { reference, state, object } = use;
  const no = (reason: Incomparable): Comparison => ({ kind: 'not-comparable', reason });
  if (ack === undefined) return no('never-acked');
  if (state === 'missing' && saysDeleted(ack)) return { kind: 'same' };
  if (state !== 'exists') return no(state);
  if (object === undefined) return no('config-ignored');
  const keyGap = gaps.find((gap) => gap === 'digest-key-unreadable' || gap === 'digest-key-absent');
  if (isConfidential(reference.kind) && keyGap !== undefined) return no(keyGap);
  if (ack.projection !== projectionText(reference.keys)) return no('other-keys');
  const live = object.digests.find((digest) => keyIdOf(digest) === keyIdOf(ack.digest));
  if (live === undefined) return no('unknown-digest-key');
  return { kind: live === ack.digest ? 'same' : 'different' };
}

function foresee(rule: ReloadDecision, held: Withheld | undefined): Consequence {
  if (rule.kind === 'no') return { action: 'nothing', reason: rule.reason };
  return held === undefined ? { action: 'restart' } : { action: 'held', reason: held };
}

interface Doubts {
  readonly uses: readonly UseExplanation[];
  readonly gaps: readonly Gap[];
  readonly held: Withheld | undefined;
}

/** What is owed is owed whatever could not be read; that nothing is owed can only be said of what was read. */
function explainPending(decision: Decision | undefined, { uses, gaps, held }: Doubts): Pending {
  if (decision === undefined) return { kind: 'nothing', reason: 'not-opted-in' };
  if (decision.kind === 'restart') {
    return { kind: 'restart', owed: decision.owed, ...(held === undefined ? {} : { held }) };
  }
  if (decision.kind === 'look') return { kind: 'unknown', reason: 'pods-unreadable' };
  const doubt = uses.filter(({ rule }) => rule.kind === 'yes').flatMap((use) => doubtOf(use, gaps))[0];
  if (doubt !== undefined) return { kind: 'unknown', reason: doubt };
  if (gaps.includes('names-unlisted')) return { kind: 'unknown', reason: 'names-unlisted' };
  if (decision.kind === 'nothing' || decision.acked.length === 0) return { kind: 'nothing', reason: 'in-step' };
  return { kind: 'record', acked: decision.acked };
}

function doubtOf({ state, content }: UseExplanation, gaps: readonly Gap[]): (Gap | 'unreadable')[] {
  if (state === 'unreadable') return ['unreadable'];
  if (content.kind !== 'not-comparable') return [];
  const { reason } = content;
  if (reason === 'digest-key-unreadable' || reason === 'digest-key-absent') return [reason];
  return reason === 'never-acked' && gaps.includes('ledger-unreadable') ? ['ledger-unreadable'] : [];
}
