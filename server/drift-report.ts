// Tells what comparisons with Git found and did: log, metrics, Kubernetes Events on the config object, and alerts.
import type { EventRecorder } from './core/cluster.ts';
import type { Drift } from './core/decide-drift.ts';
import { revertRefusals } from './core/decide-revert.ts';
import { describeEngineRef } from './core/engine.ts';
import type { Log } from './core/log.ts';
import type { EventText, Notifier } from './core/notification.ts';
import { objectKey } from './core/object.ts';
import type { Metrics } from './metrics.ts';
import type { DriftOutcome, Place } from './reconcile/drift-outcome.ts';

export interface DriftReportDeps {
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'driftFound' | 'driftGone' | 'reverts'>;
  readonly events: EventRecorder;
  /** Absent: nobody is alerted. */
  readonly alerts?: { readonly notifier: Notifier; readonly additionalInfo: string };
}

type Of<K extends DriftOutcome['kind']> = Extract<DriftOutcome, { kind: K }>;

export function createDriftReport(deps: DriftReportDeps): (outcome: DriftOutcome) => void {
  const { log, metrics } = deps;
  return (outcome) => {
    switch (outcome.kind) {
      case 'found':
      case 'changed':
        return reportDrift(deps, outcome);
      case 'gone':
        return reportGone(deps, outcome);
      case 'revert-asked': {
        const configs = outcome.configs.map(objectKey);
        metrics.reverts.inc({ engine: outcome.owner.engine, result: 'asked' });
        return log.info({ owner: describeEngineRef(outcome.owner), configs, reason: 'revert' }, 'revert asked');
      }
      case 'revert-busy':
        metrics.reverts.inc({ engine: outcome.owner.engine, result: 'busy' });
        return log.info({ owner: describeEngineRef(outcome.owner), reason: outcome.reason }, 'revert waits');
      case 'revert-refused':
        return reportRefused(deps, outcome);
      case 'not-rendered': {
        const { owner, reason, detail } = outcome;
        return log.info({ owner: describeEngineRef(owner), reason, detail }, 'cannot be compared with Git');
      }
    }
  };
}

function reportDrift(deps: DriftReportDeps, outcome: Of<'found' | 'changed'>): void {
  const { drift, problem } = outcome;
  const says = outcome.kind === 'found' ? 'drift found' : 'drift changed';
  deps.log.warn(
    { ...fieldsOf(outcome, drift), reason: drift.reason, ...(problem === undefined ? {} : { problem }) },
    says,
  );
  if (outcome.kind === 'changed') return;
  deps.metrics.driftFound.inc({ origin: drift.origin });
  const message = describe(outcome, drift);
  record(deps, outcome, { type: 'Warning', reason: 'DriftFound', message });
  const { kind, namespace, name } = outcome.config;
  const { alerts } = deps;
  const info =
    alerts?.additionalInfo === undefined || alerts.additionalInfo === '' ? '' : `${alerts.additionalInfo} : `;
  alerts?.notifier.notify(`${info}Drift of *${name}* of type *${kind}* in namespace *${namespace}*: ${message}`);
}

function reportGone(deps: DriftReportDeps, outcome: Of<'gone'>): void {
  const { drift, reason } = outcome;
  deps.log.info({ ...fieldsOf(outcome, drift), reason }, 'drift gone');
  deps.metrics.driftGone.inc();
  const message =
    reason === 'equal'
      ? `As ${describeEngineRef(outcome.owner)} declares it again`
      : `No drift from ${describeEngineRef(outcome.owner)} can be told any more (${reason})`;
  record(deps, outcome, { type: 'Normal', reason: 'DriftGone', message });
}

/** A person is needed, or asked for less: both are said once. */
function reportRefused(deps: DriftReportDeps, outcome: Of<'revert-refused'>): void {
  const { drift, reason, owner } = outcome;
  const says = reason === 'observe-mode' ? 'would revert' : 'revert refused';
  deps.log.warn({ ...fieldsOf(outcome, drift), reason }, says);
  deps.metrics.reverts.inc({ engine: owner.engine, result: reason });
  if (reason === 'observe-mode') return;
  const by = drift.writer === undefined ? '' : ` The content is written by ${drift.writer}.`;
  const message = `Not reverted (${reason}): ${revertRefusals[reason]}.${by}`;
  record(deps, outcome, { type: 'Warning', reason: 'RevertRefused', message });
}

function fieldsOf({ config, owner, revision }: Place, { keys, fields, origin, writer }: Drift): object {
  return { ...config, owner: describeEngineRef(owner), revision, keys, fields, origin, writer };
}

const reasonTexts = {
  different: 'differs from',
  missing: 'does not exist, but is declared by',
  'not-declared': 'is not declared any more by',
} as const satisfies Record<Drift['reason'], string>;

function describe({ owner, revision }: Place, { reason, keys, fields, writer, origin }: Drift): string {
  const at = revision === undefined ? '' : ` at ${revision.slice(0, 12)}`;
  const what = [...keys, ...fields].join(', ');
  const where = what === '' ? '' : ` in ${what}`;
  const by = writer === undefined ? `; origin ${origin}` : `; written by ${writer}`;
  return `The live object ${reasonTexts[reason]} ${describeEngineRef(owner)}${at}${where}${by}`;
}

function record({ events }: DriftReportDeps, { config, uid }: Place, text: EventText): void {
  events.record({ about: { ...config, uid }, ...text });
}
