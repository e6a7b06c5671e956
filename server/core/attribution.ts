// Who wrote the live content of a config object: from its field managers and the marks of producers. Cheap and always there, but a hint:
// clients choose their names. Comparing with Git is the proof. RESTART-PROTOCOL.md "Origin".
import type { Projection } from './digest.ts';
import { findProducer, type Owner, type Producer } from './producer.ts';

export type Origin = 'git' | 'runtime' | 'unknown';

/** One managedFields entry that owns data keys. */
export interface FieldWrite {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  /** Empty for writes of the object itself. */
  readonly subresource: string;
  /** Its last write that set anything (ms): no key that it owns was set later. Deleting a key does not move it. */
  readonly at: number | undefined;
  /** The data keys that it owns. */
  readonly keys: readonly string[];
}

export interface FieldWrites {
  readonly entries: readonly FieldWrite[];
  /** False: there were more than are read, so no key's owners are known for sure. */
  readonly complete: boolean;
}

/** What an object says about its writers. No value of it is here. */
export interface WriterFacts {
  readonly writes: FieldWrites;
  readonly owners: readonly Owner[];
  /** Of its labels and annotations those in `producerMarks`. */
  readonly marks: Readonly<Record<string, string>>;
}

/** `unnamed`: the API server made the entry, for writes from before it kept track or of too many managers. */
export type WriterKind = 'argocd' | 'flux' | 'kubectl' | 'other' | 'unnamed';

export interface Writer {
  readonly manager: string;
  readonly kind: WriterKind;
  readonly operation: FieldWrite['operation'];
  readonly subresource: string;
  /** Its keys have not been set since (ms); they may have been set before. */
  readonly notAfter: number | undefined;
}

export interface KeyAttribution {
  readonly origin: Origin;
  /** All that own it, newest first; who owns it alone set the present value. */
  readonly writers: readonly Writer[];
  /** The present value was not set later (ms); undefined: not known. */
  readonly notAfter: number | undefined;
}

export type AttributionReason =
  /** All keys are owned by an engine. */
  | 'engine'
  /** All keys are owned by others. */
  | 'other-writer'
  /** An engine owns some of the content, and somebody else too. */
  | 'several-origins'
  /** Nothing says who owns some key. */
  | 'no-owner'
  /** There are more entries than are read. */
  | 'too-many-writers';

export interface Attribution {
  readonly origin: Origin;
  readonly reason: AttributionReason;
  /** Who set the present value of each of the keys; undefined where that is not one and known. */
  readonly writer: Writer | undefined;
  /** All that own any of the keys, newest first. */
  readonly writers: readonly Writer[];
  readonly producer: Producer | undefined;
  readonly keys: ReadonlyMap<string, KeyAttribution>;
}

const engines: ReadonlyMap<string, WriterKind> = new Map([
  ['argocd-controller', 'argocd'],
  // Before it named itself: the name of its program.
  ['argocd-application-controller', 'argocd'],
  ['kustomize-controller', 'flux'],
  ['helm-controller', 'flux'],
]);
const unnamed: ReadonlySet<string> = new Set(['', 'unknown', 'before-first-apply', 'ancient-changes']);

/** Who wrote these data keys: those that the question is about, for example the ones that differ from Git. */
export function attributeContent(facts: WriterFacts, projection: Projection): Attribution {
  const entries = newestFirst(facts.writes.entries);
  const names = projection === 'all' ? new Set(entries.flatMap(({ keys }) => keys)) : new Set(projection);
  const { complete } = facts.writes;
  const owned = ownersByKey(entries);
  const keys = new Map([...names].sort().map((name) => [name, attributeKey(complete ? (owned.get(name) ?? []) : [])]));
  const asked = entries.filter((entry) => entry.keys.some((key) => names.has(key)));
  const { origin, reason } = complete ? judge([...keys.values()]) : unknownBecause('too-many-writers');
  return {
    origin,
    reason,
    writer: soleWriter([...keys.values()]),
    writers: asked.map(toWriter),
    producer: findProducer({ ...facts, managers: entries.map(({ manager }) => manager) }),
    keys,
  };
}

/** Whose content it is, from the managers that own data, newest first: the newest wrote last, whatever the others did before. */
export function originOfWriters([newest]: readonly string[]): Origin {
  return newest === undefined ? 'unknown' : originOf({ kind: kindOf(newest) });
}

function newestFirst(entries: readonly FieldWrite[]): FieldWrite[] {
  return [...entries].sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
}

function ownersByKey(entries: readonly FieldWrite[]): Map<string, FieldWrite[]> {
  const owned = new Map<string, FieldWrite[]>();
  for (const entry of entries) {
    for (const key of entry.keys) {
      const owners = owned.get(key);
      if (owners === undefined) owned.set(key, [entry]);
      else owners.push(entry);
    }
  }
  return owned;
}

/** Several own a key when each applied the value that it has. Which of them came first is not told. */
function attributeKey(entries: readonly FieldWrite[]): KeyAttribution {
  const writers = entries.map(toWriter);
  const origins = new Set(writers.map(originOf));
  const [origin = 'unknown'] = origins;
  const times = writers.flatMap(({ notAfter }) => (notAfter === undefined ? [] : [notAfter]));
  const isBounded = writers.length > 0 && times.length === writers.length;
  return {
    origin: origins.size === 1 ? origin : 'unknown',
    writers,
    // Each owner set it, or set what it already was: the earliest bound holds for the value.
    notAfter: isBounded ? Math.min(...times) : undefined,
  };
}

function toWriter({ manager, operation, subresource, at }: FieldWrite): Writer {
  return { manager, kind: kindOf(manager), operation, subresource, notAfter: at };
}

function kindOf(manager: string): WriterKind {
  if (unnamed.has(manager)) return 'unnamed';
  if (manager === 'kubectl' || manager.startsWith('kubectl-')) return 'kubectl';
  return engines.get(manager) ?? 'other';
}

function originOf({ kind }: Pick<Writer, 'kind'>): Origin {
  if (kind === 'unnamed') return 'unknown';
  return kind === 'argocd' || kind === 'flux' ? 'git' : 'runtime';
}

function judge(keys: readonly KeyAttribution[]): Pick<Attribution, 'origin' | 'reason'> {
  const origins = new Set(keys.flatMap(({ writers }) => writers.map(originOf)));
  const hasGap = keys.length === 0 || keys.some(({ writers }) => writers.length === 0);
  if (hasGap || origins.has('unknown')) return unknownBecause('no-owner');
  if (origins.size > 1) return unknownBecause('several-origins');
  return origins.has('git') ? { origin: 'git', reason: 'engine' } : { origin: 'runtime', reason: 'other-writer' };
}

function unknownBecause(reason: AttributionReason): Pick<Attribution, 'origin' | 'reason'> {
  return { origin: 'unknown', reason };
}

/** One that owns each key, and each alone. */
function soleWriter(keys: readonly KeyAttribution[]): Writer | undefined {
  const [first] = keys[0]?.writers ?? [];
  const isSole = keys.every(({ writers: [writer, ...others] }) => others.length === 0 && isSame(writer, first));
  return isSole && first?.kind !== 'unnamed' ? first : undefined;
}

function isSame(a: Writer | undefined, b: Writer | undefined): boolean {
  return a?.manager === b?.manager && a?.operation === b?.operation && a?.subresource === b?.subresource;
}
