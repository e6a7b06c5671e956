// A local pull request as text: the message of a commit, a title line for people and JSON for Lockstep.
import type { Proposed } from '../core/record.ts';
import type { PullRequest, PullState } from '../core/forge.ts';

const states: readonly PullState[] = ['open', 'merged', 'closed'];
/** Anybody who may push can write a record: what is read of one is bounded. */
const maxText = 256 * 1024;

export function formatRecord(pull: PullRequest): string {
  const { number, ...rest } = pull;
  return `Pull request #${number} (${pull.state}): ${pull.title}\n\n${JSON.stringify({ version: 1, ...rest }, undefined, 2)}\n`;
}

/** Undefined when the text is no record of ours. */
export function parseRecord(number: number, message: string): PullRequest | undefined {
  const start = message.indexOf('\n\n{');
  if (!Number.isSafeInteger(number) || number < 1 || start < 0 || message.length > maxText) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(message.slice(start));
  } catch {
    return undefined;
  }
  const read = value as Readonly<Record<string, unknown>>;
  const text = (key: string): string => (typeof read[key] === 'string' ? read[key] : '');
  const time = (key: string): number => (typeof read[key] === 'number' ? read[key] : 0);
  const state = states.find((candidate) => candidate === read['state']);
  const hasNames = text('base') !== '' && text('head') !== '' && /^[0-9a-f]{40,64}$/.test(text('headCommit'));
  if (read['version'] !== 1 || state === undefined || !hasNames) return undefined;
  return {
    number,
    state,
    title: text('title'),
    body: text('body'),
    base: text('base'),
    head: text('head'),
    headCommit: text('headCommit'),
    proposed: proposedOf(read['proposed']),
    endedBy: read['endedBy'] === 'lockstep' || read['endedBy'] === 'person' ? read['endedBy'] : undefined,
    createdAt: time('createdAt'),
    updatedAt: time('updatedAt'),
  };
}

function proposedOf(value: unknown): Proposed {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
