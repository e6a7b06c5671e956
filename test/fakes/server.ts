// The fake API server: an in-process HTTP server that answers as kube-apiserver does. Start here.
// Just over the limit: routes, faults and watches of one server.
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { type ChangeRecord, type Outcome, recordChange } from './changes.ts';
import { startControllers } from './controllers.ts';
import { describeServer } from './discovery.ts';
import { present } from './events-form.ts';
import { type Fault, type FaultHook, statusOf } from './faults.ts';
import { type JsonObject, child, clone, text } from './json.ts';
import { type Kind, findKind, kinds, qualifiedResource } from './kinds.ts';
import { readBody, sendJson } from './http-io.ts';
import { inMetadataForm } from './metadata-form.ts';
import { perform } from './perform.ts';
import {
  type PlainRequest,
  type ResourceRequest,
  readPath,
  readPlainRequest,
  readResourceRequest,
} from './requests.ts';
import { StatusError, methodNotAllowed, noSuchResource } from './status-errors.ts';
import { Storage } from './storage.ts';
import { isTableWanted, toTable } from './table.ts';
import { type Watch, startWatch } from './watch.ts';
import { type WriteContext, createObject, decodeBody } from './writes.ts';

export interface FakeApiServerOptions {
  /** Milliseconds since the epoch; Date.now by default. */
  readonly clock?: () => number;
  /** Run the small controllers and the fake node, so that workloads roll out. Off by default. */
  readonly controllers?: boolean;
  readonly faults?: FaultHook;
  /** Custom kinds of kinds.ts that are defined: `Kustomization`. None by default. */
  readonly customKinds?: readonly string[];
  /** How many changes can be replayed to watches and old lists; 20,000 by default. */
  readonly historyLimit?: number;
  /** Refuse requests that do not carry this bearer token. */
  readonly token?: string;
  /** 0, the default: any free port. */
  readonly port?: number;
}

export interface FakeApiServer {
  readonly url: string;
  /** YAML text; writeKubeconfig makes a file of it. */
  readonly kubeconfig: string;
  /** Every write asked for over HTTP, in order; the controllers' own are not in it. */
  readonly changes: readonly ChangeRecord[];
  /** Requests by verb (`other`: discovery, health), watches included. */
  readonly requests: ReadonlyMap<string, number>;
  /** The newest resourceVersion. */
  readonly version: number;
  /** Stores objects as a user would create them, without a change record; namespaces are made as needed. */
  seed(objects: readonly JsonObject[]): void;
  get(apiVersion: string, kind: string, namespace: string, name: string): JsonObject | undefined;
  setFaults(hook: FaultHook | undefined): void;
  /** Forgets history: older watches and continue tokens are answered 410. */
  compact(): void;
  /** Sends a bookmark to every watch that asked for them. */
  bookmark(): void;
  /** Breaks every open watch, or expires it with a 410 event. */
  interruptWatches(how: 'reset' | 'end' | 'expire'): void;
  stop(): Promise<void>;
}

const defaultHistoryLimit = 20_000;
const systemNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

export async function startFakeApiServer(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
  const fake = new Fake(options);
  await fake.listen(options.port ?? 0);
  return fake;
}

/** Writes the server's kubeconfig into `directory` and answers its path. */
export function writeKubeconfig(server: FakeApiServer, directory: string): string {
  const path = join(directory, 'kubeconfig');
  writeFileSync(path, server.kubeconfig, { mode: 0o600 });
  return path;
}

class Fake implements FakeApiServer {
  readonly changes: ChangeRecord[] = [];
  readonly requests = new Map<string, number>();
  readonly #options: FakeApiServerOptions;
  readonly #storage: Storage;
  readonly #clock: () => number;
  readonly #watches = new Set<Watch>();
  readonly #delays = new Set<NodeJS.Timeout>();
  readonly #server: Server;
  readonly #kinds: readonly Kind[];
  #faults: FaultHook | undefined;
  #stopControllers: () => void = () => {};
  url = '';

  constructor(options: FakeApiServerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#faults = options.faults;
    this.#kinds = kinds.filter((kind) => !kind.custom || options.customKinds?.includes(kind.kind) === true);
    this.#storage = new Storage(options.historyLimit ?? defaultHistoryLimit);
    this.#server = createServer((message, response) => void this.#accept(message, response));
    this.seed(systemNamespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    if (this.#options.controllers === true) this.#stopControllers = startControllers(this.#storage, this.#clock);
  }

  get version(): number {
    return this.#storage.version;
  }

  get kubeconfig(): string {
    const token = this.#options.token === undefined ? '{}' : `{ token: ${JSON.stringify(this.#options.token)} }`;
    return [
      'apiVersion: v1',
      'kind: Config',
      `clusters: [{ name: fake, cluster: { server: "${this.url}" } }]`,
      `users: [{ name: fake, user: ${token} }]`,
      'contexts: [{ name: fake, context: { cluster: fake, user: fake, namespace: default } }]',
      'current-context: fake',
      '',
    ].join('\n');
  }

  seed(objects: readonly JsonObject[]): void {
    for (const object of objects) {
      const namespace = text(object, 'metadata', 'namespace');
      const isMissing = namespace !== '' && this.get('v1', 'Namespace', '', namespace) === undefined;
      if (isMissing) this.#create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      this.#create(object);
    }
  }

  #create(object: JsonObject): void {
    const kind = findKind(text(object, 'apiVersion'), text(object, 'kind'));
    if (kind === undefined) throw new Error(`seed: no kind ${text(object, 'apiVersion')} ${text(object, 'kind')}`);
    const metadata = child(object, 'metadata');
    const request: ResourceRequest = {
      verb: 'create',
      kind,
      namespace: text(metadata, 'namespace') || (kind.namespaced ? 'default' : ''),
      name: '',
      subresource: '',
      query: new URLSearchParams(),
      userAgent: 'seed',
      contentType: 'application/json',
      accept: '',
      body: Buffer.alloc(0),
    };
    const context = this.#context();
    createObject(context, request, decodeBody(object, request, context));
  }

  get(apiVersion: string, kindName: string, namespace: string, name: string): JsonObject | undefined {
    const kind = findKind(apiVersion, kindName);
    if (kind === undefined) return undefined;
    const found = this.#storage.get(
      kind.resource === 'events' ? 'events' : qualifiedResource(kind),
      namespace === '' ? name : `${namespace}/${name}`,
    );
    return found === undefined ? undefined : clone(present(found, kind));
  }

