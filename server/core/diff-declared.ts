// Who declares a live config object, and what: by the marks that the object carries, else by who declares an object of its name.
import type { DeclaredConfig, Declaration } from './declaration.ts';
import type { Comparison, LiveContent, NotComparable } from './drift.ts';
import type { DeclaredSource, OwnerRef, Ownership, OwnershipMarks } from './engine.ts';
import { compareLeaving } from './left.ts';
import type { LeaveRule } from './leave-rule.ts';
import { objectKey, type ConfigRef } from './object.ts';

/** What an owner declares, or why that is not known. */
export interface DiffOwner {
  readonly owner: OwnerRef;
  readonly sources: readonly DeclaredSource[];
  readonly declared:
    | { readonly kind: 'declared'; readonly declaration: Declaration }
    | { readonly kind: 'unknown'; readonly reason: NotComparable; readonly detail: string };
}

export interface OwnerIndex {
  /** By `ownerKey`. */
  readonly owners: ReadonlyMap<string, DiffOwner>;
  /** By `objectKey`: who declares it; of several the first. */
  readonly declarers: ReadonlyMap<string, DiffOwner>;
}

export interface Found {
  readonly owner?: Pick<DiffOwner, 'owner' | 'sources'>;
  /** Why that is the owner, or why there is none. */
  readonly because: string;
  readonly declared?: DeclaredConfig;
  readonly verdict: Comparison | Unjudged;
  readonly detail?: string;
}

type Unjudged =
  | { readonly answer: 'not-declared' }
  | { readonly answer: 'not-comparable'; readonly reasons: readonly NotComparable[] };

export function indexOwners(owners: readonly DiffOwner[]): OwnerIndex {
  const declarers = new Map<string, DiffOwner>();
  for (const owner of owners) {
    const keys = owner.declared.kind === 'declared' ? owner.declared.declaration.configs.keys() : [];
    for (const key of keys) if (!declarers.has(key)) declarers.set(key, owner);
  }
  return { owners: new Map(owners.map((owner) => [ownerKey(owner.owner), owner])), declarers };
}

export function ownerKey({ engine, kind, namespace, name }: OwnerRef): string {
  return `${engine}/${kind}/${namespace}/${name}`;
}

export interface Judged {
  readonly ref: ConfigRef;
  readonly live: LiveContent;
  readonly ownership: Ownership;
  /** Absent: it carries none of an engine. */
  readonly marks?: OwnershipMarks | undefined;
}

export function findDeclared({ owners, declarers }: OwnerIndex, { ref, live, ownership, marks }: Judged): Found {
  const key = objectKey(ref);
  const marked = ownership.kind === 'not-owned' ? undefined : owners.get(ownerKey(ownership.owner));
  const declarer = declaredBy(marked, key) === undefined ? declarers.get(key) : marked;
  const declared = declaredBy(declarer, key);
  if (declarer !== undefined && declared !== undefined) {
    const because = declarer === marked ? markOf(ownership) : 'declared';
    const { comparison } = compareLeaving(declared, { content: live, marks }, leavesOf(declarer));
    return { owner: declarer, because, declared, verdict: comparison };
  }
  if (ownership.kind === 'not-owned') return { because: 'not-owned', verdict: notDeclared };
  const because = markOf(ownership);
  if (marked === undefined) {
    return { owner: { owner: ownership.owner, sources: [] }, because, verdict: unjudged('owner-unreadable') };
  }
  if (marked.declared.kind === 'unknown') {
    const { reason, detail } = marked.declared;
    return { owner: marked, because, verdict: unjudged(reason), detail };
  }
  // A mark that anybody may have copied, on what its owner does not declare.
  if (ownership.kind === 'unconfirmed') return { because, verdict: notDeclared };
  const [problem] = marked.declared.declaration.problems;
  if (problem === undefined) return { owner: marked, because, verdict: notDeclared };
  return { owner: marked, because, verdict: unjudged('unreadable'), detail: problem };
}

const notDeclared: Unjudged = { answer: 'not-declared' };

function unjudged(reason: NotComparable): Unjudged {
  return { answer: 'not-comparable', reasons: [reason] };
}

function declaredBy(owner: DiffOwner | undefined, key: string): DeclaredConfig | undefined {
  return owner?.declared.kind === 'declared' ? owner.declared.declaration.configs.get(key) : undefined;
}

export function leavesOf({ declared }: DiffOwner): readonly LeaveRule[] {
  return (declared.kind === 'declared' ? declared.declaration.leaves : undefined) ?? [];
}

function markOf(ownership: Ownership): string {
  switch (ownership.kind) {
    case 'owned':
      return ownership.by;
    case 'unconfirmed':
      return ownership.reason;
    case 'not-owned':
      return 'not-owned';
  }
}
