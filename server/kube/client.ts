// Sends one request to the API server and turns every failure into an error of the catalogue, by status code only.
import { request, type Dispatcher } from 'undici';
import { LockstepError } from '../core/errors.ts';
import type { Connection } from './connection.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

export interface ApiRequest {
  readonly verb: Verb;
  /** `secrets`, `deployments`...: for messages and metrics. */
  readonly resource: string;
  /** `namespace/name`, a namespace, or empty: for messages. */
  readonly subject: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

export interface Client {
  readonly server: string;
  /** The decoded body of a 2xx answer. Throws `api-*`. */
  send(request: ApiRequest): Promise<unknown>;
  /** The body as it arrives, for watches. */
  stream(request: ApiRequest): Promise<AsyncIterable<Buffer>>;
}

/** One call per request sent: for `lockstep_api_requests_total`. `code` 0: no answer. */
export type CountRequest = (request: { verb: Verb; resource: string; code: number }) => void;

/** Named, since the API server would make a field manager of it where none is given. */
const userAgent = 'lockstep';
const requestTimeoutMs = 30_000;
/** HTTP's word for each verb. */
export const methods = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
} as const;

export function createClient(connection: Connection, count: CountRequest): Client {
  const open = async (wanted: ApiRequest, dispatcher: Dispatcher): Promise<Dispatcher.ResponseData> => {
    const query = wanted.query === undefined ? '' : `?${new URLSearchParams(wanted.query).toString()}`;
    const headers = {
      ...(await connection.headers()),
      accept: wanted.accept ?? 'application/json',
      'user-agent': userAgent,
      ...(wanted.body === undefined ? {} : { 'content-type': wanted.contentType ?? 'application/json' }),
    };
    const timeoutMs = wanted.timeoutMs ?? requestTimeoutMs;
    try {
      const response = await request(`${connection.server}${connection.basePath}${wanted.path}${query}`, {
        dispatcher,
        method: methods[wanted.verb],
        headers,
        body: wanted.body === undefined ? null : JSON.stringify(wanted.body),
        signal: wanted.signal,
        headersTimeout: timeoutMs,
        bodyTimeout: wanted.verb === 'watch' ? 0 : timeoutMs,
      });
      count({ verb: wanted.verb, resource: wanted.resource, code: response.statusCode });
      return response;
    } catch (error) {
      count({ verb: wanted.verb, resource: wanted.resource, code: 0 });
      throw unreachable(connection, wanted, error);
    }
  };

  const accepted = async (wanted: ApiRequest, dispatcher: Dispatcher): Promise<Dispatcher.ResponseData> => {
    const response = await open(wanted, dispatcher);
    if (response.statusCode >= 200 && response.statusCode < 300) return response;
    const text = await response.body.text().catch(() => '');
    throw refused(wanted, response, text);
  };

  return {
    server: connection.server,
    async send(wanted) {
      const response = await accepted(wanted, connection.dispatcher);
      let text: string;
      try {
        text = await response.body.text();
      } catch (error) {
        throw unreachable(connection, wanted, error);
      }
      return parseBody(wanted, text);
    },
    async stream(wanted) {
      const response = await accepted(wanted, connection.watchDispatcher);
      return response.body;
    },
  };
}

function describe({ verb, resource, subject }: ApiRequest): string {
  return `cannot ${verb} ${resource}${subject === '' ? '' : ` ${subject}`}`;
}

function unreachable(connection: Connection, wanted: ApiRequest, cause: unknown): unknown {
  if (wanted.signal.aborted) return wanted.signal.reason;
  const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'the connection failed';
  const message = `${describe(wanted)}: no answer from the API server at ${connection.server} (${why})`;
  return new LockstepError('api-unreachable', { message, cause });
}

/** The API server's own message can quote what was sent, so only its reason and code are passed on, and who refused. */
function refused(wanted: ApiRequest, response: Dispatcher.ResponseData, text: string): LockstepError {
  const status = readStatus(text);
  const code = response.statusCode;
  const facts = { details: { status: code, reason: status.reason } };
  const message = `${describe(wanted)}: ${status.reason || `HTTP ${code}`}`;
  switch (code) {
    case 401:
      return new LockstepError('api-unauthorized', { ...facts, message });
    case 403:
      return status.byAdmission
        ? new LockstepError('api-invalid', { ...facts, message: `${message}, by admission` })
        : new LockstepError('api-forbidden', {
            ...facts,
            message: `${message}: the verb ${wanted.verb} on ${wanted.resource} is not granted`,
          });
    case 404:
      return new LockstepError('api-not-found', { ...facts, message });
    case 409:
      return new LockstepError('api-conflict', { ...facts, message });
    case 410:
      return new LockstepError('api-expired', { ...facts, message });
    case 429:
      return new LockstepError('api-throttled', { ...facts, message, afterMs: retryAfterMs(response) });
    case 400:
    case 413:
    case 415:
    case 422:
      return new LockstepError('api-invalid', { ...facts, message });
    default:
      return new LockstepError('api-failed', { ...facts, message });
  }
}

/** Without the parser's error, which quotes the body. */
function parseBody(wanted: ApiRequest, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new LockstepError('api-failed', { message: `${describe(wanted)}: the answer is damaged` });
  }
}

function readStatus(text: string): { reason: string; byAdmission: boolean } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return { reason: '', byAdmission: false };
    const reason = 'reason' in value && typeof value.reason === 'string' ? value.reason : '';
    const message = 'message' in value && typeof value.message === 'string' ? value.message : '';
    return {
      reason,
      byAdmission: /^admission webhook |ValidatingAdmissionPolicy| is forbidden: exceeded quota/.test(message),
    };
  } catch {
    return { reason: '', byAdmission: false };
  }
}

/** Seconds by RFC 9110; the API server sends no dates. At least a second. */
function retryAfterMs(response: Dispatcher.ResponseData): number {
  const seconds = Number(response.headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : 1_000;
}
