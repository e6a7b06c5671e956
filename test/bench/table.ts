// The result as an aligned table for people.
import type { BenchResult, Pair } from './result.ts';

export function formatResult({ sizes, latencyMs, fanOutMs, ...result }: BenchResult): string {
  const { changes, deployments, replicas, rounds } = sizes;
  const figures = [
    ['', 'Lockstep', 'floor', 'ratio'],
    [`change to patch, ${changes} isolated changes (ms)`],
    ...Object.entries(latencyMs).map(([name, pair]) => row(name, pair, 2)),
    [`one ConfigMap, ${deployments} Deployments of ${replicas} (ms), ${rounds} rounds`],
    ...Object.entries(fanOutMs).map(([name, pair]) => row(name, pair, 0)),
    row('patches/s (median)', result.fanOutPerSecond, 0),
    ['memory (MiB)'],
    row('peak (VmHWM)', result.peakMiB, 0),
  ];
  const requests = Object.entries(result.requests).map(([phase, counts]) => [
    phase,
    Object.entries(counts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none',
  ]);
  const checks = result.checks.map(({ name, wanted, found, isMet }) => [name, found, wanted, isMet ? 'met' : 'MISSED']);
  const sections = [
    align(figures, 'right'),
    `Lockstep's API requests, all rounds\n${align(requests, 'left')}`,
    align([['must be so', 'found', 'wanted', ''], ...checks], 'left'),
  ];
  return `${sections.join('\n\n')}\n`;
}

function row(name: string, { lockstep, floor, ratio }: Pair, digits: number): string[] {
  return [`  ${name}`, lockstep.toFixed(digits), floor.toFixed(digits), ratio.toFixed(2)];
}

/** The first column to the left; a row of one cell is a heading and widens no column. */
export function align(rows: readonly (readonly string[])[], others: 'left' | 'right'): string {
  const tables = rows.filter((cells) => cells.length > 1);
  const widths = Array.from({ length: Math.max(...tables.map((cells) => cells.length)) }, (_, column) =>
    Math.max(...tables.map((cells) => (cells[column] ?? '').length)),
  );
  const pad = (cell: string, column: number): string =>
    column > 0 && others === 'right' ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return rows.map((cells) => (cells.length === 1 ? (cells[0] ?? '') : cells.map(pad).join('  ').trimEnd())).join('\n');
}
