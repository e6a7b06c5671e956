// Each fault does to a client what its name says, and the server goes on.
import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { request } from 'undici';
import { type FakeApiServer, startFakeApiServer } from './server.ts';

const path = '/api/v1/namespaces/default/configmaps';
const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });

suite('faults', () => {
  let server: FakeApiServer;
  before(async () => {
    server = await startFakeApiServer();
  });
  after(() => server.stop());
  beforeEach(() => server.setFaults(undefined));

  const create = (name: string) =>
    request(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'test' },
      body: JSON.stringify(map(name)),
    });
  const exists = (name: string) => server.get('v1', 'ConfigMap', 'default', name) !== undefined;

  test('429 names when to try again, and the write is not done but recorded', async () => {
    server.setFaults(({ verb }) =>
      verb === 'create' ? { kind: 'status', code: 429, retryAfterSeconds: 2 } : undefined,
    );
    const reply = await create('throttled');
    assert.equal(reply.statusCode, 429);
    assert.equal(reply.headers['retry-after'], '2');
    const body = (await reply.body.json()) as { reason: string; details: unknown };
    assert.equal(body.reason, 'TooManyRequests');
    assert.deepEqual(body.details, { retryAfterSeconds: 2 });
    assert.equal(exists('throttled'), false);
    assert.equal(server.changes.at(-1)?.code, 429);
  });

  for (const code of [403, 500, 503]) {
    test(`${code} is answered with a Status`, async () => {
      server.setFaults(() => ({ kind: 'status', code }));
      const reply = await create(`refused-${code}`);
      assert.equal(reply.statusCode, code);
      assert.equal(((await reply.body.json()) as { code: number }).code, code);
      assert.equal(exists(`refused-${code}`), false);
    });
  }

  test('a reset does nothing, a reset after the work has done it', async () => {
    server.setFaults(() => ({ kind: 'reset' }));
    await assert.rejects(create('reset'));
    assert.equal(exists('reset'), false);
    server.setFaults(() => ({ kind: 'reset-after' }));
    await assert.rejects(create('reset-after'));
    assert.equal(exists('reset-after'), true);
  });

  test('a delay delays', async () => {
    server.setFaults(() => ({ kind: 'delay', ms: 30 }));
    const startedAt = performance.now();
    const reply = await create('late');
    await reply.body.dump();
    assert.equal(reply.statusCode, 201);
    assert.ok(performance.now() - startedAt >= 25);
  });

  test('a held request is never answered', async () => {
    server.setFaults(() => ({ kind: 'hold' }));
    await assert.rejects(request(server.url + path, { headersTimeout: 1000, signal: AbortSignal.timeout(50) }));
  });

  async function openWatch(query = '') {
    const abort = new AbortController();
    const reply = await request(`${server.url}${path}?watch=1&resourceVersion=${server.version}${query}`, {
      signal: abort.signal,
    });
    return { lines: readEvents(reply.body), close: () => abort.abort() };
  }

  test('a held watch says nothing, the others go on', async () => {
    server.setFaults(({ verb, userAgent }) =>
      verb === 'watch' && userAgent !== 'other' ? { kind: 'hold' } : undefined,
    );
    const held = await openWatch();
    server.setFaults(undefined);
    const open = await openWatch();
    server.seed([map('held')]);
    assert.equal((await open.lines.next()).value?.type, 'ADDED');
    const silent = await Promise.race([held.lines.next(), Promise.resolve('silent')]);
    assert.equal(silent, 'silent');
    held.close();
    open.close();
  });

  test('dropped events are missing', async () => {
    server.setFaults(() => ({ kind: 'drop', isDropped: (_type, object) => JSON.stringify(object).includes('lost') }));
    const watch = await openWatch();
    server.seed([map('lost'), map('seen')]);
    assert.equal((await watch.lines.next()).value?.object.metadata.name, 'seen');
    watch.close();
  });

  test('a truncated watch ends in the middle of an event', async () => {
    server.setFaults(() => ({ kind: 'truncate', afterEvents: 1 }));
    const watch = await openWatch();
    server.seed([map('whole'), map('half')]);
    assert.equal((await watch.lines.next()).value?.object.metadata.name, 'whole');
    await assert.rejects(watch.lines.next());
  });

  test('a watch that is gone says 410 and ends; so does one of a compacted version', async () => {
    const from = server.version;
    server.setFaults(() => ({ kind: 'gone' }));
    const gone = await openWatch();
    const event = (await gone.lines.next()).value;
    assert.deepEqual([event?.type, event?.object.code, event?.object.reason], ['ERROR', 410, 'Expired']);
    assert.equal((await gone.lines.next()).done, true);
    server.setFaults(undefined);
    server.seed([map('before-compaction')]);
    server.compact();
    const reply = await request(`${server.url}${path}?watch=1&resourceVersion=${from}`);
    const old = (await readEvents(reply.body).next()).value;
    assert.deepEqual([old?.type, old?.object.code], ['ERROR', 410]);
  });

  test('a continue token of a compacted version is answered 410', async () => {
    server.seed([map('page-1'), map('page-2')]);
    const first = (await (await request(`${server.url}${path}?limit=1`)).body.json()) as {
      metadata: { continue: string };
    };
    server.seed([map('page-3')]);
    server.compact();
    const reply = await request(`${server.url}${path}?limit=1&continue=${first.metadata.continue}`);
    const body = (await reply.body.json()) as { reason: string };
    assert.deepEqual([reply.statusCode, body.reason], [410, 'Expired']);
  });

  test('bookmarks come when asked for, and interrupted watches end', async () => {
    const watch = await openWatch('&allowWatchBookmarks=true');
    server.bookmark();
    const event = (await watch.lines.next()).value;
    assert.deepEqual([event?.type, event?.object.metadata.resourceVersion], ['BOOKMARK', String(server.version)]);
    server.interruptWatches('reset');
    await assert.rejects(watch.lines.next());
  });

  test('the change record tells rollouts from other writes', async () => {
    const web = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'x' }] } },
      },
    };
    server.seed([web]);
    const send = async (body: unknown) => {
      const reply = await request(`${server.url}/apis/apps/v1/namespaces/default/deployments/web?fieldManager=m`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify(body),
      });
      await reply.body.dump();
    };
    const from = server.changes.length;
    await send({ metadata: { annotations: { a: 'b' } } });
    await send({ spec: { template: { metadata: { annotations: { a: 'b' } } } } });
    const seen = server.changes
      .slice(from)
      .map((change) => [change.verb, change.fieldManager, change.isTemplateChanged]);
    assert.deepEqual(seen, [
      ['patch', 'm', false],
      ['patch', 'm', true],
    ]);
    assert.equal(server.requests.get('patch'), 2);
  });
});

interface Event {
  readonly type: string;
  readonly object: {
    readonly code?: number;
    readonly reason?: string;
    readonly metadata: { readonly name?: string; readonly resourceVersion?: string };
  };
}

async function* readEvents(body: AsyncIterable<unknown>): AsyncGenerator<Event, undefined> {
  let rest = '';
  for await (const chunk of body) {
    rest += String(chunk as Buffer);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as Event;
  }
  return undefined;
}
