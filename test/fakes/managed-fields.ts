// Who owns which field: metadata.managedFields on update and on server-side apply
// (k8s.io/apimachinery/pkg/util/managedfields over structured-merge-diff's Updater).
import { timeText, zeroObject } from './canonical.ts';
import { FieldSet, describePath } from './field-set.ts';
import { type Json, type JsonObject, child, clone, ensure, isEqual, objects, stableText, text } from './json.ts';
import { StatusError, badRequest } from './status-errors.ts';
import { type Comparison, compare, fieldsSetBy, isNamedField, mergeTyped, removeFields } from './typed-values.ts';

export interface Writer {
  readonly manager: string;
  readonly operation: 'Update' | 'Apply';
  readonly apiVersion: string;
  readonly subresource: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}
/** What the fields of one kind are: its Go type, and the fields that this endpoint ignores. */
export interface FieldRules {
  readonly type: string;
  readonly ignored: readonly (readonly string[])[];
}
interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly subresource: string;
  readonly set: FieldSet;
  readonly time: string;
}
type Entries = ReadonlyMap<string, Entry>;

/** Never owned by anybody. */
const unowned = [
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((field) => ['f:metadata', `f:${field}`]),
];

/** `after` with the managedFields that a create, update or patch leaves. */
export function trackUpdate(before: JsonObject, after: JsonObject, writer: Writer, rules: FieldRules): JsonObject {
  const entries = new Map(readEntries(managedBy(before, after, writer)));
  // An existing object without owners stays so until its first apply.
  if (entries.size === 0 && text(before, 'metadata', 'uid') !== '') return withoutManaged(after);
  const [from, to] = [withoutManaged(before), withoutManaged(after)];
  const difference = withoutIgnored(compare(from, to, rules.type), rules);
  const taken = difference.modified.union(difference.added);
  yieldFields(entries, undefined, { ...difference, taken });
  const own = taken.withoutExactly(unowned);
  if (!own.isEmpty) {
    const id = identify(writer);
    const set = own.union(entries.get(id)?.set ?? new FieldSet());
    entries.set(id, { ...writer, set, time: timeText(writer.at) });
  }
  capEntries(entries);
  return withEntries(to, entries);
}

const maxUpdaters = 10;

/** More than ten updaters: the oldest are remembered together, per version. */
function capEntries(entries: Map<string, Entry>): void {
  const updaters = [...entries].filter(([, entry]) => entry.operation === 'Update');
  updaters.sort(([a, x], [b, y]) => ((x.time === y.time ? a < b : x.time < y.time) ? -1 : 1));
  const firsts = new Map<string, string>();
  let left = updaters.length;
  for (const [id, entry] of updaters) {
    if (left <= maxUpdaters) return;
    const first = firsts.get(entry.apiVersion);
    if (first === undefined) {
      firsts.set(entry.apiVersion, id);
      continue;
    }
    const bucket = { ...entry, manager: 'ancient-changes', subresource: '' };
    const bucketId = identify(bucket);
    const before = entries.get(bucketId) ?? entries.get(first);
    entries.delete(first);
    entries.delete(id);
    entries.set(bucketId, { ...bucket, set: entry.set.union(before?.set ?? new FieldSet()) });
    left--;
  }
}

/** A request that sends managedFields replaces them: `[{}]` clears, an absent or empty list keeps the live ones. */
function managedBy(before: JsonObject, after: JsonObject, writer: Writer): JsonObject[] {
  const sent = objects(after, 'metadata', 'managedFields');
  const live = objects(before, 'metadata', 'managedFields');
  if (writer.subresource !== '' || sent.length === 0) return live;
  return sent.length === 1 && Object.keys(sent[0] ?? {}).length === 0 ? [] : sent;
}