  setFaults(hook: FaultHook | undefined): void {
    this.#faults = hook;
  }

  compact(): void {
    this.#storage.compact();
  }

  bookmark(): void {
    for (const watch of this.#watches) watch.bookmark();
  }

  interruptWatches(how: 'reset' | 'end' | 'expire'): void {
    for (const watch of this.#watches) watch[how]();
  }

  async stop(): Promise<void> {
    this.#stopControllers();
    for (const timer of this.#delays) clearTimeout(timer);
    this.interruptWatches('reset');
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #context(): WriteContext {
    return { storage: this.#storage, now: this.#clock(), warnings: [] };
  }

  async #accept(message: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const request = readPlainRequest(message, await readBody(message));
      const asked = readResourceRequest(request);
      const verb = asked?.verb ?? 'other';
      this.requests.set(verb, (this.requests.get(verb) ?? 0) + 1);
      const fault = this.#faults?.({
        verb,
        resource: asked === undefined ? '' : qualifiedResource(asked.kind),
        namespace: asked?.namespace ?? '',
        name: asked?.name ?? '',
        userAgent: request.userAgent,
        path: request.path,
      });
      if (fault?.kind === 'delay') await this.#delay(fault.ms);
      if (fault?.kind === 'wait') await fault.until;
      if (fault !== undefined && this.#refuse(fault, asked, response)) return;
      if (this.#options.token !== undefined && message.headers.authorization !== `Bearer ${this.#options.token}`)
        throw unauthorized();
      if (asked !== undefined && !this.#kinds.includes(asked.kind)) throw noSuchResource();
      if (asked === undefined) this.#answerPlain(request, response);
      else this.#answer(asked, fault, response);
    } catch (error) {
      this.#answerError(error, response);
    }
  }

  async #delay(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#delays.delete(timer);
        resolve();
      }, ms);
      this.#delays.add(timer);
    });
  }

  /** True when the fault is the whole answer. */
  #refuse(fault: Fault, asked: ResourceRequest | undefined, response: ServerResponse): boolean {
    if (fault.kind === 'reset') {
      response.destroy();
      return true;
    }
    if (fault.kind === 'hold' && asked?.verb !== 'watch') return true;
    if (fault.kind !== 'status') return false;
    const headers: Record<string, string> =
      fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
    if (asked !== undefined && isWrite(asked)) this.#record(asked, { code: fault.code });
    sendJson(response, fault.code, statusOf(fault), headers);
    return true;
  }

  #answerPlain(request: PlainRequest, response: ServerResponse): void {
    const found = request.method === 'GET' ? describeServer(request.path, this.#kinds) : undefined;
    if (typeof found === 'string') {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(found);
    } else if (found !== undefined) sendJson(response, 200, found);
    else if (readPath(request.path) !== undefined) throw methodNotAllowed();
    else if (/^\/(api|apis)\//.test(request.path)) throw noSuchResource();
    else response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
  }

  #answer(request: ResourceRequest, fault: Fault | undefined, response: ServerResponse): void {
    if (request.verb === 'watch') {
      const watch = startWatch(
        { storage: this.#storage, fault, onEnd: (ended) => this.#watches.delete(ended) },
        request,
        response,
      );
      this.#watches.add(watch);
      return;
    }
    const context = this.#context();
    const record = (one: ResourceRequest, outcome: Outcome) => this.#record(one, outcome);
    const { code, body } = perform(context, request, record);
    if (fault?.kind === 'reset-after') {
      response.destroy();
      return;
    }
    const warnings = context.warnings.map((warning) => `299 - ${JSON.stringify(warning)}`);
    const shown = isTableWanted(request.accept)
      ? toTable(body, request.kind, { now: this.#clock(), query: request.query })
      : inMetadataForm(body, request.accept);
    sendJson(response, code, shown, warnings.length === 0 ? {} : { warning: warnings });
  }

  #record(request: ResourceRequest, outcome: Outcome): void {
    this.changes.push(recordChange(request, outcome, this.#clock()));
  }

  #answerError(error: unknown, response: ServerResponse): void {
    if (response.headersSent || response.destroyed) return;
    if (error instanceof StatusError) {
      sendJson(response, error.code, error.body, error.headers);
      return;
    }
    const message = `Internal error occurred: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    sendJson(response, 500, new StatusError(500, { message, reason: 'InternalError', details: {} }).body);
  }
}

function isWrite(request: ResourceRequest): boolean {
  return !['get', 'list', 'watch'].includes(request.verb);
}

function unauthorized(): StatusError {
  return new StatusError(401, { message: 'Unauthorized', reason: 'Unauthorized' });
}
