// What `lockstep diff` says: live config objects and what their owners declare in, one row for each object out.
// Of a digest it never repeats more than a part.
import { attributeContent, type Writer, type WriterFacts } from './attribution.ts';
import type { DeclaredConfig } from './declaration.ts';
import { findDeclared, indexOwners, leavesOf, type DiffOwner, type Judged, type OwnerIndex } from './diff-declared.ts';
import type { Diff, DiffAnswer, DiffGap, DiffKey, DiffRow, DiffSource, DiffWriter } from './diff-row.ts';
import { findDifference } from './decide-drift.ts';
import { notComparable, type Comparison, type LiveContent, type NotComparable } from './drift.ts';
import type { DeclaredSource, OwnerRef } from './engine.ts';
import { compareLeaving } from './left.ts';
import { objectKey, type ConfigRef, type WorkloadRef } from './object.ts';
import type { Recorded } from './recorded.ts';
import type { Reference } from './references.ts';

export interface DiffConfig extends Judged {
  readonly writers: WriterFacts;
}

export interface DiffUser {
  readonly ref: WorkloadRef;
  readonly references: readonly Reference[];
}

export interface DiffFacts {
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly revision: string | undefined;
  /** Only rows of these owners; undefined: all. */
  readonly engine: OwnerRef['engine'] | undefined;
  readonly configs: readonly DiffConfig[];
  /** Kinds that could not be listed: whether such an object is missing is not known. */
  readonly unread: ReadonlySet<ConfigRef['kind']>;
  readonly owners: readonly DiffOwner[];
  readonly workloads: readonly DiffUser[];
  /** By `objectKey`; undefined: nobody could be asked. */
  readonly recorded: ReadonlyMap<string, Recorded> | undefined;
  readonly gaps: readonly DiffGap[];
}

/** Enough to tell two digests apart, too little to test a guess. */
const digestShown = 8;
/** Who fights over an object is seldom more than two. */
const writersShown = 5;

export function makeDiff(facts: DiffFacts): Diff {
  const { namespace, revision, engine, gaps } = facts;
  const view: View = { facts, owners: indexOwners(facts.owners), users: indexUsers(facts.workloads) };
  const rows = [...facts.configs.map((config) => liveRow(view, config)), ...missingRows(view)]
    .filter(({ owner }) => engine === undefined || (owner?.engine ?? 'none') === engine)
    .sort((a, b) => (rank(a.config) < rank(b.config) ? -1 : 1));
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(revision === undefined ? {} : { revision }),
    summary: countAnswers(rows),
    rows,
    gaps,
  };
}

/** Made by the cluster or by Helm for itself: nobody would declare its content. `type`: of a Secret. */
export function isMadeByMachinery({ kind, name }: ConfigRef, type: string | undefined): boolean {
  if (name.startsWith('sh.helm.release.v1.')) return true;
  return kind === 'ConfigMap' ? published.has(name) : type !== undefined && filledIn.has(type);
}

/** Put into each namespace by a controller. */
const published: ReadonlySet<string> = new Set(['kube-root-ca.crt', 'openshift-service-ca.crt', 'istio-ca-root-cert']);
/** Their content is made by a controller, whoever declares them. */
const filledIn: ReadonlySet<string> = new Set(['kubernetes.io/service-account-token', 'helm.sh/release.v1']);

function rank({ namespace, kind, name }: ConfigRef): string {
  return `${namespace}/${kind}/${name}`;
}

function countAnswers(rows: readonly DiffRow[]): Diff['summary'] {
  const summary: Record<DiffAnswer, number> = {
    different: 0,
    missing: 0,
    'not-comparable': 0,
    'not-declared': 0,
    equal: 0,
  };
  for (const { answer } of rows) summary[answer]++;
  return summary;
}

/** What the rows need again and again, found once. */
interface View {
  readonly facts: DiffFacts;
  readonly owners: OwnerIndex;
  readonly users: ReadonlyMap<string, readonly WorkloadRef[]>;
}

function indexUsers(workloads: readonly DiffUser[]): View['users'] {
  const users = new Map<string, WorkloadRef[]>();
  for (const { ref, references } of workloads) {
    for (const { kind, name } of references) {
      const key = objectKey({ kind, namespace: ref.namespace, name });
      const known = users.get(key);
      if (known === undefined) users.set(key, [ref]);
      else known.push(ref);
    }
  }
  return users;
}

