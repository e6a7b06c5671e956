// The parts of README.md that are made from the code. `node test/readme.ts` writes them; a test compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { serveFlags } from '../server/config.ts';
import { catalogue } from '../server/core/errors.ts';
import { diffFlags } from '../server/diff-command.ts';
import { explainFlags } from '../server/explain-command.ts';
import { formatMarkdown } from '../server/flags-help.ts';
import { hookFlags } from '../server/hook-command.ts';
import { reportFlags } from '../server/report-command.ts';
import { shadowReportFlags } from '../server/shadow-report.ts';

const sections: Readonly<Record<string, () => string>> = {
  'flags of serve': () => formatMarkdown(serveFlags),
  'flags of explain': () => formatMarkdown(explainFlags),
  'flags of diff': () => formatMarkdown(diffFlags),
  'flags of report': () => formatMarkdown(reportFlags),
  'flags of hook': () => formatMarkdown(hookFlags),
  'flags of report --since': () => formatMarkdown(shadowReportFlags),
  'error codes': () =>
    [
      '| Code | Tried again | What to do |',
      '|---|---|---|',
      ...Object.entries(catalogue).map(([code, { retry, advice }]) => `| \`${code}\` | ${retry} | ${advice} |`),
    ].join('\n'),
};

/** The README with every made part made anew. Throws when a part's place is missing. */
export function renderReadme(text: string): string {
  return Object.entries(sections).reduce((readme, [name, render]) => {
    const [begin, end] = [`<!-- begin: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`README.md has no place for the ${name}: ${begin} ... ${end}`);
    return `${readme.slice(0, from)}${begin}\n${render()}\n${readme.slice(to)}`;
  }, text);
}

if (import.meta.main) writeFileSync('README.md', renderReadme(readFileSync('README.md', 'utf8')));
