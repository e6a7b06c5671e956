// Writes the help text and the README's table of a flag table, so that neither can say anything else than the parser does.
import { formatDuration } from './core/duration.ts';
import type { Flag, FlagTable } from './flags.ts';

/** The flags in their groups, aligned, as `--help` prints them. */
export function formatHelp(table: FlagTable): string {
  const rows = Object.entries(table).map(([name, flag]) => ({
    group: flag.group,
    left: `  ${flag.short ? `-${flag.short}, ` : '    '}--${name}${flag.type === 'bool' ? '' : ` ${typeWord(flag)}`}`,
    right: `${flag.help}${describeDefault(flag)}`,
  }));
  const width = Math.max(...rows.map((row) => row.left.length)) + 2;
  const groups = Map.groupBy(rows, (row) => row.group);
  return [...groups]
    .map(([group, members]) =>
      [`${group}:`, ...members.map((row) => `${row.left.padEnd(width)}${row.right}`)].join('\n'),
    )
    .join('\n\n');
}

/** The same as a Markdown table. */
export function formatMarkdown(table: FlagTable): string {
  const rows = Object.entries(table).map(([name, flag]) => {
    const short = flag.short ? `, \`-${flag.short}\`` : '';
    return `| \`--${name}\`${short} | ${typeWord(flag).replaceAll('|', ' or ')} | ${flag.help.replaceAll('|', '\\|')}${describeDefault(flag)} |`;
  });
  return ['| Flag | Value | Meaning |', '|---|---|---|', ...rows].join('\n');
}

function typeWord(flag: Flag): string {
  return flag.type === 'choice' ? flag.choices.filter((choice) => choice !== '').join('|') : flag.type;
}

function describeDefault(flag: Flag): string {
  const text = defaultText(flag);
  return text === '' ? '' : ` (default ${text})`;
}

function defaultText(flag: Flag): string {
  switch (flag.type) {
    case 'duration':
      return flag.default === undefined ? '' : formatDuration(flag.default);
    case 'bool':
      return flag.default === true ? 'true' : '';
    case 'list':
      return flag.default?.join(',') ?? '';
    case 'string':
    case 'choice':
      return flag.default ?? '';
    case 'int':
      return flag.default?.toString() ?? '';
  }
}
