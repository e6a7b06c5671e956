// Compares what Git declares for one config object with what is live: per data key, by digests. No value comes here.
import type { ContentDigests } from './digest.ts';

/** Why something cannot be compared, in words for a person. Never drift: what cannot be judged is only told. The list is closed. */
export const notComparable = {
  encrypted: 'SOPS encrypted it, and no key for it is held here',
  sealed: 'it comes from a SealedSecret, which only the cluster’s controller can open',
  generated: 'its name or content is made when it is rendered',
  'unknown-digest-key': 'its digests were made under a key that is not held here',
  'not-rendered': 'a tool renders it that is missing or not run here',
  unreadable: 'its manifest is broken, or beyond the limits of what is read',
  malformed: 'its manifest holds something else where a map of strings belongs',
  'substituted-from-unknown': 'variables are put into it whose values are not known here',
  'not-a-string': 'the value is a number, a boolean or nested, which the API server refuses, or tagged',
  'not-base64': 'the value is not the base64 that the API server accepts',
  'null-value': 'the value is null: a create makes the key empty, an apply deletes it',
  'invalid-key': 'the API server refuses such a data key',
  'in-both-fields': 'the data key is under data and under binaryData, which the API server refuses',
  'unknown-field': 'it stands in a field that the kind does not have, which is dropped or refused',
  'duplicate-key': 'it is declared twice, and tools differ about which of them counts',
  'yaml-dialects': 'tools read this YAML differently (a merge key, a key that is no string, a rare line break)',
  'patch-directive': 'it is a patch of another manifest ($patch and the like), not an object',
  'owner-unreadable': 'the engine’s resource that owns it is not in this cluster, or may not be read',
  'partly-applied': 'its engine applied another revision to it than to the rest, or is about to',
  'left-to-cluster': 'its engine is told to leave it as it is in the cluster',
  'source-unreadable': 'its Git repository, or the revision, could not be read',
} as const;

export type NotComparable = keyof typeof notComparable;

/** Fields beside the data that matter to who uses it. Undefined: not declared or not known, so not judged. */
export interface ConfigFields {
  /** Of a Secret. */
  readonly type: string | undefined;
  readonly immutable: boolean | undefined;
}

/** One config object as Git declares it at a revision. */
export interface DeclaredContent {
  /** Of the data keys whose value is known. */
  readonly content: ContentDigests;
  /** The data keys whose value is not. */
  readonly unclear: ReadonlyMap<string, NotComparable>;
  /** Why data keys may be declared beyond these; undefined: none is. */
  readonly rest: NotComparable | undefined;
  readonly fields: ConfigFields;
}

export interface LiveContent {
  /** Under each held digest key. */
  readonly contents: readonly ContentDigests[];
  readonly fields: ConfigFields;
}

export type KeyAnswer =
  | { readonly answer: 'equal' | 'different' | 'only-live' | 'only-declared' }
  | { readonly answer: 'not-comparable'; readonly reason: NotComparable };

export type Answer = 'equal' | 'different' | 'not-comparable';

export interface Comparison {
  /** `different` as soon as one key or field surely differs; `equal` only when all was compared. */
  readonly answer: Answer;
  /** Of each data key that is declared or live, sorted. */
  readonly keys: ReadonlyMap<string, KeyAnswer>;
  /** Fields that differ. */
  readonly fields: readonly (keyof ConfigFields)[];
  /** Why something was not compared, each reason once; empty when all was. */
  readonly reasons: readonly NotComparable[];
}

/** A config object of which nothing can be compared. */
export function declareUnknown(reason: NotComparable): DeclaredContent {
  return {
    content: { keyId: '', values: new Map() },
    unclear: new Map(),
    rest: reason,
    fields: { type: undefined, immutable: undefined },
  };
}

/** Live content counts as absent keys and fields when undefined: the object is declared and not there. */
export function compareContent(declared: DeclaredContent, live: LiveContent | undefined): Comparison {
  const contents = live?.contents ?? [{ keyId: declared.content.keyId, values: new Map<string, string>() }];
  const same = contents.find(({ keyId }) => keyId === declared.content.keyId);
  const known = same ?? contents[0];
  const names = new Set([
    ...declared.content.values.keys(),
    ...declared.unclear.keys(),
    ...(known?.values.keys() ?? []),
  ]);
  const keys = new Map<string, KeyAnswer>();
  for (const name of [...names].sort()) {
    const isLive = known?.values.has(name) ?? false;
    keys.set(name, compareKey({ name, declared, isLive, live: same?.values.get(name) }));
  }
  const fields = live === undefined ? [] : compareFields(declared.fields, live.fields);
  return conclude({ keys, fields, rest: declared.rest });
}

interface KeyFacts {
  readonly name: string;
  readonly declared: DeclaredContent;
  readonly isLive: boolean;
  /** Under the digest key of the declared content. */
  readonly live: string | undefined;
}

function compareKey({ name, declared: { content, unclear, rest }, isLive, live }: KeyFacts): KeyAnswer {
  const unclearReason = unclear.get(name);
  if (unclearReason !== undefined) {
    return !isLive && keepsKeys(unclearReason) ? { answer: 'only-declared' } : notJudged(unclearReason);
  }
  const digest = content.values.get(name);
  if (digest === undefined) return rest === undefined ? { answer: 'only-live' } : notJudged(rest);
  if (!isLive) return { answer: 'only-declared' };
  if (live === undefined) return notJudged('unknown-digest-key');
  return { answer: live === digest ? 'equal' : 'different' };
}

/** Encryption hides values; which keys there are stays in clear. */
function keepsKeys(reason: NotComparable): boolean {
  return reason === 'encrypted' || reason === 'sealed';
}

function notJudged(reason: NotComparable): KeyAnswer {
  return { answer: 'not-comparable', reason };
}

function compareFields(declared: ConfigFields, live: ConfigFields): (keyof ConfigFields)[] {
  const names = ['type', 'immutable'] as const;
  return names.filter(
    (name) => declared[name] !== undefined && live[name] !== undefined && declared[name] !== live[name],
  );
}

function conclude({
  keys,
  fields,
  rest,
}: Pick<Comparison, 'keys' | 'fields'> & Pick<DeclaredContent, 'rest'>): Comparison {
  const answers = [...keys.values()];
  const reasons = new Set(answers.flatMap((key) => (key.answer === 'not-comparable' ? [key.reason] : [])));
  if (rest !== undefined) reasons.add(rest);
  const differs = fields.length > 0 || answers.some(({ answer }) => differing.has(answer));
  const answer = differs ? 'different' : reasons.size > 0 ? 'not-comparable' : 'equal';
  return { answer, keys, fields, reasons: [...reasons] };
}

const differing: ReadonlySet<KeyAnswer['answer']> = new Set(['different', 'only-live', 'only-declared']);

/** Ten letters and digits of kustomize's own alphabet, which spells no words. */
const hashSuffix = /^(.+)-[2456789bcdfghkmt]{10}$/;

/**
 * The name that a kustomize generator gave before it added the hash of the content; undefined when this one has no such suffix.
 * By its shape only: a hint for finding the generator, no proof.
 */
export function generatorName(name: string): string | undefined {
  return hashSuffix.exec(name)?.[1];
}
