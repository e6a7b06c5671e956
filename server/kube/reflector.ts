// Lists a resource and watches it from there, for ever: every object as it is, every change once, gaps named as such.
// Own instead of client-node's informer, which stops for good after a reset and keeps full objects (measured, see README).
import { hasCode, LockstepError } from '../core/errors.ts';
import type { SeenEvent } from '../core/seen.ts';
import type { Client } from './client.ts';
import { readLines } from './lines.ts';

/** What every Kubernetes object has; the rest is the parser's. */
export interface ApiObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
  };
}

export interface ReflectorOptions<T> {
  readonly client: Client;
  readonly resource: string;
  /** `/api/v1/secrets`, or of one namespace. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Whether the server has the resource at all; absent: it always has. */
  readonly isServed?: (signal: AbortSignal) => Promise<boolean>;
  /** The server has no such resource, and so no such objects; it is asked again from time to time. */
  readonly onAbsent?: () => void;
  /** What to ask for instead of whole objects; lists and watches name it differently. */
  readonly accept?: { readonly list: string; readonly watch: string };
  /** Objects a page: bounds the memory that one answer takes. */
  readonly pageSize: number;
  /** Reduces an object as the API server sends it to the facts that are kept. */
  readonly parse: (object: ApiObject) => { readonly key: string; readonly value: T };
  readonly onEvent: (event: SeenEvent<T>) => void;
  /** Each time a list is complete; the first makes the reflector ready. */
  readonly onListed: (listVersion: string) => void;
  /** Something came from the server: all earlier events have come too. */
  readonly onHeard: () => void;
  /** Before each new try. */
  readonly onTrouble: (error: LockstepError, retryMs: number) => void;
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The API server ends a watch after a time from this range (s), so that not all end at once. */
const watchSeconds = { least: 300, spread: 300 } as const;
/** Bookmarks come every minute; a watch without one is dead, and is opened again from where it was. */
const silenceMs = 75_000;
const backoffMs = { first: 800, most: 30_000 } as const;
/** Custom resource definitions come seldom, and asking costs a request. */
const absentMs = 30_000;

/** Where the reflector is: undefined version means that it must list. */
interface Position {
  version: string | undefined;
  /** A list was complete before: what the next one shows for the first time was created since. */
  hasListed: boolean;
  readonly known: Set<string>;
  failures: number;
}

/** Runs until `signal` aborts. What a parser or handler throws is told as `internal`, and all is listed again: it may be lost. */
export async function reflect<T>(options: ReflectorOptions<T>, signal: AbortSignal): Promise<void> {
  const position: Position = { version: undefined, hasListed: false, known: new Set(), failures: 0 };
  while (!signal.aborted) {
    try {
      if (position.version === undefined && !(await isServed(options, position, signal))) continue;
      if (position.version === undefined) await list(options, position, signal);
      const lines = await watch(options, position, signal);
      // A server that ends watches at once must not be asked again at once.
      if (lines === 0) await options.sleep(options.random() * backoffMs.first, signal);
    } catch (thrown) {
      if (signal.aborted) return;
      const error = thrown instanceof LockstepError ? thrown : bugOf(options.resource, thrown);
      if (hasCode(error, 'api-expired', 'api-not-found', 'internal')) position.version = undefined;
      const most = Math.min(backoffMs.most, backoffMs.first * 2 ** Math.min(position.failures++, 6));
      const retryMs = error.afterMs ?? options.random() * most;
      options.onTrouble(error, retryMs);
      await options.sleep(retryMs, signal);
    }
  }
}

/** Otherwise what was known is gone, and the time until the next look has passed. */
async function isServed<T>(options: ReflectorOptions<T>, { known }: Position, signal: AbortSignal): Promise<boolean> {
  if (options.isServed === undefined || (await options.isServed(signal))) return true;
  for (const key of known) options.onEvent({ present: false, watched: false, key, version: '' });
  known.clear();
  options.onAbsent?.();
  await options.sleep(absentMs, signal);
  return false;
}

async function list<T>(options: ReflectorOptions<T>, position: Position, signal: AbortSignal): Promise<void> {
  const { client, resource, path, accept } = options;
  const listed = new Set<string>();
  let token = '';
  let version = '';
  do {
    const query = { ...options.query, limit: String(options.pageSize), ...(token === '' ? {} : { continue: token }) };
    const answer = await client.send({
      verb: 'list',
      resource,
      subject: '',
      path,
      query,
      signal,
      ...(accept === undefined ? {} : { accept: accept.list }),
    });
    const page = parseList(answer, resource);
    version = page.version;
    token = page.token;
    for (const object of page.items) {
      const { key, value } = options.parse(object);
      listed.add(key);
      const how = position.hasListed && !position.known.has(key) ? 'found' : 'listed';
      // Told, and so known, even if a later page fails and all is listed again.
      position.known.add(key);
      options.onEvent({ present: true, how, object: value, version });
    }
  } while (token !== '');
  for (const key of position.known)
    if (!listed.has(key)) options.onEvent({ present: false, watched: false, key, version });
  position.known.clear();
  for (const key of listed) position.known.add(key);
  position.version = version;
  position.hasListed = true;
  options.onListed(version);
}

/** Returns the number of lines when the API server ends the watch, or it falls silent; the next one goes on from the same version. */
async function watch<T>(options: ReflectorOptions<T>, position: Position, signal: AbortSignal): Promise<number> {
  let count = 0;
  const { client, resource, path, accept } = options;
  const silence = new AbortController();
  const timeoutSeconds = Math.floor(watchSeconds.least + options.random() * watchSeconds.spread);
  const query = {
    ...options.query,
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: position.version ?? '',
    timeoutSeconds: String(timeoutSeconds),
  };
  const chunks = await client.stream({
    verb: 'watch',
    resource,
    subject: '',
    path,
    query,
    signal: AbortSignal.any([signal, silence.signal]),
    ...(accept === undefined ? {} : { accept: accept.watch }),
  });
  const lines = readLines(chunks, { silenceMs, onSilence: () => silence.abort() });
  try {
    for await (const line of lines) {
      take(options, position, line);
      options.onHeard();
      position.failures = 0;
      count++;
    }
    return count;
  } catch (error) {
    if (signal.aborted || error instanceof LockstepError || isBug(error)) throw error;
    if (silence.signal.aborted) return count;
    throw new LockstepError('api-unreachable', { message: `the watch of ${resource} broke`, cause: error });
  }
}

function bugOf(resource: string, cause: unknown): LockstepError {
  return new LockstepError('internal', { message: `an object or event of ${resource} cannot be handled`, cause });
}

/** Errors of the connection carry a code; what a parser or handler throws does not. */
function isBug(error: unknown): boolean {
  return !(error instanceof Error) || (!('code' in error) && error.name !== 'AbortError');
}

function take<T>(options: ReflectorOptions<T>, position: Position, line: string): void {
  const event = parseEvent(line, options.resource);
  const { object } = event;
  const version = object.metadata.resourceVersion;
  position.version = version;
  if (event.type === 'BOOKMARK') return;
  const { key, value } = options.parse(object);
  if (event.type === 'DELETED') {
    position.known.delete(key);
    options.onEvent({ present: false, watched: true, key, version });
    return;
  }
  const how = position.known.has(key) ? 'modified' : 'added';
  position.known.add(key);
  options.onEvent({ present: true, how, object: value, version });
}

interface ListPage {
  readonly version: string;
  readonly token: string;
  readonly items: readonly ApiObject[];
}

function parseList(answer: unknown, resource: string): ListPage {
  const page = answer as {
    metadata?: { resourceVersion?: string; continue?: string };
    /** Null when there is no object and only metadata was asked for. */
    items?: readonly ApiObject[] | null;
  };
  if (page.metadata?.resourceVersion === undefined || page.items === undefined) {
    throw new LockstepError('api-failed', { message: `cannot list ${resource}: the answer is no list` });
  }
  return { version: page.metadata.resourceVersion, token: page.metadata.continue ?? '', items: page.items ?? [] };
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: ApiObject;
}

/** Throws `api-expired` for a 410 that comes as an event. A line that is no event counts as a broken watch. */
function parseEvent(line: string, resource: string): WatchEvent {
  let event: { type?: string; object?: { code?: number } };
  try {
    event = JSON.parse(line) as { type?: string; object?: { code?: number } };
  } catch {
    // Without the parser's error, which quotes the line.
    throw new LockstepError('api-failed', { message: `the watch of ${resource} sent a damaged line` });
  }
  if (event.type === 'ADDED' || event.type === 'MODIFIED' || event.type === 'DELETED' || event.type === 'BOOKMARK') {
    return event as unknown as WatchEvent;
  }
  const status = event.object?.code ?? 0;
  const code = status === 410 ? 'api-expired' : 'api-failed';
  throw new LockstepError(code, { message: `the watch of ${resource} ended with status ${status}` });
}
