// Whether a config object's live content would change when another revision is applied.
import type { DeclaredConfig } from './declaration.ts';
import type { DeclaredContent, LiveContent, NotComparable } from './drift.ts';
import type { PreviewChange } from './preview-row.ts';

export type ConfigChange = PreviewChange;

export interface Revisions {
  readonly before: DeclaredConfig | undefined;
  readonly after: DeclaredConfig | undefined;
  /** Undefined: it is not there. `unread`: whether it is there is not known, so what is applied stands for it. */
  readonly live: LiveContent | 'unread' | undefined;
}

/** Undefined: nothing changes, also where what changes in Git is live already. */
export function changeOf({ before, after, live }: Revisions): Omit<ConfigChange, 'owner'> | undefined {
  if (after === undefined) return before === undefined || live === undefined ? undefined : removal(before);
  const { ref: config, content } = after;
  if (before?.content === content) return undefined;
  const isThere = live === 'unread' ? before !== undefined : live !== undefined;
  if (!isThere) return { config, what: 'created', keys: namesOf(content), reasons: [] };
  const { keys, unclear, reasons } = compareRevisions(before?.content, content, live === 'unread' ? undefined : live);
  if (keys.length > 0) return { config, what: 'changed', keys, reasons };
  return reasons.length === 0 ? undefined : { config, what: 'unclear', keys: unclear, reasons };
}

function removal({ ref, content }: DeclaredConfig): Omit<ConfigChange, 'owner'> {
  return { config: ref, what: 'removed', keys: namesOf(content), reasons: [] };
}

interface Compared {
  /** Those that surely change. */
  readonly keys: readonly string[];
  readonly unclear: readonly string[];
  readonly reasons: readonly NotComparable[];
}

function compareRevisions(
  before: DeclaredContent | undefined,
  after: DeclaredContent,
  live: LiveContent | undefined,
): Compared {
  const held = live?.contents.find(({ keyId }) => keyId === after.content.keyId)?.values;
  const keys: string[] = [];
  const unclear: string[] = [];
  const reasons = new Set<NotComparable>();
  const rest = after.rest ?? before?.rest;
  if (rest !== undefined) reasons.add(rest);
  const names = new Set([...namesOf(after), ...(before === undefined ? [] : namesOf(before))]);
  for (const name of [...names].sort()) {
    const reason = after.unclear.get(name) ?? before?.unclear.get(name);
    const [wanted, applied] = [after.content.values.get(name), before?.content.values.get(name)];
    if (reason !== undefined) {
      unclear.push(name);
      reasons.add(reason);
    } else if (wanted !== applied && (held === undefined || wanted !== held.get(name))) keys.push(name);
  }
  return { keys, unclear, reasons: [...reasons] };
}

function namesOf({ content, unclear }: DeclaredContent): string[] {
  return [...new Set([...content.values.keys(), ...unclear.keys()])].sort();
}
