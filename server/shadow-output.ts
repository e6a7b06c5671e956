// The report of shadow mode as a person reads it: one line for each change, one for each result, and what could not be seen.
import type { ShadowChange } from './core/shadow-history.ts';
import { shadowResults, type ShadowResult } from './core/shadow-pair.ts';
import type { ShadowGap, ShadowReport } from './core/shadow-report.ts';
import { renderTable } from './text-table.ts';

const resultSays: Readonly<Record<ShadowResult, string>> = {
  matched: 'Reloader restarted what Lockstep would have restarted, in time',
  late: 'Reloader restarted, but late',
  missed: 'Reloader did not restart; Lockstep would have',
  failed: 'Reloader tried and failed; Lockstep would have restarted',
  doubled: 'Reloader restarted again for the same content',
  needless:
    'Reloader restarted; Lockstep would not have: unused key, pods newer already, or joined with another change',
};

const gapSays: Readonly<Record<ShadowGap, string>> = {
  'not-watched-yet': 'the time before WATCHED SINCE was not watched: nothing is known of it',
  restarted: 'Lockstep was started again meanwhile: changes while it was away are in no line',
  'history-damaged': 'lines of the history file were damaged and are left out',
  'history-unwritten': 'the history file cannot be written: what is here is lost with the process',
  'reload-failures-unreadable':
    'Reloader’s Events cannot be read, so that what it tried in vain counts as missed: grant list and watch on events',
  'too-many': 'there were more changes at once than are kept: some have no line',
};

export function renderShadow({ since, until, watchedSince, summary, waiting, gaps, changes }: ShadowReport): string {
  const head = `Since ${since}, until ${until}, watched since ${watchedSince}\n`;
  const columns = ['WHEN', 'RESULT', 'CONFIG OBJECT', 'WORKLOAD', 'NAMESPACE', 'DELAY', 'REASON'];
  const table = changes.length === 0 ? 'No change was seen.\n' : renderTable([columns, ...changes.map(toRow)]);
  const counts = shadowResults.map((result) => [result, String(summary[result]), resultSays[result]]);
  const open = ['waiting', String(waiting), 'not judged yet: Reloader still has time'];
  const unseen = 'Not judged: Jobs, CronJobs, Argo Rollouts, SecretProviderClasses, and reloads on delete.\n';
  const notes = gaps.map((gap) => `Note: ${gapSays[gap]}.\n`).join('');
  return [head, table, renderTable([...counts, open]), notes + unseen].join('\n');
}

function toRow({ at, changedAt, result, reason, workload, config, delaySeconds }: ShadowChange): string[] {
  const delay = delaySeconds === undefined ? '' : `${delaySeconds.toFixed(1)}s`;
  const names = [`${config.kind}/${config.name}`, `${workload.kind}/${workload.name}`, workload.namespace];
  return [changedAt ?? at, result, ...names, delay, reason];
}
