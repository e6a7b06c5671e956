// Explanations as a person reads them: facts aligned, reasons in the words that logs and metrics use, gaps in full sentences.
import type {
  Withheld,
  Comparison,
  ConfigExplanation,
  Consequence,
  Gap,
  OptInExplanation,
  PauseExplanation,
  Pending,
  UseExplanation,
  UserExplanation,
  WorkloadExplanation,
} from './core/explanation.ts';
import type { ReloadDecision } from './core/reload.ts';
import { printable, renderTable } from './text-table.ts';

const gapSays: Readonly<Record<Gap, string>> = {
  'ledger-unreadable': 'the ledger cannot be read: listing ConfigMaps in the state namespace is not granted',
  'ledger-empty': 'the ledger is empty: Lockstep has recorded nothing in the state namespace',
  'digest-key-unreadable': 'Secrets are not comparable: the digest key cannot be read',
  'digest-key-absent': 'Secrets are not comparable: there is no digest key in the state namespace',
  'pause-switch-unreadable': 'whether a namespace is paused is unknown: reading namespaces is not granted',
  'namespace-labels-unreadable': 'whether its namespace is watched is unknown: reading namespaces is not granted',
  'names-unlisted': 'objects named by expressions are unknown: listing their names is not granted',
  'pods-unreadable': 'the ages of the pods are unknown: listing pods is not granted',
  'webhook-url': 'with --webhook-url nothing is restarted: every change is posted there, whatever the annotations',
  'events-unreadable': 'what was decided last is unknown: listing Events is not granted',
};

const holdSays: Partial<Record<Withheld, string>> = {
  'namespace-not-watched': 'its namespace is not watched: the flags leave it out, and nothing in it is restarted',
  suspended: 'it is suspended: nothing is started, and what runs next reads what is there then',
  finished: 'it has finished: nothing is run again',
  'job-running': 'a run is in progress, and its concurrencyPolicy is Forbid: another starts when it has ended',
  paused: 'the Deployment is paused (spec.paused): restarts wait until it is resumed',
  'pause-period-invalid': 'the pause period is no duration: restarts wait until it is one, such as 5m, or is removed',
  'pause-switch': 'restarts wait: lockstep.dev/pause is set on its namespace, or on Lockstep’s own',
  deleting: 'it is being deleted: nothing is restarted',
};

export function renderWorkload(explanation: WorkloadExplanation): string {
  const { workload, optedIn, problems, restarts, lastEvent, pending, uses } = explanation;
  const facts = [
    ...optedIn.map((one): Fact => [`${one.config}s`, describeOptIn(one)]),
    ...problems.map((problem): Fact => ['Problem', problem]),
    ...(restarts === undefined ? [] : [['Restarts', `${restarts} so far, by the restart key`] as const]),
    ...(lastEvent === undefined
      ? []
      : [['Last', `${lastEvent.at} ${lastEvent.reason}: ${lastEvent.message}`] as const]),
    ['Pending', describePending(pending)] as const,
    ...listNotes(explanation).map((note): Fact => ['Note', note]),
  ];
  const head = `${workload.kind} ${workload.name} in namespace ${workload.namespace}\n\n${renderFacts(facts)}\n`;
  if (uses.length === 0) return `${head}It uses no Secret and no ConfigMap.\n`;
  const columns = [
    'CONFIG OBJECT',
    'KEYS',
    'EXISTS',
    'RULE',
    'LAST ACKED',
    'CONTENT',
    'IF IT CHANGED',
    ...ifDeletedColumn(uses),
  ];
  return head + renderTable([columns, ...uses.map(toRow)]);
}

export function renderConfig({ config, workloads, gaps }: ConfigExplanation): string {
  const title = `${config.kind} ${config.name} in namespace ${config.namespace}\n\n`;
  const notes = gaps.map((gap): Fact => ['Note', gapSays[gap]]);
  const head = notes.length === 0 ? title : `${title}${renderFacts(notes)}\n`;
  if (workloads.length === 0) return `${head}No workload of the namespace uses it.\n`;
  const columns = ['WORKLOAD', 'KEYS', 'IF IT CHANGED', 'RULE', 'BY', ...ifDeletedColumn(workloads)];
  return head + renderTable([columns, ...workloads.map(toUserRow)]);
}

/** Only where deletions count. */
function ifDeletedColumn(rows: readonly (UseExplanation | UserExplanation)[]): readonly string[] {
  return rows.some(({ ifDeleted }) => ifDeleted !== undefined) ? ['IF DELETED'] : [];
}

type Fact = readonly [name: string, says: string];

