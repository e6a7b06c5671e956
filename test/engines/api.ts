// A Kubernetes client for what stands beside Lockstep in tests (engines, cert-manager, observers): every actor has its own name.
import { request, type Dispatcher } from 'undici';
import { connect } from '../../server/kube/connection.ts';

/** Any object of the API, in the few fields that all have. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly resourceVersion?: string;
    readonly uid?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  readonly dryRun?: 'All';
}

export interface MergeOptions {
  readonly fieldManager: string;
  readonly subresource?: 'status';
}

export interface KubeApi {
  /** Origin of the API server. */
  readonly server: string;
  /** Where an object is found; asks the API server once for each group and version. */
  pathOf(object: KubeObject): Promise<string>;
  /** Undefined when it does not exist. */
  get(path: string): Promise<KubeObject | undefined>;
  list(path: string): Promise<{ readonly items: readonly KubeObject[]; readonly resourceVersion: string }>;
  /** Server-side apply with force; answers the object as it is, or would be. */
  apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject>;
  /** A merge patch of the fields that are given, as kubectl edit and controllers send it. */
  merge(object: KubeObject, options: MergeOptions): Promise<KubeObject>;
  /** False when it did not exist. */
  remove(path: string): Promise<boolean>;
  /** The events of one watch until the server ends it or the signal aborts. */
  watch(path: string, resourceVersion: string): AsyncGenerator<WatchEvent>;
  close(): Promise<void>;
}

export interface KubeApiOptions {
  /** Undefined: $KUBECONFIG and what else kubectl would take. */
  readonly kubeconfig: string | undefined;
  /** As the API server's log shall show it. */
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

const timeoutMs = 10_000;

/** Opens no connection yet. Throws when the kubeconfig cannot be used; later, an error with the API server's own words. */
export async function openKubeApi({ kubeconfig, userAgent, signal }: KubeApiOptions): Promise<KubeApi> {
  const connection = await connect({ kubeconfig, context: undefined }, Date.now);
  const plurals = new Map<string, Promise<ReadonlyMap<string, Resource>>>();
  const open = async ({ method, path, body, contentType, isWatch }: Call): Promise<Dispatcher.ResponseData> =>
    request(`${connection.server}${connection.basePath}${path}`, {
      dispatcher: isWatch === true ? connection.watchDispatcher : connection.dispatcher,
      method,
      signal,
      headersTimeout: timeoutMs,
      bodyTimeout: isWatch === true ? 0 : timeoutMs,
      headers: {
        ...(await connection.headers()),
        'user-agent': userAgent,
        'content-type': contentType ?? 'application/json',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const send = async (call: Call): Promise<unknown> => {
    const reply = await open(call);
    const text = await reply.body.text();
    if (reply.statusCode === 404 && call.ifMissing === 'undefined') return undefined;
    if (reply.statusCode > 299) throw new Error(`${call.method} ${call.path}: ${reply.statusCode} ${reasonIn(text)}`);
    return JSON.parse(text);
  };
  const discover = (apiVersion: string): Promise<ReadonlyMap<string, Resource>> => {
    const known = plurals.get(apiVersion) ?? send({ method: 'GET', path: groupPath(apiVersion) }).then(readResources);
    plurals.set(apiVersion, known);
    return known;
  };
  const pathOf = async (object: KubeObject): Promise<string> => {
    const { name, namespace } = object.metadata;
    const resource = (await discover(object.apiVersion)).get(object.kind);
    if (resource === undefined) throw new Error(`the API server has no ${object.apiVersion} ${object.kind}`);
    const inNamespace = resource.namespaced ? `/namespaces/${namespace ?? 'default'}` : '';
    return `${groupPath(object.apiVersion)}${inNamespace}/${resource.name}/${name}`;
  };
  return {
    server: connection.server,
    pathOf,
    get: async (path) => (await send({ method: 'GET', path, ifMissing: 'undefined' })) as KubeObject | undefined,
    async list(path) {
      const { items, metadata } = (await send({ method: 'GET', path })) as List;
      return { items, resourceVersion: metadata.resourceVersion };
    },
    async apply(object, { fieldManager, dryRun }) {
      const query = new URLSearchParams({ fieldManager, force: 'true', ...(dryRun && { dryRun }) });
      const path = `${await pathOf(object)}?${query.toString()}`;
      const contentType = 'application/apply-patch+yaml'; // JSON is YAML
      return (await send({ method: 'PATCH', path, body: object, contentType })) as KubeObject;
    },
    async merge(object, { fieldManager, subresource }) {
      const { apiVersion: _version, kind: _kind, ...body } = object;
      const path = [await pathOf(object), ...(subresource === undefined ? [] : [subresource])].join('/');
      const query = new URLSearchParams({ fieldManager });
      const contentType = 'application/merge-patch+json';
      return (await send({ method: 'PATCH', path: `${path}?${query.toString()}`, body, contentType })) as KubeObject;
    },
    remove: async (path) => (await send({ method: 'DELETE', path, ifMissing: 'undefined' })) !== undefined,
    async *watch(path, resourceVersion) {
      const query = new URLSearchParams({ watch: '1', allowWatchBookmarks: 'true', resourceVersion });
      const reply = await open({ method: 'GET', path: `${path}?${query.toString()}`, isWatch: true });
      if (reply.statusCode !== 200) throw new Error(`watch ${path}: ${reply.statusCode}`);
      for await (const line of splitLines(reply.body)) yield JSON.parse(line) as WatchEvent;
    },
    close: () => connection.close(),
  };
}

interface Call {
  readonly method: 'GET' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly contentType?: string;
  readonly isWatch?: boolean;
  readonly ifMissing?: 'undefined';
}

interface List {
  readonly items: readonly KubeObject[];
  readonly metadata: { readonly resourceVersion: string };
}

interface Resource {
  /** The plural, as in paths. */
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Kind -> resource; subresources carry a slash and are left out. */
function readResources(body: unknown): ReadonlyMap<string, Resource> {
  const { resources } = body as { resources: readonly Resource[] };
  return new Map(resources.filter(({ name }) => !name.includes('/')).map((resource) => [resource.kind, resource]));
}

function reasonIn(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text;
  }
}

async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