/** Server-side apply: the merged object with its owners. @throws StatusError 409 naming each conflict */
export function applyConfiguration(
  live: JsonObject,
  config: JsonObject,
  writer: Writer & { force: boolean },
  rules: FieldRules,
): JsonObject {
  if ('managedFields' in child(config, 'metadata')) throw badRequest('metadata.managedFields must be nil');
  const entries = new Map(readEntries(objects(ownedFromStart(live, writer, rules), 'metadata', 'managedFields')));
  const from = withoutManaged(live);
  const id = identify(writer);
  const last = entries.get(id);
  const set = fieldsSetBy(config, rules.type).without(rules.ignored).withoutExactly(unowned);
  entries.set(id, { ...writer, set, time: last?.time ?? '' });
  const merged = prune(mergeTyped(from, config, rules.type), { last: last?.set ?? new FieldSet(), entries, rules });
  const difference = withoutIgnored(compare(from, merged, rules.type), rules);
  const taken = difference.modified.union(difference.added);
  const conflicts = writer.force ? [] : findConflicts(entries, id, taken);
  if (conflicts.length > 0 && !isUpgradeFromClientSide(live, conflicts, writer, rules)) throw conflictError(conflicts);
  yieldFields(entries, id, { ...difference, taken });
  const own = entries.get(id);
  if (own !== undefined && !isEqual(from, merged)) entries.set(id, { ...own, time: timeText(writer.at) });
  return withEntries(syncLastApplied(merged, config, writer), entries);
}

/** At its first apply an object that nobody owned is owned by its past. */
function ownedFromStart(live: JsonObject, writer: Writer, rules: FieldRules): JsonObject {
  const isOwned = objects(live, 'metadata', 'managedFields').length > 0;
  if (isOwned || text(live, 'metadata', 'uid') === '') return live;
  return trackUpdate(
    zeroObject(rules.type),
    live,
    { ...writer, manager: 'before-first-apply', operation: 'Update' },
    rules,
  );
}

const lastAppliedKey = 'kubectl.kubernetes.io/last-applied-configuration';

/** kubectl may take over what its client-side apply wrote and nobody changed since. */
function isUpgradeFromClientSide(
  live: JsonObject,
  conflicts: readonly Conflict[],
  writer: Writer,
  rules: FieldRules,
): boolean {
  const source = text(live, 'metadata', 'annotations', lastAppliedKey);
  if (writer.manager !== 'kubectl' || source === '') return false;
  const lastApplied = JSON.parse(source) as Json;
  const difference = compare(lastApplied, withoutManaged(live), rules.type);
  const changed = difference.added.union(difference.removed).union(difference.modified);
  const allowed = fieldsSetBy(lastApplied, rules.type).difference(changed);
  return conflicts.every(({ paths }) => paths.every((path) => allowed.has(path)));
}

function syncLastApplied(object: JsonObject, config: JsonObject, writer: Writer): JsonObject {
  if (writer.manager !== 'kubectl' || text(object, 'metadata', 'annotations', lastAppliedKey) === '') return object;
  const out = clone(object);
  const shown = clone(config);
  delete child(shown, 'metadata', 'annotations')[lastAppliedKey];
  ensure(out, 'metadata', 'annotations')[lastAppliedKey] = `${stableText(shown)}\n`;
  return out;
}

/** Drops what this manager applied last time and nobody owns any more. */
function prune(merged: JsonObject, by: { last: FieldSet; entries: Entries; rules: FieldRules }): JsonObject {
  if (by.last.isEmpty) return merged;
  const { type } = by.rules;
  const named = (set: FieldSet) => set.withNamedParents((path) => isNamedField(path, type));
  const all = named(fieldsSetBy(merged, type));
  const last = named(by.last);
  let owned = new FieldSet();
  for (const entry of by.entries.values()) owned = owned.union(entry.set);
  const left = (value: JsonObject) => named(fieldsSetBy(value, type));
  let pruned = removeFields(merged, last, type);
  pruned = removeFields(merged, all.difference(left(pruned)).difference(named(owned)), type);
  return removeFields(merged, all.difference(left(pruned)).intersection(last), type);
}

interface Conflict {
  readonly entry: Entry;
  readonly paths: readonly (readonly string[])[];
}

function findConflicts(entries: Entries, own: string, taken: FieldSet): Conflict[] {
  return [...entries]
    .filter(([id]) => id !== own)
    .map(([, entry]) => ({ entry, paths: entry.set.intersection(taken).paths() }))
    .filter(({ paths }) => paths.length > 0);
}