function describeOptIn({ ways, level, turnedOff }: OptInExplanation): string {
  if (ways.length === 0) return turnedOff ? `turned off by an annotation of the ${placeOf(level)}` : 'not opted in';
  return `${ways.map(({ how, by }) => `${how} by ${by}`).join(', ')} (on the ${placeOf(level)})`;
}

function placeOf(level: OptInExplanation['level']): string {
  return level === 'workload' ? 'workload' : 'pod template';
}

function describePending(pending: Pending): string {
  switch (pending.kind) {
    case 'restart': {
      const why = pending.owed.map(({ name, reason }) => `${name} (${reason})`).join(', ');
      return `a restart for ${why}${pending.held === undefined ? '' : `, held: ${pending.held}`}`;
    }
    case 'record':
      return `nothing to restart; to be recorded: ${pending.acked.map(({ name, reason }) => `${name} (${reason})`).join(', ')}`;
    case 'nothing':
      return `nothing: ${pending.reason}`;
    case 'unknown':
      return `unknown: ${pending.reason === 'unreadable' ? 'a config object cannot be read' : gapSays[pending.reason]}`;
  }
}

function describePause(pause: PauseExplanation): string {
  switch (pause.kind) {
    case 'next':
      return `its next restart pauses it for ${pause.period}, so that more changes join the rollout`;
    case 'until':
      return `it is paused for its period: what it was restarted for is rolled out when it is resumed, at ${pause.resumeAt}`;
    case 'due':
      return `it is paused for its period, and due to be resumed (${pause.reason})`;
  }
}

/** Limits of the running Lockstep cannot be seen from here. */
const limits: readonly Withheld[] = [
  'refused',
  'fighting',
  'halted',
  'flapping',
  'engine-syncing',
  'jitter',
  'rollout-cap',
  'namespace-rollout-cap',
];

function listNotes(explanation: WorkloadExplanation): string[] {
  const { workload, held, pause, pending, waitsForDelete, rolledOut, gaps } = explanation;
  const isMaybeHeld = pending.kind === 'restart' && held === undefined;
  const owedPath = `/v1/namespaces/${workload.namespace}/owed`;
  return [
    ...(held === undefined ? [] : [holdSays[held] ?? held]),
    ...(isMaybeHeld
      ? [`whether the running Lockstep holds it (${limits.join(', ')}) is in its log and ${owedPath}`]
      : []),
    ...(pause === undefined ? [] : [describePause(pause)]),
    ...(waitsForDelete ? ['pods stay as they are until somebody deletes them (OnDelete, or a partition)'] : []),
    ...(rolledOut ? [] : ['a rollout is in progress, or pods are not available']),
    ...gaps.map((gap) => gapSays[gap]),
  ];
}

function toRow(use: UseExplanation): readonly string[] {
  const { config, state, rule, acked, content, ifChanged } = use;
  return [
    `${config.kind}/${config.name}`,
    `${describeKeys(use.keys)}${use.optional ? ' (optional)' : ''}`,
    { exists: 'yes', missing: 'no', unreadable: 'not readable' }[state],
    describeRule(rule),
    acked === undefined ? '-' : `${acked.digest} at ${acked.resourceVersion} (${acked.from.replace('-', ' ')})`,
    acked === undefined ? '-' : describeContent(content),
    describeConsequence(ifChanged),
    ...(use.ifDeleted === undefined ? [] : [describeConsequence(use.ifDeleted)]),
  ];
}

function toUserRow({ workload, keys, rule, ifChanged, ifDeleted, waitsForDelete }: UserExplanation): readonly string[] {
  return [
    `${workload.kind}/${workload.name}`,
    keys === undefined ? 'none' : describeKeys(keys),
    `${describeConsequence(ifChanged)}${waitsForDelete && ifChanged.action !== 'nothing' ? ', then waiting-for-delete' : ''}`,
    describeRule(rule),
    rule.kind === 'yes' ? rule.by : '-',
    ...(ifDeleted === undefined ? [] : [describeConsequence(ifDeleted)]),
  ];
}

function describeKeys(keys: UseExplanation['keys']): string {
  return keys === 'all' ? 'all' : keys.join(',');
}

function describeRule(rule: ReloadDecision): string {
  return rule.kind === 'yes' ? `yes: ${rule.how}` : `no: ${rule.reason}`;
}

function describeContent(content: Comparison): string {
  return content.kind === 'not-comparable' ? `not comparable: ${content.reason}` : content.kind;
}

function describeConsequence(consequence: Consequence): string {
  return 'reason' in consequence ? `${consequence.action}: ${consequence.reason}` : consequence.action;
}

function renderFacts(facts: readonly Fact[]): string {
  const width = Math.max(...facts.map(([name]) => name.length)) + 3;
  return facts.map(([name, says]) => `${name.padEnd(width)}${printable(says)}\n`).join('');
}
