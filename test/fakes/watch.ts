// One watch: replays history, follows changes, translates selector transitions, sends bookmarks, ends on time.
import type { ServerResponse } from 'node:http';
import { present } from './events-form.ts';
import type { Fault } from './faults.ts';
import { type JsonObject, child } from './json.ts';
import { apiVersionOf, storageKey } from './kinds.ts';
import { readSelection } from './reads.ts';
import type { ResourceRequest } from './requests.ts';
import type { Matches } from './selectors.ts';
import { StatusError, invalidOptions } from './status-errors.ts';
import type { Storage, StoredChange } from './storage.ts';

/** The real server picks 30 to 60 minutes; a client that wants less says so. */
const defaultTimeoutSeconds = 1800;

export interface Watch {
  /** Tells the watcher the version up to which it has seen everything, if it asked for bookmarks. */
  bookmark(): void;
  /** Ends the response in order, as a server that shuts down does. */
  end(): void;
  /** Breaks the connection. */
  reset(): void;
  /** Sends an ERROR event with status 410 and ends. */
  expire(): void;
}

export interface WatchDeps {
  readonly storage: Storage;
  readonly fault: Fault | undefined;
  readonly onEnd: (watch: Watch) => void;
}

/** Writes the stream's headers and events. @throws StatusError before anything is written when the options make no sense */
export function startWatch(deps: WatchDeps, request: ResourceRequest, response: ServerResponse): Watch {
  const plan = readPlan(request);
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const stream = new WatchStream(deps, { request, response, plan });
  stream.start();
  return stream;
}

interface Plan {
  /** Where to follow from; undefined: send what is there first. */
  readonly from: number | undefined;
  readonly sendsInitial: boolean;
  readonly marksInitialEnd: boolean;
  readonly sendsBookmarks: boolean;
  readonly timeoutMs: number;
  readonly matches: Matches;
}

function readPlan(request: ResourceRequest): Plan {
  const { query } = request;
  const flag = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  const version = query.get('resourceVersion') ?? '';
  const hasInitial = query.has('sendInitialEvents');
  checkWatchOptions(query, hasInitial);
  if (!/^\d*$/.test(version)) {
    throw new StatusError(500, {
      message: `resourceVersion: Invalid value: "${version}": strconv.ParseUint: parsing "${version}": invalid syntax`,
    });
  }
  const isFresh = version === '' || version === '0';
  const sendsInitial = hasInitial ? flag('sendInitialEvents') : isFresh;
  return {
    from: isFresh || sendsInitial ? undefined : Number(version),
    sendsInitial,
    marksInitialEnd: flag('sendInitialEvents') && flag('allowWatchBookmarks'),
    sendsBookmarks: flag('allowWatchBookmarks'),
    timeoutMs: Number(query.get('timeoutSeconds') ?? defaultTimeoutSeconds) * 1000,
    matches: readSelection(request),
  };
}

function checkWatchOptions(query: URLSearchParams, hasInitial: boolean): void {
  const match = query.get('resourceVersionMatch') ?? '';
  if (hasInitial && match !== 'NotOlderThan') {
    throw invalidOptions('ListOptions', [
      {
        type: 'Forbidden',
        field: 'resourceVersionMatch',
        detail: 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      },
    ]);
  }
  if (!hasInitial && match !== '') {
    throw invalidOptions('ListOptions', [
      {
        type: 'Forbidden',
        field: 'resourceVersionMatch',
        detail: 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      },
    ]);
  }
}

class WatchStream implements Watch {
  readonly #deps: WatchDeps;
  readonly #request: ResourceRequest;
  readonly #response: ServerResponse;
  readonly #plan: Plan;
  #sent = 0;
  #isOver = false;
  #unsubscribe: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: WatchDeps, parts: { request: ResourceRequest; response: ServerResponse; plan: Plan }) {
    this.#deps = deps;
    this.#request = parts.request;
    this.#response = parts.response;
    this.#plan = parts.plan;
  }

  start(): void {
    this.#response.on('close', () => this.#finish());
    if (this.#deps.fault?.kind === 'hold') return;
    if (this.#deps.fault?.kind === 'gone') {
      this.expire();
      return;
    }
    try {
      this.#replay();
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.#fail(error.body);
      return;
    }
    if (this.#isOver) return;
    const resource = storageKey(this.#request.kind);
    this.#unsubscribe = this.#deps.storage.subscribe((change) => {
      if (change.resource === resource) this.#send(change);
    });
    this.#timer = setTimeout(() => {
      this.bookmark();
      this.end();
    }, this.#plan.timeoutMs);
  }

  #replay(): void {
    const { storage } = this.#deps;
    const resource = storageKey(this.#request.kind);
    if (this.#plan.from !== undefined) {
      for (const change of storage.changesAfter(resource, this.#plan.from)) this.#send(change);
      return;
    }
    if (this.#plan.sendsInitial) {
      for (const object of storage.list(resource)) if (this.#plan.matches(object)) this.#write('ADDED', object);
    }
    if (this.#plan.marksInitialEnd) this.#writeBookmark({ annotations: { 'k8s.io/initial-events-end': 'true' } });
  }

  /** An object that starts or stops matching is added or deleted for this watcher. */
  #send(change: StoredChange): void {
    const { matches } = this.#plan;
    const isNow = change.type !== 'DELETED' && matches(change.object);
    const wasBefore = change.previous !== undefined && matches(change.previous);
    if (isNow) this.#write(wasBefore ? 'MODIFIED' : 'ADDED', change.object);
    else if (wasBefore) this.#write('DELETED', withVersion(change.previous ?? change.object, change.version));
  }

  #write(type: string, stored: JsonObject): void {
    const object = present(stored, this.#request.kind);
    const { fault } = this.#deps;
    if (this.#isOver || (fault?.kind === 'drop' && fault.isDropped(type, object))) return;
    const line = `${JSON.stringify({ type, object })}\n`;
    if (fault?.kind === 'truncate' && this.#sent >= fault.afterEvents) {
      this.#isOver = true;
      this.#response.write(line.slice(0, line.length / 2), () => this.reset());
      return;
    }
    this.#sent++;
    this.#response.write(line);
  }

  bookmark(): void {
    if (this.#plan.sendsBookmarks) this.#writeBookmark({});
  }

  #writeBookmark(metadata: JsonObject): void {
    const { kind } = this.#request;
    const version = String(this.#deps.storage.version);
    const object = {
      kind: kind.kind,
      apiVersion: apiVersionOf(kind),
      metadata: { resourceVersion: version, ...metadata },
    };
    if (!this.#isOver && this.#deps.fault?.kind !== 'hold')
      this.#response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  expire(): void {
    const { storage } = this.#deps;
    const from = this.#plan.from ?? 0;
    const message = `too old resource version: ${from} (${storage.version})`;
    this.#fail(new StatusError(410, { message, reason: 'Expired' }).body);
  }

  #fail(status: JsonObject): void {
    this.#response.write(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
    this.end();
  }

  end(): void {
    this.#finish();
    this.#response.end();
  }

  reset(): void {
    this.#finish();
    this.#response.destroy();
  }

  #finish(): void {
    this.#isOver = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    this.#deps.onEnd(this);
  }
}

function withVersion(object: JsonObject, version: number): JsonObject {
  return { ...object, metadata: { ...child(object, 'metadata'), resourceVersion: String(version) } };
}
