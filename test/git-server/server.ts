// A Git server over http for tests: git http-backend behind a node server with Basic authentication and faults.
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';

/**
 * cut: the connection ends before git sees the request. lose: git does the work, the answer is lost. silent: nothing is
 * ever answered. A number is answered as that status.
 */
export type Fault = 'cut' | 'lose' | 'silent' | 401 | 403 | 404 | 503 | 302;

export interface GitServerOptions {
  /** Bare repositories lie directly in it. */
  readonly directory: string;
  readonly username?: string;
  readonly password?: string;
  /** Instead of a user: the Authorization header that is wanted. */
  readonly authorization?: string;
  /** Speaks https with this key and certificate, PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** oldest: as servers that give only what refs point to. */
  readonly protocol?: 'oldest';
  /** Asked before each request is answered. */
  readonly fault?: (request: { method: string; url: string }) => Fault | undefined;
}

export interface GitServer {
  readonly url: string;
  /** What was asked so far, as `POST /shop.git/git-upload-pack`. */
  readonly requests: string[];
  /** Bytes of all answers so far. */
  readonly sent: { bytes: number };
  stop(): Promise<void>;
}

export async function startGitServer(options: GitServerOptions): Promise<GitServer> {
  const backend = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  const requests: string[] = [];
  const children = new Set<ChildProcessWithoutNullStreams>();
  const sent = { bytes: 0 };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const method = request.method ?? 'GET';
    const url = request.url ?? '/';
    requests.push(`${method} ${url}`);
    const fault = options.fault?.({ method, url });
    if (fault === 'cut') request.socket.destroy();
    if (typeof fault === 'number') refuse(response, fault);
    if (fault !== undefined && fault !== 'lose') return;
    if (!isAuthorized(request, options)) {
      refuse(response, 401);
      return;
    }
    const child = spawn(backend, [], { env: cgiEnvironment(request, options), stdio: 'pipe' });
    children.add(child);
    child.on('close', () => children.delete(child));
    child.stdin.on('error', () => {});
    child.stderr.resume();
    request.pipe(child.stdin);
    child.stdout.on('data', (chunk: Buffer) => (sent.bytes += chunk.length));
    relay(child, response, fault === 'lose' ? 'lose' : 'answer');
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    requests,
    sent,
    stop: async () => {
      for (const child of children) child.kill('SIGKILL');
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function isAuthorized(request: IncomingMessage, { authorization, username, password }: GitServerOptions): boolean {
  if (authorization !== undefined) return request.headers.authorization === authorization;
  if (username === undefined) return true;
  return request.headers.authorization === `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
}

function refuse(response: ServerResponse, status: number): void {
  if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="git"');
  if (status === 302) response.setHeader('Location', 'http://127.0.0.1:1/elsewhere');
  response.writeHead(status).end();
}

function cgiEnvironment(request: IncomingMessage, options: GitServerOptions): Record<string, string> {
  const url = new URL(request.url ?? '/', 'http://git');
  const header = (name: string): string => String(request.headers[name] ?? '');
  return {
    PATH: process.env['PATH'] ?? '',
    GIT_PROJECT_ROOT: options.directory,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROTOCOL: options.protocol === 'oldest' ? '' : header('git-protocol'),
    GIT_CONFIG_NOSYSTEM: '1',
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: header('content-type'),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
    REMOTE_USER: options.username ?? '',
    REMOTE_ADDR: '127.0.0.1',
    ...(request.headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: header('content-length') }),
  };
}

/** CGI's answer: header lines, an empty line, the body. */
function relay(child: ChildProcessWithoutNullStreams, response: ServerResponse, mode: 'lose' | 'answer'): void {
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    if (mode === 'lose') {
      response.socket?.destroy();
      return;
    }
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf('\r\n\r\n');
    const lines = end < 0 ? [] : answer.toString('latin1', 0, end).split('\r\n');
    let status = end < 0 ? 500 : 200;
    for (const line of lines) {
      const colon = line.indexOf(':');
      const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.writeHead(status).end(answer.subarray(end + 4));
  });
}
