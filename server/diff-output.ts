// A comparison as a person reads it on a terminal: what was found in a sentence, a row for each config object, then what differs,
// who the owners are, and what could not be compared.
import { describeOwner, type Diff, type DiffRow, type DiffWriter } from './core/diff-row.ts';
import { renderTable, printable } from './text-table.ts';

export function renderDiff(diff: Diff): string {
  const place = diff.namespace === undefined ? 'all namespaces' : `namespace ${diff.namespace}`;
  const declared = diff.revision === undefined ? 'Git as applied' : `Git at ${diff.revision}`;
  const head = printable(`Diff of ${place} with ${declared}: ${describeSummary(diff)}`);
  const gaps = diff.gaps.map(({ about, says }) => `${printable(`Not known: ${about}: ${says}`)}\n`).join('');
  const sections = [renderRows, renderKeys, renderOwners, renderReasons].map((render) => render(diff));
  return [`${head}\n${gaps}`, ...sections.filter((text) => text !== '')].join('\n');
}

/** `1 different, 2 equal`; what there is none of is left out. */
export function describeSummary({ summary, rows }: Diff): string {
  const counts = Object.entries(summary).filter(([, count]) => count > 0);
  if (rows.length === 0) return 'no config objects';
  return counts.map(([answer, count]) => `${count} ${answer.replaceAll('-', ' ')}`).join(', ');
}

function renderRows(diff: Diff): string {
  if (diff.rows.length === 0) return '';
  const isEverywhere = diff.namespace === undefined;
  const columns = ['CONFIG OBJECT', 'ANSWER', 'OWNER', 'REVISION', 'ORIGIN', 'WRITTEN BY', 'USED BY', 'RECORDED'];
  const rows = diff.rows.map((row) => [
    ...(isEverywhere ? [row.config.namespace] : []),
    nameOf(row),
    row.answer,
    row.owner === undefined ? `none: ${row.because}` : describeOwner(row.owner),
    describeRevisions(row) || '-',
    row.origin ?? '-',
    describeWriters(row),
    row.workloads.map(({ kind, name }) => `${kind}/${name}`).join(', ') || '-',
    row.recorded,
  ]);
  return renderTable([[...(isEverywhere ? ['NAMESPACE'] : []), ...columns], ...rows]);
}

function nameOf({ config }: DiffRow): string {
  return `${config.kind}/${config.name}`;
}

/** With its namespace where several are shown. */
export function fullNameOf({ namespace }: Pick<Diff, 'namespace'>, row: DiffRow): string {
  return namespace === undefined ? `${row.config.namespace}/${nameOf(row)}` : nameOf(row);
}

/** As Git shortens commits. */
const revisionShown = 8;

export function describeRevisions({ sources }: Pick<DiffRow, 'sources'>): string {
  return sources
    .flatMap(({ revision }) => (revision === undefined ? [] : [revision.slice(0, revisionShown)]))
    .join(', ');
}

export function describeWriters({ writer, writers, producer }: DiffRow): string {
  const says = writer === undefined ? writers.map(({ manager }) => manager).join(', ') : describeWriter(writer);
  const made =
    producer === undefined ? '' : `from ${producer.kind}${producer.name === undefined ? '' : ` ${producer.name}`}`;
  return [says, made].filter((text) => text !== '').join(', ') || '-';
}

function describeWriter({ manager, notAfter }: DiffWriter): string {
  return notAfter === undefined ? manager : `${manager} at ${notAfter}`;
}

/** Only what differs: of an object that is missing, that says enough. */
export function listDifferences(
  row: DiffRow,
): readonly (readonly [what: string, answer: string, ...digests: string[]])[] {
  if (row.answer !== 'different') return [];
  const fields = row.fields.map((field) => [`(${field})`, 'different', '-', '-'] as const);
  const keys = row.keys.filter(({ answer }) => answer !== 'equal');
  return [
    ...keys.map(
      ({ name, answer, reason, declared = '-', live = '-' }) =>
        [name, reason === undefined ? answer : `${answer}: ${reason}`, declared, live] as const,
    ),
    ...fields,
  ];
}

function renderKeys(diff: Diff): string {
  const rows = diff.rows.flatMap((row) => listDifferences(row).map((cells) => [fullNameOf(diff, row), ...cells]));
  if (rows.length === 0) return '';
  return `What differs, as parts of digests:\n\n${renderTable([['CONFIG OBJECT', 'KEY', 'ANSWER', 'DECLARED', 'LIVE'], ...rows])}`;
}

function renderOwners(diff: Diff): string {
  const rows = diff.rows.flatMap(({ owner, sources }) =>
    owner === undefined
      ? []
      : sources.map(({ repository, path = '-', revision = '-' }) => [describeOwner(owner), repository, path, revision]),
  );
  const unique = [...new Map(rows.map((row) => [row.join('\n'), row])).values()];
  if (unique.length === 0) return '';
  return `Sources:\n\n${renderTable([['OWNER', 'REPOSITORY', 'PATH', 'REVISION'], ...unique])}`;
}

function renderReasons(diff: Diff): string {
  const lines = diff.rows.flatMap((row) => describeReasons(row).map((says) => `${fullNameOf(diff, row)}: ${says}`));
  if (lines.length === 0) return '';
  return `Not compared:\n\n${lines.map((line) => `${printable(line)}\n`).join('')}`;
}

/** One sentence for each reason. */
export function describeReasons({ reasons, detail }: DiffRow): readonly string[] {
  return reasons.map(({ reason, says }, at) =>
    [`${reason}: ${says}`, ...(at === 0 && detail !== undefined ? [`(${detail})`] : [])].join(' '),
  );
}
