// Asks a running Lockstep over its API: through the API server's proxy of its Service, or directly by URL.
import { LockstepError } from './core/errors.ts';
import type { Client } from './kube/client.ts';

export interface Question {
  /** `/v1/shadow` */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** One answer comes from memory. */
const answerMostMs = 30_000;

/** The Service's port by its name: what it is in numbers is the manifest's business. Throws `api-*`. */
export function askThroughApi(client: Client, stateNamespace: string, { path, query, signal }: Question) {
  return client.send({
    verb: 'get',
    resource: 'services/proxy',
    subject: `${stateNamespace}/lockstep`,
    path: `/api/v1/namespaces/${stateNamespace}/services/http:lockstep:http/proxy${path}`,
    query,
    signal,
  });
}

/** Throws `report-server-unreachable`, `report-server-refused`. */
export async function askDirectly(
  { server, fetch }: { readonly server: URL; readonly fetch: typeof globalThis.fetch },
  { path, query, signal }: Question,
): Promise<unknown> {
  const url = new URL(`${path}?${new URLSearchParams(query).toString()}`, server);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMostMs)]);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { signal: limit, redirect: 'error' });
    text = await response.text();
  } catch (cause) {
    signal.throwIfAborted();
    throw new LockstepError('report-server-unreachable', { message: `cannot reach ${server.origin}`, cause });
  }
  const body = parseJson(text);
  if (response.ok) return body;
  const said = typeof body === 'object' && body !== null && 'message' in body ? `: ${String(body.message)}` : '';
  throw new LockstepError('report-server-refused', {
    message: `${server.origin} answered ${response.status}${said}`,
  });
}

/** Undefined where it is no http or https URL. */
export function parseServer(text: string): URL | undefined {
  const server = URL.parse(text);
  return server !== null && /^https?:$/.test(server.protocol) ? server : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
