// Sends one alert: a POST that follows no redirect, has a deadline, and names nothing of its URL but the host.
import { Agent, ProxyAgent, request, type Dispatcher } from 'undici';
import { LockstepError } from '../core/errors.ts';
import { trimSpace } from '../core/go-text.ts';
import type { Sink, SinkFormat } from '../core/notification.ts';
import { checkHost, guardedLookup, type Resolve } from './addresses.ts';

export interface SinkOptions {
  readonly format: SinkFormat;
  /** A credential. */
  readonly url: string;
  readonly proxy: string | undefined;
  readonly resolve: Resolve;
  readonly timeoutMs?: number;
}

/** Receivers answer within a second or are in trouble; the alerts behind are worth more than this one. */
const sendTimeoutMs = 10_000;
/** What is read of an answer that nobody needs. */
const answerBytesMost = 65_536;
/** Those that HTTP clients follow. */
const redirects: readonly number[] = [301, 302, 303, 307, 308];

/** Throws `sink-url-invalid`, `sink-address-refused`. */
export function createSink(options: SinkOptions): Sink {
  const url = readUrl('ALERT_WEBHOOK_URL', options.url);
  const dispatcher = openDispatcher(options);
  const { host } = url;
  const headers = { 'content-type': options.format.contentType, 'user-agent': 'lockstep', ...takeCredentials(url) };
  return {
    host,
    async send(text, signal) {
      const deadline = AbortSignal.timeout(options.timeoutMs ?? sendTimeoutMs);
      const status = await post(url, {
        dispatcher,
        method: 'POST',
        headers,
        body: options.format.toBody(text),
        reset: true,
        signal: AbortSignal.any([signal, deadline]),
      }).catch((error: unknown) => {
        throw unreachable(host, error);
      });
      if (redirects.includes(status)) throw refused(host, `HTTP ${status}: redirects are not followed`);
      if (!options.format.accepts(status)) throw refused(host, `HTTP ${status}`);
    },
  };
}

async function post(url: URL, options: Parameters<typeof request>[1]): Promise<number> {
  const { statusCode, body } = await request(url, options);
  await body.dump({ limit: answerBytesMost });
  return statusCode;
}

/** The target's name is looked up by whoever connects to it: us, or the proxy. */
function openDispatcher({ proxy, resolve }: SinkOptions): Dispatcher {
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
      message: `${name} is no http:// or https:// URL: no alerts are sent`,
    });
  }
  checkHost(url.hostname);
  return url;
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
    message: `cannot send an alert to ${host}: ${isLate ? 'no answer in time' : why}`,
  });
}

function refused(host: string, why: string): LockstepError {
  return new LockstepError('sink-refused', { message: `${host} did not take an alert: ${why}` });
}
