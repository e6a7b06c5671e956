// The branch, title and text of a source's pull request: names and reasons, never values.
import { createHash } from 'node:crypto';
import type { Change } from './record.ts';

/** What engines read: a path at a branch of a repository. */
export interface SourceRef {
  /** The URL, for messages; without credentials. */
  readonly repository: string;
  readonly branch: string;
  /** From the repository's root; '' is all of it. */
  readonly path: string;
  /** The namespace meant where a manifest names none. */
  readonly namespace: string;
}

export interface PullText {
  readonly title: string;
  readonly body: string;
}

/** GitHub shows about this many characters of a title. */
const titleLimit = 100;
/** Rows of the table in the text; the commit itself lists every change. */
const maxRows = 200;
const proposalTrailer = 'Lockstep-Proposal';

/** The stable branch of a source: one per base branch and path, so that no two sources ever push to the same one. */
export function branchOf(source: SourceRef): string {
  const words = `${source.branch}-${source.path}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const slug = words.replace(/^-+|-+$/g, '').slice(0, 60);
  return `lockstep/${slug}-${sha256(`${source.branch}\n${source.path}`).slice(0, 8)}`;
}

/** Title and text for people. Both are safe to render: everything foreign is escaped. */
export function describePull(source: SourceRef, changes: readonly Change[]): PullText {
  const rows = changes.slice(0, maxRows).map(describeRow);
  const left = changes.length - rows.length;
  const body = [
    `Configuration changed in the cluster and Lockstep restarted the workloads that use it. This records the new checksums below ${inlineCode(source.path === '' ? '/' : source.path)} on ${inlineCode(source.branch)}.`,
    '',
    '| Workload | Config object | Annotation | Written by |',
    '| --- | --- | --- | --- |',
    ...rows,
    ...(left > 0 ? ['', `and ${left} more, listed in the commit.`] : []),
    '',
    'Only annotations on the workloads’ own metadata change: merging restarts nothing. Close this to leave the change unrecorded; Lockstep proposes again only when the content changes again. Commit to the branch to take it over.',
    '',
  ];
  return { title: titleOf(changes), body: body.join('\n') };
}

/** The commit's message; its trailer tells Lockstep later that the commit is its own, and what it results in. */
export function describeCommit(changes: readonly Change[], result: string): string {
  const lines = changes.map((change) => `- ${workloadName(change)}: ${configName(change)}`);
  return `${titleOf(changes)}\n\n${lines.map(plain).join('\n')}\n\n${proposalTrailer}: ${result}\n`;
}

/** What a commit of ours results in; undefined when the message has no such trailer. */
export function resultOf(message: string): string | undefined {
  return /^Lockstep-Proposal: ([0-9a-f]{64})$/m.exec(message.trimEnd().split('\n').at(-1) ?? '')?.[1];
}

/** Identity of the files that a proposal results in. */
export function hashResult(files: ReadonlyMap<string, string>): string {
  const lines = [...files].map(([path, text]) => `${JSON.stringify(path)} ${sha256(text)}\n`);
  return sha256(lines.sort().join(''));
}

/** Text that Markdown and HTML show as it is. */
export function escapeMarkdown(text: string): string {
  return plain(text).replace(/[\\`*_{}[\]()<>#+!|~@&:]/g, (character) => `&#${character.codePointAt(0)};`);
}

function titleOf(changes: readonly Change[]): string {
  const [first] = changes;
  if (first === undefined) return 'Record checksums';
  const workloads = new Set(changes.map(workloadName)).size;
  const single = `Record ${configName(first)} on ${workloadName(first)}`;
  const several = `Record ${changes.length} checksums on ${workloads} ${workloads === 1 ? 'workload' : 'workloads'}`;
  return plain(changes.length === 1 ? single : several).slice(0, titleLimit);
}

function describeRow(change: Change): string {
  const writer = change.checksum.writer === undefined ? 'unknown' : escapeMarkdown(change.checksum.writer);
  return `| ${escapeMarkdown(workloadName(change))} | ${escapeMarkdown(configName(change))} | ${inlineCode(change.key)} | ${writer} |`;
}

function workloadName({ workload }: Change): string {
  return `${workload.kind} ${workload.namespace}/${workload.name}`;
}

function configName({ checksum }: Change): string {
  return `${checksum.config.kind} ${checksum.config.name}`;
}

function inlineCode(text: string): string {
  return `\`${plain(text).replaceAll('`', 'ʼ').replaceAll('|', '¦')}\``;
}

/** One line without control characters. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
