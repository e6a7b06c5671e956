// One server that a case runs against: plain requests and watches, nothing hidden.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { parse } from 'yaml';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}
export interface Target {
  readonly name: string;
  call(call: Call): Promise<Answer>;
  /** The stream's lines; ends when the server ends it or `signal` aborts. */
  watch(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Stream>;
  close(): Promise<void>;
}
export interface Stream {
  readonly status: number;
  readonly headers: Answer['headers'];
  readonly lines: AsyncIterable<string>;
}

/** A longer silence than any answer of either server takes. */
const silenceMs = 30_000;

interface Kubeconfig {
  readonly clusters: readonly { cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { user: Readonly<Record<string, string>> }[];
}

/** The server of a kubeconfig with one cluster and one user. */
export function openTarget(name: string, kubeconfigPath: string): Target {
  const config = parse(readFileSync(kubeconfigPath, 'utf8')) as Kubeconfig;
  const cluster = config.clusters[0]?.cluster ?? {};
  const user = config.users[0]?.user ?? {};
  const pem = (from: Readonly<Record<string, string>>, key: string) => {
    const data = from[`${key}-data`];
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
    return from[key] === undefined ? undefined : readFileSync(from[key], 'utf8');
  };
  const [ca, cert, key] = [
    pem(cluster, 'certificate-authority'),
    pem(user, 'client-certificate'),
    pem(user, 'client-key'),
  ];
  const connect = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  const agent = new Agent({ connect, bodyTimeout: silenceMs, headersTimeout: silenceMs });
  const url = cluster['server'] ?? '';
  const authorization: Record<string, string> =
    user['token'] === undefined ? {} : { authorization: `Bearer ${user['token']}` };
  return {
    name,
    async call({ method, path, headers, body }) {
      const reply = await request(url + path, {
        method,
        dispatcher: agent,
        headers: { ...authorization, ...headers },
        body: body ?? null,
      });
      return { status: reply.statusCode, headers: reply.headers, text: await reply.body.text() };
    },
    async watch(path, headers, signal) {
      const reply = await request(url + path, { dispatcher: agent, headers: { ...authorization, ...headers }, signal });
      return { status: reply.statusCode, headers: reply.headers, lines: readLines(reply.body, signal) };
    },
    close: () => agent.destroy(),
  };
}

async function* readLines(body: AsyncIterable<unknown>, signal: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of body) {
      rest += String(chunk as Buffer);
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '');
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (rest !== '') yield rest;
}
