// A preview on a terminal, and as a comment on a pull request: which workloads would restart, and because of what.
import { describeOwner } from './core/diff-row.ts';
import type { Cause, Preview, PreviewRow } from './core/preview-row.ts';
import { renderGaps } from './diff-markdown.ts';
import { code, escapeMarkdown, renderMarkdownTable } from './markdown.ts';
import { printable, renderTable } from './text-table.ts';

export function renderPreview(preview: Preview): string {
  const { gaps, workloads, changes } = preview;
  const lines = gaps.map(({ about, says }) => `${printable(`Not known: ${about}: ${says}`)}\n`).join('');
  const head = `${printable(`Preview of ${preview.revision} in ${placeOf(preview)}: ${describeCounts(preview)}`)}\n${lines}`;
  const rows = workloads.map((row) => [
    nameOf(preview, row.workload),
    describeAction(row),
    describeCauses(preview, row),
  ]);
  const changed = changes.map(({ config, what, keys, reasons, owner }) => [
    nameOf(preview, config),
    [what, ...reasons].join(': '),
    keys.join(', ') || '-',
    describeOwner(owner),
  ]);
  const sections = [
    rows.length === 0 ? '' : renderTable([['WORKLOAD', 'WHAT', 'BECAUSE OF'], ...rows]),
    changed.length === 0 ? '' : renderTable([['CONFIG OBJECT', 'WHAT', 'KEYS', 'OWNER'], ...changed]),
  ];
  return [head, ...sections.filter((text) => text !== '')].join('\n');
}

export function renderPreviewMarkdown(preview: Preview): string {
  const where = preview.namespace === undefined ? '' : ` in namespace ${code(preview.namespace)}`;
  const head = `**Lockstep** foresees for ${code(preview.revision)}${where}: ${describeCounts(preview)}.\n`;
  const rows = preview.workloads.map((row) => [
    code(nameOf(preview, row.workload)),
    describeAction(row),
    row.because.map((cause) => codeCause(preview, cause)).join('<br>') || 'its own pod template',
  ]);
  const table = rows.length === 0 ? '' : renderMarkdownTable([['Workload', 'What', 'Because of'], ...rows]);
  return [head, table, renderGaps(preview.gaps)].filter((text) => text !== '').join('\n');
}

function placeOf({ namespace }: Preview): string {
  return namespace === undefined ? 'all namespaces' : `namespace ${namespace}`;
}

const actionSays: Readonly<Record<PreviewRow['action'], readonly [one: string, more: string]>> = {
  restart: ['workload would restart', 'workloads would restart'],
  held: ['would be held', 'would be held'],
  rollout: ['is rolled out by its engine', 'are rolled out by their engine'],
  unknown: ['cannot be judged', 'cannot be judged'],
};

function describeCounts({ workloads }: Preview): string {
  const counts = Object.entries(actionSays).flatMap(([action, [one, more]]) => {
    const count = workloads.filter((row) => row.action === action).length;
    return count === 0 ? [] : [`${count} ${count === 1 ? one : more}`];
  });
  return counts.join(', ') || 'no workload would restart';
}

function describeAction({ action, reason, waitsForDelete }: PreviewRow): string {
  const says = reason === undefined ? action : `${action}: ${reason}`;
  return waitsForDelete === true ? `${says}, then waiting-for-delete` : says;
}

function nameOf({ namespace }: Preview, ref: Cause['config'] | PreviewRow['workload']): string {
  const name = `${ref.kind}/${ref.name}`;
  return namespace === undefined ? `${ref.namespace}/${name}` : name;
}

function describeCauses(preview: Preview, { because }: PreviewRow): string {
  return because.map((cause) => describeCause(preview, cause)).join('; ') || 'its own pod template';
}

function describeCause(preview: Preview, { config, what, keys }: Cause): string {
  const says = what === 'changed' ? [] : [what];
  return [nameOf(preview, config), ...says, ...(keys.length === 0 ? [] : [`(${keys.join(', ')})`])].join(' ');
}

function codeCause(preview: Preview, { config, what, keys }: Cause): string {
  const says = what === 'changed' ? '' : ` ${what}`;
  const names = keys.length === 0 ? '' : ` (${keys.map(code).join(', ')})`;
  return `${code(nameOf(preview, config))}${escapeMarkdown(says)}${names}`;
}
