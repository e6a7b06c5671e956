// A receiver of alerts on a free loopback port: keeps what it was sent, byte for byte, and answers as told.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly contentType: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface Receiver {
  readonly port: number;
  readonly received: Received[];
  /** Resolves when `count` requests have arrived. */
  readonly arrived: (count: number) => Promise<void>;
}

export type AnswerWith = (response: ServerResponse, index: number) => void;

export const status =
  (code: number, headers: Record<string, string> = {}): AnswerWith =>
  (response) =>
    void response.writeHead(code, headers).end('answer');

export async function startReceiver(context: TestContext, answer: AnswerWith): Promise<Receiver> {
  const received: Received[] = [];
  const waiting: { count: number; done: () => void }[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url, headers } = request;
    received.push({
      method,
      url,
      contentType: headers['content-type'],
      authorization: headers.authorization,
      body: Buffer.concat(chunks).toString('utf8'),
    });
    answer(response, received.length - 1);
    for (const { count, done } of waiting) if (received.length >= count) done();
  };
  const server = createServer((request, response) => void take(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    port: (server.address() as AddressInfo).port,
    received,
    arrived: (count) =>
      new Promise((resolve) => {
        if (received.length >= count) resolve();
        else waiting.push({ count, done: resolve });
      }),
  };
}