function liveRow(view: View, config: DiffConfig): DiffRow {
  const { ref, live, writers } = config;
  const { owner, because, declared, verdict, detail } = findDeclared(view.owners, config);
  const comparison = 'keys' in verdict ? verdict : undefined;
  return {
    config: ref,
    ...(owner === undefined ? {} : { owner: owner.owner }),
    because,
    sources: (owner?.sources ?? []).map(describeSource),
    ...(declared?.path === undefined ? {} : { file: declared.path }),
    answer: verdict.answer,
    keys: comparison === undefined ? [] : describeKeys(comparison, declared, live),
    fields: comparison?.fields ?? [],
    reasons: 'reasons' in verdict ? explainReasons(verdict.reasons) : [],
    ...(detail === undefined ? {} : { detail }),
    ...attribute(writers, comparison),
    ...usesOf(view, ref),
  };
}

function explainReasons(reasons: readonly NotComparable[]): DiffRow['reasons'] {
  return reasons.map((reason) => ({ reason, says: notComparable[reason] }));
}

/** What is declared for the namespaces that were read, and not live. What a sync at another revision may have pruned is not missing. */
function missingRows(view: View): DiffRow[] {
  const { namespace, configs, unread } = view.facts;
  const live = new Set(configs.map(({ ref }) => objectKey(ref)));
  return [...view.owners.declarers].flatMap(([key, owner]): DiffRow[] => {
    const declared = owner.declared.kind === 'declared' ? owner.declared.declaration.configs.get(key) : undefined;
    if (declared === undefined || live.has(key)) return [];
    const { ref, content, path } = declared;
    const isRead = (namespace === undefined || ref.namespace === namespace) && !unread.has(ref.kind);
    if (!isRead || isMadeByMachinery(ref, content.fields.type)) return [];
    const { comparison } = compareLeaving(declared, undefined, leavesOf(owner));
    const finding = findDifference({ comparison, isLive: false });
    return [
      {
        config: ref,
        owner: owner.owner,
        because: 'declared',
        sources: owner.sources.map(describeSource),
        ...(path === undefined ? {} : { file: path }),
        answer: finding.kind === 'not-comparable' ? 'not-comparable' : 'missing',
        keys: describeKeys(comparison, declared, undefined),
        fields: [],
        reasons: explainReasons(finding.kind === 'not-comparable' ? finding.reasons : []),
        writers: [],
        ...usesOf(view, ref),
      },
    ];
  });
}

function usesOf({ users, facts }: View, ref: ConfigRef): Pick<DiffRow, 'workloads' | 'recorded'> {
  const key = objectKey(ref);
  const recorded = facts.recorded === undefined ? 'unknown' : (facts.recorded.get(key) ?? 'not-recorded');
  return { workloads: users.get(key) ?? [], recorded };
}

function describeSource({ repository, path, revision }: DeclaredSource): DiffSource {
  return {
    repository,
    ...(path === undefined ? {} : { path }),
    ...(revision === undefined ? {} : { revision }),
  };
}

function describeKeys(
  { keys }: Comparison,
  declared: DeclaredConfig | undefined,
  live: LiveContent | undefined,
): readonly DiffKey[] {
  const wanted = declared?.content.content;
  const held = live?.contents.find(({ keyId }) => keyId === wanted?.keyId) ?? live?.contents[0];
  return [...keys].map(([name, answer]) => {
    const [wants, holds] = [wanted?.values.get(name), held?.values.get(name)];
    return {
      name,
      ...answer,
      ...(wants === undefined ? {} : { declared: wants.slice(0, digestShown) }),
      ...(holds === undefined ? {} : { live: holds.slice(0, digestShown) }),
    };
  });
}

type Attributed = Pick<DiffRow, 'origin' | 'originBecause' | 'writer' | 'writers' | 'producer'>;

/** A key that is not live has no writer. */
function attribute(facts: WriterFacts, comparison: Comparison | undefined): Attributed {
  const differing = [...(comparison?.keys ?? [])].flatMap(([name, { answer }]) =>
    answer === 'different' || answer === 'only-live' ? [name] : [],
  );
  const found = attributeContent(facts, differing.length === 0 ? 'all' : differing);
  return {
    origin: found.origin,
    originBecause: found.reason,
    ...(found.writer === undefined ? {} : { writer: describeWriter(found.writer) }),
    writers: found.writers.slice(0, writersShown).map(describeWriter),
    ...(found.producer === undefined ? {} : { producer: found.producer }),
  };
}

function describeWriter({ manager, kind, operation, notAfter }: Writer): DiffWriter {
  const at = notAfter === undefined ? {} : { notAfter: new Date(notAfter).toISOString().replace(/\.\d+Z$/, 'Z') };
  return { manager, kind, operation, ...at };
}
