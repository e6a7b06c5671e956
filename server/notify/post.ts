// One POST: follows no redirect, has a deadline, reads little of the answer, and names nothing of its URL but the host.
import { Agent, ProxyAgent, request, type Dispatcher } from 'undici';
import { LockstepError } from '../core/errors.ts';
import { trimSpace } from '../core/go-text.ts';
import { checkHost, guardedLookup, type Resolve } from './addresses.ts';

export interface PosterOptions {
  /** What the URL is called where it is configured. */
  readonly name: string;
  /** A credential. */
  readonly url: string;
  readonly proxy: string | undefined;
  readonly contentType: string;
  readonly resolve: Resolve;
  readonly timeoutMs?: number;
}

export interface Poster {
  readonly host: string;
  /** The status of the answer, whatever it is. Throws `sink-unreachable`, `sink-address-refused`. */
  post(body: string, signal: AbortSignal): Promise<number>;
}

/** Receivers answer within a second or are in trouble. */
const postTimeoutMs = 10_000;
/** What is read of an answer that nobody needs. */
const answerBytesMost = 65_536;

/** Throws `sink-url-invalid`, `sink-address-refused`. */
export function createPoster(options: PosterOptions): Poster {
  const url = readUrl(options.name, options.url);
  const dispatcher = openDispatcher(options);
  const { host } = url;
  const headers = { 'content-type': options.contentType, 'user-agent': 'lockstep', ...takeCredentials(url) };
  return {
    host,
    async post(body, signal) {
      const deadline = AbortSignal.timeout(options.timeoutMs ?? postTimeoutMs);
      const wanted = { dispatcher, method: 'POST', headers, body, reset: true } as const;
      try {
        const answer = await request(url, { ...wanted, signal: AbortSignal.any([signal, deadline]) });
        await answer.body.dump({ limit: answerBytesMost });
        return answer.statusCode;
      } catch (error) {
        throw unreachable(host, error);
      }
    },
  };
}

/** The target's name is looked up by whoever connects to it: us, or the proxy. */
function openDispatcher({ proxy, resolve }: PosterOptions): Dispatcher {
  const lookup = guardedLookup(resolve);
  const text = trimSpace(proxy ?? '');
  if (text === '') return new Agent({ connect: { lookup } });
  const uri = readUrl('ALERT_WEBHOOK_PROXY', text);
  const { authorization } = takeCredentials(uri);
  return new ProxyAgent({
    uri: uri.href,
    proxyTls: { lookup },
    ...(authorization === undefined ? {} : { token: authorization }),
  });
}

function readUrl(name: string, text: string): URL {
  const url = URL.parse(trimSpace(text));
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new LockstepError('sink-url-invalid', {
      message: `${name} is no http:// or https:// URL: nothing is sent to it`,
    });
  }
  if (!isDecodable(url.username) || !isDecodable(url.password)) {
    throw new LockstepError('sink-url-invalid', {
      message: `${name} holds a user or password with a % that begins no percent-encoding: nothing is sent to it`,
    });
  }
  checkHost(url.hostname);
  return url;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Moves user and password from the URL to where they belong. */
function takeCredentials(url: URL): { authorization?: string } {
  const { username, password } = url;
  if (username === '' && password === '') return {};
  url.username = '';
  url.password = '';
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

/** Without the cause: what a library says may quote the URL. */
function unreachable(host: string, error: unknown): LockstepError {
  if (error instanceof LockstepError) return error;
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  const why = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'failed';
  return new LockstepError('sink-unreachable', {
    message: `cannot send to ${host}: ${isLate ? 'no answer in time' : why}`,
  });
}
