// Makes two transcripts comparable: uids, times, resourceVersions, continue tokens and generated names are replaced by
// their place in an order; nothing else is touched.
import type { Case } from './case.ts';
import type { Entry } from './run-case.ts';

type Json = Record<string, unknown>;

const uidPattern = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const timePattern = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
/** A time this close to now was written by the server; others were in the case. */
const nowMs = 3_600_000;

export function normalise(entries: readonly Entry[], one: Case): unknown {
  const facts = collect(entries, one);
  return entries.map((entry) => walk(entry as unknown as Json, facts, []));
}

interface Facts {
  readonly versions: readonly number[];
  readonly uids: readonly string[];
  readonly times: readonly string[];
  readonly generated: readonly string[];
  readonly areTimesOrdered: boolean;
}

function collect(entries: readonly Entry[], one: Case): Facts {
  const source = JSON.stringify(entries);
  const versions = new Set<number>();
  const generated = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (isObject(value)) {
      const { metadata } = value;
      if (isObject(metadata) && isWholeObject(value)) {
        if (typeof metadata['resourceVersion'] === 'string') versions.add(Number(metadata['resourceVersion']));
        if (typeof metadata['generateName'] === 'string' && typeof metadata['name'] === 'string')
          generated.add(metadata['name']);
      }
      Object.values(value).forEach(visit);
    }
  };
  visit(entries);
  return {
    versions: [...versions].sort((a, b) => a - b),
    uids: [...new Set(source.match(uidPattern) ?? [])],
    times: [...new Set(source.match(timePattern) ?? [])].filter(isRecent).sort(),
    generated: [...generated],
    areTimesOrdered: one.times === 'ordered',
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Not a list, whose resourceVersion is the server's, nor a bookmark. */
function isWholeObject(value: Json): boolean {
  const metadata = value['metadata'] as Json;
  return !Array.isArray(value['items']) && !Array.isArray(value['rows']) && typeof metadata['name'] === 'string';
}

function isRecent(time: string): boolean {
  return Math.abs(Date.parse(time) - Date.now()) < nowMs;
}

function walk(value: unknown, facts: Facts, path: readonly string[]): unknown {
  if (typeof value === 'string') return replaceText(value, facts, path);
  if (Array.isArray(value)) {
    const items = value.map((item, i) => walk(item, facts, [...path, String(i)]));
    if (path.at(-1) === 'managedFields' && !facts.areTimesOrdered) return sortEntries(items);
    return path.at(-1) === 'causes' ? sortConflicts(items) : items;
  }
  if (!isObject(value)) return value;
  const out: Json = {};
  for (const [key, item] of Object.entries(value)) out[key] = walk(item, facts, [...path, key]);
  const metadata = value['metadata'];
  if (isObject(metadata) && typeof metadata['resourceVersion'] === 'string' && !isWholeObject(value)) {
    out['metadata'] = {
      ...(out['metadata'] as Json),
      resourceVersion: describeListVersion(value, metadata['resourceVersion']),
    };
  }
  return out;
}

function describeListVersion(value: Json, version: string): string {
  const items = [...(Array.isArray(value['items']) ? value['items'] : [])] as Json[];
  const newest = Math.max(0, ...items.map((item) => Number((item['metadata'] as Json)['resourceVersion'])));
  return Number(version) >= newest ? 'list: not before its items' : 'list: before its items';
}

function replaceText(value: string, facts: Facts, path: readonly string[]): string {
  if (path.at(-1) === 'resourceVersion' && path.at(-2) === 'metadata') {
    const rank = facts.versions.indexOf(Number(value));
    return rank === -1 ? value : `version ${rank + 1}`;
  }
  if (path.at(-1) === 'continue') return 'continue token';
  let text = sortEmbedded(value, facts).replaceAll(uidPattern, (uid) => `uid ${facts.uids.indexOf(uid) + 1}`);
  text = text.replaceAll(timePattern, (time) => {
    if (!isRecent(time)) return time;
    return facts.areTimesOrdered ? `time ${facts.times.indexOf(time) + 1}` : 'time';
  });
  for (const name of facts.generated) text = text.replaceAll(name, 'generated name');
  return replaceVersionsInMessages(text);
}

/** A refused patch is quoted with its keys in the order of the Go struct; compared is what it holds. */
function sortEmbedded(value: string, facts: Facts): string {
  return value.replaceAll(/Invalid value: ("\{(?:[^"\\]|\\.)*")/g, (_all, quoted: string) => {
    const document = JSON.parse(JSON.parse(quoted) as string) as unknown;
    return `Invalid value: ${sortedText(walk(document, facts, []))}`;
  });
}

function sortedText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}

function replaceVersionsInMessages(text: string): string {
  return text
    .replaceAll(/too old resource version: (\d+) \(\d+\)/g, 'too old resource version: $1 (now)')
    .replaceAll(/(Too large resource version: \d+), current: \d+/g, '$1, current: now')
    .replaceAll(/in record \(\d+\)/g, 'in record (version)');
}

/** The causes of an apply's conflicts come in the order of a Go map: by chance. */
function sortConflicts(items: readonly unknown[]): unknown[] {
  const isConflict = items.every((item) => (item as Json)['reason'] === 'FieldManagerConflict');
  return isConflict ? items.map((item) => JSON.stringify(item)).sort() : [...items];
}

/** Servers order entries by the second they were written in, which is chance here. */
function sortEntries(items: readonly unknown[]): unknown[] {
  const key = (item: unknown) => {
    const { operation, manager, apiVersion, subresource } = item as Json;
    return JSON.stringify([operation, manager, apiVersion, subresource]);
  };
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
