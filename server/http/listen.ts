// Opens a port with bounded timeouts, and closes it again without waiting for idle connections.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { LockstepError } from '../core/errors.ts';

/** Without a host: every address. Port 0: any free one. */
export interface ListenAt {
  readonly host: string | undefined;
  readonly port: number;
}

export interface Listening {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** A request of at most 3 MiB from inside the cluster is there long before; slow senders are cut. */
const timeouts = { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 60_000 };

/** Open connections; each may hold one body. */
const connectionsMost = 256;

/** Answers come from memory; whoever is still sending, or has connected and says nothing, is cut. */
const closeGraceMs = 1000;

/** Throws `listen-failed` naming the address. */
export async function listen(handler: RequestListener, { host, port }: ListenAt): Promise<Listening> {
  const server = createServer(timeouts, handler);
  server.maxConnections = connectionsMost;
  try {
    server.listen({ port, ...(host === undefined ? {} : { host }) });
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new LockstepError('listen-failed', {
      message: `cannot listen on ${place(host, port)}: ${code}`,
      cause: error,
    });
  }
  // A connection that could not be accepted (too many open files) is that client's loss; without a listener it would end the process.
  server.on('error', () => undefined);
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return { url: `http://${place(host ?? '127.0.0.1', bound)}`, close: () => close(server) };
}

async function close(server: Server): Promise<void> {
  // Not `once`: a connection that fails meanwhile is no reason to call the end a failure.
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), closeGraceMs);
  await closed.finally(() => clearTimeout(cut));
}

function place(host = '', port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
