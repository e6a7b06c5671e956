// Pull requests as kubectl would print them. Records are foreign text: control characters never reach a terminal.
import type { PullRequest } from './core/forge.ts';

export function renderJson(value: PullRequest | readonly PullRequest[]): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

export function renderTable(pulls: readonly PullRequest[], now: number): string {
  if (pulls.length === 0) return 'No pull requests found.\n';
  const rows = pulls.map((pull) =>
    [`#${pull.number}`, pull.state, pull.title, pull.base, pull.head, age(now - pull.createdAt)].map(oneLine),
  );
  const all = [['NUMBER', 'STATE', 'TITLE', 'BASE', 'HEAD', 'AGE'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('');
}

export function renderPull(pull: PullRequest): string {
  const fields: [string, string][] = [
    ['Number', `#${pull.number}`],
    ['Title', pull.title],
    [
      'State',
      pull.endedBy === undefined
        ? pull.state
        : `${pull.state} by ${pull.endedBy === 'person' ? 'a person' : 'Lockstep'}`,
    ],
    ['Base', pull.base],
    ['Head', pull.head],
    ['Commit', pull.headCommit],
    ['Created', new Date(pull.createdAt).toISOString()],
    ['Updated', new Date(pull.updatedAt).toISOString()],
    ['Proposes', Object.keys(pull.proposed).join(', ')],
  ];
  const head = fields.map(([name, value]) => `${`${name}:`.padEnd(11)}${oneLine(value)}\n`).join('');
  return `${head}\n${pull.body.split('\n').map(oneLine).join('\n').trimEnd()}\n`;
}

/** As kubectl: the largest unit that says enough. */
function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ');
}
