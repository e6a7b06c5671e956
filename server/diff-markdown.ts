// A comparison as a comment on a pull request: what differs or is missing, and what could not be compared. What is equal is counted only.
import { describeOwner, type Diff, type DiffRow } from './core/diff-row.ts';
import { describeReasons, describeRevisions, describeSummary, describeWriters } from './diff-output.ts';
import { fullNameOf, listDifferences } from './diff-output.ts';
import { code, escapeMarkdown, renderMarkdownTable } from './markdown.ts';

export function renderDiffMarkdown(diff: Diff): string {
  const place = diff.namespace === undefined ? 'all namespaces' : `namespace ${code(diff.namespace)}`;
  const declared = diff.revision === undefined ? 'Git as applied' : `Git at ${code(diff.revision)}`;
  const head = `**Lockstep** compared ${place} with ${declared}: ${describeSummary(diff)}.\n`;
  return [head, renderDrift(diff), renderReasons(diff), renderGaps(diff.gaps)].filter((text) => text !== '').join('\n');
}

export function renderGaps(gaps: Diff['gaps']): string {
  return gaps.map(({ about, says }) => `- Not known: ${escapeMarkdown(about)}: ${escapeMarkdown(says)}\n`).join('');
}

function renderDrift(diff: Diff): string {
  const found = diff.rows.filter(({ answer }) => answer === 'different' || answer === 'missing');
  if (found.length === 0) return '';
  const head = ['Config object', 'Answer', 'Keys', 'Owner', 'Revision', 'Written by', 'Used by'];
  return renderMarkdownTable([head, ...found.map((row) => toCells(diff, row))]);
}

function toCells(diff: Diff, row: DiffRow): readonly string[] {
  const differences = listDifferences(row).map(([key, answer, declared, live]) => {
    const digests = answer === 'different' && declared !== '-' ? ` (${code(`${declared} → ${live}`)})` : '';
    return `${code(key)} ${escapeMarkdown(answer)}${digests}`;
  });
  return [
    code(fullNameOf(diff, row)),
    row.answer,
    differences.join('<br>') || '-',
    row.owner === undefined ? 'none' : escapeMarkdown(describeOwner(row.owner)),
    describeRevisions(row) === '' ? '-' : code(describeRevisions(row)),
    escapeMarkdown(describeWriters(row)),
    row.workloads.map(({ kind, name }) => code(`${kind}/${name}`)).join('<br>') || '-',
  ];
}

function renderReasons(diff: Diff): string {
  const lines = diff.rows.flatMap((row) =>
    describeReasons(row).map((says) => `- ${code(fullNameOf(diff, row))}: ${escapeMarkdown(says)}\n`),
  );
  if (lines.length === 0) return '';
  return `<details><summary>Not compared: ${lines.length}</summary>\n\n${lines.join('')}\n</details>\n`;
}
