// Text in Markdown for a pull request comment. Names and reasons come from a cluster and from Git: nothing in them is markup.
import { printable } from './text-table.ts';

/** The first row is the head. Cells are Markdown already. */
export function renderMarkdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...more] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + more.map(line).join('');
}

/** Letters, digits and harmless punctuation stay; anything that could be markup, a mention or a link is spelled as an entity. */
export function escapeMarkdown(text: string): string {
  return printable(text).replaceAll(/[^\p{L}\p{N} ,.;?%=/:'"–→-]|(?<=:)\/\/|(?<=www)\./giu, (found) =>
    Array.from(found, (character) => `&#${character.codePointAt(0)};${character === '@' ? '&#8203;' : ''}`).join(''),
  );
}

/** A name, set as code. */
export function code(name: string): string {
  return `<code>${escapeMarkdown(name)}</code>`;
}