function conflictError(conflicts: readonly Conflict[]): StatusError {
  const printed = conflicts
    .map(({ entry, paths }) => ({ who: describeManager(entry), paths: paths.map((path) => describePath(path)).sort() }))
    .sort((a, b) => (a.who < b.who ? -1 : 1));
  const causes = printed.flatMap(({ who, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${who}`, field })),
  );
  const lines = printed.flatMap(({ who, paths }) => [`conflicts with ${who}:`, ...paths.map((path) => `- ${path}`)]);
  const [only] = causes;
  const message =
    causes.length === 1 && only !== undefined
      ? `Apply failed with 1 conflict: ${only.message}: ${only.field}`
      : `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`;
  return new StatusError(409, { message, reason: 'Conflict', details: { causes } });
}

/** `"kubectl" with subresource "status" using apps/v1`. */
function describeManager(entry: Entry): string {
  const subresource = entry.subresource === '' ? '' : ` with subresource ${JSON.stringify(entry.subresource)}`;
  return `${JSON.stringify(entry.manager)}${subresource}${entry.operation === 'Update' ? ` using ${entry.apiVersion}` : ''}`;
}

/** Other managers lose what was changed under them; every manager loses what is gone. */
function yieldFields(
  entries: Map<string, Entry>,
  own: string | undefined,
  change: Comparison & { taken: FieldSet },
): void {
  for (const [id, entry] of entries) {
    if (id === own) continue;
    const set = entry.set.difference(change.taken).difference(change.removed);
    if (set.isEmpty) entries.delete(id);
    else entries.set(id, { ...entry, set });
  }
  if (own !== undefined && entries.get(own)?.set.isEmpty === true) entries.delete(own);
}

function withoutIgnored(difference: Comparison, rules: FieldRules): Comparison {
  return {
    added: difference.added.without(rules.ignored),
    removed: difference.removed.without(rules.ignored),
    modified: difference.modified.without(rules.ignored),
  };
}

function identify(entry: Writer | Entry): string {
  const version = entry.operation === 'Apply' ? '' : entry.apiVersion;
  return stableText([entry.manager, entry.operation, version, entry.subresource]);
}

function readEntries(managed: readonly JsonObject[]): Entries {
  const all = managed.map((entry) => ({
    manager: text(entry, 'manager'),
    operation: text(entry, 'operation'),
    apiVersion: text(entry, 'apiVersion'),
    subresource: text(entry, 'subresource'),
    time: text(entry, 'time'),
    set: FieldSet.fromFieldsV1(entry['fieldsV1']),
  }));
  return new Map(all.map((entry) => [identify(entry), entry]));
}

export function withoutManaged(object: JsonObject): JsonObject {
  const out = clone(object);
  delete child(out, 'metadata')['managedFields'];
  return out;
}

function withEntries(object: JsonObject, entries: Entries): JsonObject {
  const out = clone(object);
  const written: Json[] = [...entries.values()].sort(compareEntries).map((entry) => ({
    manager: entry.manager,
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    ...(entry.time === '' ? {} : { time: entry.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: entry.set.toFieldsV1(),
    ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
  }));
  if (written.length > 0) ensure(out, 'metadata')['managedFields'] = written;
  return out;
}

function compareEntries(a: Entry, b: Entry): number {
  const order = (entry: Entry) => [entry.operation, entry.time, entry.manager, entry.apiVersion, entry.subresource];
  const [x, y] = [order(a), order(b)];
  const i = x.findIndex((part, index) => part !== y[index]);
  return i === -1 ? 0 : (x[i] ?? '') < (y[i] ?? '') ? -1 : 1;
}

/** `after`, with `before`'s managedFields times when the two differ in nothing else. */
export function keepTimes(before: JsonObject, after: JsonObject): JsonObject {
  return isEqual(timeless(before), timeless(after)) ? before : after;
}

function timeless(object: JsonObject): JsonObject {
  const managedFields = objects(object, 'metadata', 'managedFields').map(({ time: _time, ...entry }) => entry);
  return { ...object, metadata: { ...child(object, 'metadata'), managedFields } };
}

/** The manager's name where the client gives none: the first word of its User-Agent. */
export function managerFromUserAgent(userAgent: string): string {
  const name = userAgent.split('/')[0] ?? '';
  return name.slice(0, 128) === '' ? 'unknown' : name.slice(0, 128);
}
