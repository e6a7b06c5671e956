import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import { test } from 'node:test';
import { listen } from '../../server/http/listen.ts';

test('closing ends well although a connection fails meanwhile', { timeout: 10_000 }, async () => {
  const { promise: taken, resolve: take } = Promise.withResolvers<() => void>();
  const { url, close } = await listen(
    (request, response) => {
      const { server } = request.socket as unknown as { server: Server };
      take(() => server.emit('error', new Error('EMFILE')) && response.end('done'));
    },
    { host: '127.0.0.1', port: 0 },
  );
  const answer = fetch(url, { headers: { connection: 'close' } });
  const fail = await taken;
  const closed = close();
  fail();
  assert.equal(await (await answer).text(), 'done');
  await closed;
});
