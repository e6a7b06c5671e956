// The least client that the control plane itself needs: requests and watches over one kept-alive pool with a client certificate.
import { Agent, request } from 'undici';
import type { ClientCredentials } from './certificates.ts';

// Enough to keep a two-core API server busy; each costs it some 100 KB.
const connectionCount = 32;

export interface ApiReply {
  status: number;
  body: unknown;
}

export interface ApiCall {
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal | undefined;
}

export interface ApiClient {
  /** Any status is an answer; only a failed connection rejects. */
  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, call?: ApiCall): Promise<ApiReply>;
  /** The events of one watch until the server ends it. */
  watch(path: string, signal: AbortSignal): AsyncGenerator<unknown>;
  close(): Promise<void>;
}

/** `url` is `https://host:port`; without credentials `http://host:port`. */
export function createApiClient(url: string, credentials: Partial<ClientCredentials>, userAgent: string): ApiClient {
  const dispatcher = new Agent({ connect: credentials, connections: connectionCount, bodyTimeout: 0 });
  const send = (method: string, path: string, { body, contentType, signal }: ApiCall) =>
    request(url + path, {
      method,
      dispatcher,
      headers: { 'user-agent': userAgent, 'content-type': contentType ?? 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  return {
    async call(method, path, call = {}) {
      const reply = await send(method, path, call);
      const text = await reply.body.text();
      const isJson = String(reply.headers['content-type']).startsWith('application/json');
      return { status: reply.statusCode, body: isJson ? JSON.parse(text) : text };
    },
    async *watch(path, signal) {
      const reply = await send('GET', path, { signal });
      if (reply.statusCode !== 200) throw new Error(`watch ${path}: ${reply.statusCode} ${await reply.body.text()}`);
      for await (const line of splitLines(reply.body)) yield JSON.parse(line);
    },
    close: () => dispatcher.destroy(),
  };
}

/** Unlike readline it passes on a broken connection as an error, and gives no half line. */
async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
