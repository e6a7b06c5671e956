// What was judged beside Reloader, as it is kept, written and reported: names, times and reasons; no content and no digest.
import { workloadKinds, type WorkloadKind } from './object.ts';
import { shadowResults, type Judgement, type ShadowResult } from './shadow-pair.ts';

/** One line of the file. */
export type HistoryEntry =
  | { readonly kind: 'judged'; readonly judgement: Judgement }
  /** Lockstep began to watch: of what happened before it knows nothing. */
  | { readonly kind: 'started'; readonly at: number };

export interface History {
  add(entry: HistoryEntry): void;
  /** Oldest first. */
  since(at: number): readonly HistoryEntry[];
  /** When the first entry that is still kept was made. */
  readonly begins: number | undefined;
}

/** One judgement as it is written and answered; times are RFC 3339. */
export interface ShadowChange {
  readonly at: string;
  readonly result: ShadowResult;
  readonly reason: string;
  readonly workload: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly config: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly changedAt?: string;
  readonly delaySeconds?: number;
}

/** In memory and in each of the two files. A line takes about 250 bytes. */
export const entriesMost = 10_000;

export function createHistory(): History {
  let entries: HistoryEntry[] = [];
  return {
    add(entry) {
      entries.push(entry);
      // Cut rarely, so that adding stays cheap.
      if (entries.length >= entriesMost * 2) entries = entries.slice(-entriesMost);
    },
    since: (at) => entries.slice(-entriesMost).filter((entry) => timeOf(entry) >= at),
    get begins() {
      const first = entries.at(-entriesMost) ?? entries[0];
      return first === undefined ? undefined : timeOf(first);
    },
  };
}

function timeOf(entry: HistoryEntry): number {
  return entry.kind === 'started' ? entry.at : entry.judgement.at;
}

export function formatEntry(entry: HistoryEntry): string {
  return JSON.stringify(entry.kind === 'started' ? { started: isoOf(entry.at) } : toChange(entry.judgement));
}

/** Undefined for a line that is damaged. */
export function parseEntry(line: string): HistoryEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const fields = recordOf(value);
  const started = timeIn(fields['started']);
  if (started !== undefined) return { kind: 'started', at: started };
  const judgement = parseChange(fields);
  return judgement === undefined ? undefined : { kind: 'judged', judgement };
}

export function toChange({ workload, config, at, result, reason, changedAt, delayMs }: Judgement): ShadowChange {
  const slash = config.indexOf('/');
  return {
    at: isoOf(at),
    result,
    reason,
    workload,
    config: { kind: config.slice(0, slash), namespace: workload.namespace, name: config.slice(slash + 1) },
    ...(changedAt === undefined ? {} : { changedAt: isoOf(changedAt) }),
    ...(delayMs === undefined ? {} : { delaySeconds: Math.round(delayMs) / 1000 }),
  };
}

/** The reverse; undefined when it is none. */
export function parseChange(fields: Fields): Judgement | undefined {
  const [workload, config] = [recordOf(fields['workload']), recordOf(fields['config'])];
  const { kind, namespace, name } = workload;
  const result = shadowResults.find((known) => known === fields['result']);
  const [at, changedAt] = [timeIn(fields['at']), timeIn(fields['changedAt'])];
  const { reason, delaySeconds } = fields;
  if (!isKind(kind) || typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  if (at === undefined || result === undefined || typeof reason !== 'string') return undefined;
  if (typeof config['kind'] !== 'string' || typeof config['name'] !== 'string') return undefined;
  return {
    workload: { kind, namespace, name },
    config: `${config['kind']}/${config['name']}`,
    at,
    result,
    reason,
    ...(changedAt === undefined ? {} : { changedAt }),
    ...(typeof delaySeconds === 'number' ? { delayMs: delaySeconds * 1000 } : {}),
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Without fields when it is none. */
export function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function timeIn(value: unknown): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(at) ? at : undefined;
}

function isKind(value: unknown): value is WorkloadKind {
  return typeof value === 'string' && Object.hasOwn(workloadKinds, value);
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
