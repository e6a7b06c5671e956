// What Git should carry: one annotation per config object on the workload's own metadata (RESTART-PROTOCOL.md, Record).
import { createHash } from 'node:crypto';
import type { ConfigRef, WorkloadRef } from './object.ts';
import { objectKey } from './object.ts';

/** A digest that Git may carry. `value` is opaque here: `<key id>:<digest>`. */
export interface Checksum {
  readonly config: ConfigRef;
  readonly value: string;
  /** True when Lockstep restarted the workload for this content; a quiet install has none. */
  readonly restarted: boolean;
  /** The field manager that wrote the content, for the pull request's text. */
  readonly writer?: string;
}

/** A wish for checksums in Git. */
export interface Proposal {
  readonly workload: WorkloadRef;
  readonly checksums: readonly Checksum[];
}

/** One annotation that Git lacks or holds with another value. */
export interface Change {
  readonly workload: WorkloadRef;
  readonly checksum: Checksum;
  readonly key: string;
  readonly kind: 'add' | 'replace';
}

/** A slot (workload and annotation) to a fingerprint of the value proposed for it: what a pull request is remembered by. */
export type Proposed = Readonly<Record<string, string>>;

export const checksumPrefix = 'checksum.lockstep.dev/';

/** Kubernetes limits the name part of an annotation key to this many characters. */
const nameLimit = 63;
/** Enough of SHA-256 that two long names of one namespace never meet. */
const shortHash = 12;

/** The annotation that carries the checksum of `config`: `checksum.lockstep.dev/secret.db`. */
export function checksumKey(config: { readonly kind: string; readonly name: string }): string {
  const name = `${config.kind.toLowerCase()}.${config.name}`;
  if (name.length <= nameLimit) return checksumPrefix + name;
  const head = name.slice(0, nameLimit - shortHash - 1).replace(/[^A-Za-z0-9]+$/, '');
  return `${checksumPrefix}${head}-${sha256(name).slice(0, shortHash)}`;
}

/**
 * The annotations to write, given those that the manifest carries: what is there is kept current, what is not is
 * added only for a workload that was restarted for it.
 */
export function wantedChanges(current: Readonly<Record<string, string>>, proposal: Proposal): Change[] {
  const changes = new Map<string, Change>();
  for (const checksum of proposal.checksums) {
    const key = checksumKey(checksum.config);
    const declared = Object.hasOwn(current, key) ? current[key] : undefined;
    if (declared === checksum.value || (declared === undefined && !checksum.restarted)) continue;
    changes.set(key, {
      workload: proposal.workload,
      checksum,
      key,
      kind: declared === undefined ? 'add' : 'replace',
    });
  }
  return [...changes.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Names the place of a change: `Deployment/shop/web secret.db`. */
export function slotOf(change: Change): string {
  return `${objectKey(change.workload)} ${change.key.slice(checksumPrefix.length)}`;
}

/** What is proposed, by slot; the fingerprint identifies a value without repeating it. */
export function fingerprint(changes: readonly Change[]): Proposed {
  const entries = changes.map((change) => [slotOf(change), sha256(change.checksum.value).slice(0, 16)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
