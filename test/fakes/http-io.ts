// Reading request bodies and writing JSON answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from './json.ts';
import { StatusError } from './status-errors.ts';

/** The real server's limit for a request body. */
const maxBodyBytes = 3 * 1024 * 1024;

export async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) {
      throw new StatusError(413, {
        message: `Request entity too large: limit is ${maxBodyBytes}`,
        reason: 'RequestEntityTooLarge',
        details: {},
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function sendJson(
  response: ServerResponse,
  code: number,
  body: JsonObject,
  headers: Record<string, string | string[]> = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-cache, private', ...headers });
  response.end(`${JSON.stringify(body)}\n`);
}
