import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockstepError } from '../../server/core/errors.ts';
import { reflect } from '../../server/kube/reflector.ts';
import { chunks, createFakeClient, type Answer } from './fake-client.ts';

const item = (name: string, version: number) => ({ metadata: { name, uid: name, resourceVersion: String(version) } });
const page = (version: number, items: object[], token?: string): object => ({
  metadata: { resourceVersion: String(version), ...(token === undefined ? {} : { continue: token }) },
  items,
});
const event = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
const expired = new LockstepError('api-expired', { message: 'too old' });
const failed = (afterMs?: number) =>
  new LockstepError('api-failed', { message: 'no', ...(afterMs === undefined ? {} : { afterMs }) });
const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });

/** Runs a script to its end; events as text, waits in milliseconds, and what was asked. */
async function follow(script: Answer[]) {
  const stop = new AbortController();
  const seen: string[] = [];
  const waits: number[] = [];
  const troubles: string[] = [];
  // One answer more than the script: nothing, when everything before it has been handled.
  const client = createFakeClient([...script, new LockstepError('api-failed', { message: 'end' })], () => stop.abort());
  await reflect<string>(
    {
      client,
      resource: 'secrets',
      path: '/api/v1/secrets',
      pageSize: 2,
      parse: (object) => ({ key: object.metadata.name, value: object.metadata.name }),
      onEvent: (told) =>
        seen.push(
          told.present
            ? `${told.how} ${told.object} ${told.version}`
            : `${told.watched ? 'deleted' : 'missing'} ${told.key} ${told.version}`,
        ),
      onHeard: () => undefined,
      onListed: (version) => seen.push(`list ${version}`),
      onTrouble: (error) => troubles.push(error.code),
      random: () => 0.5,
      sleep: async (ms) => void waits.push(ms),
    },
    stop.signal,
  );
  const asked = client.requests
    .slice(0, -1)
    .map(({ verb, query }) =>
      verb === 'list' ? `list ${query?.['continue'] ?? ''}`.trim() : `watch ${query?.['resourceVersion']}`,
    );
  return { seen, waits, troubles, asked, requests: client.requests };
}

test('lists page by page, then watches from the list’s version', async () => {
  const { seen, asked, requests } = await follow([
    page(9, [item('a', 1), item('b', 2)], 'more'),
    page(9, [item('c', 3)]),
    [event('ADDED', item('d', 10)), event('MODIFIED', item('a', 11)), event('DELETED', item('b', 12))],
  ]);
  assert.deepEqual(seen, [
    'listed a 9',
    'listed b 9',
    'listed c 9',
    'list 9',
    'added d 10',
    'modified a 11',
    'deleted b 12',
  ]);
  assert.deepEqual(asked, ['list', 'list more', 'watch 9']);
  assert.deepEqual(requests[0]?.query, { limit: '2' });
  assert.deepEqual(requests[2]?.query, {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: '9',
    timeoutSeconds: '450',
  });
});

const start = page(9, [item('a', 1)]);
const resumed: [rule: string, script: Answer[], asked: string[], seen: string[]][] = [
  [
    'a watch that ends goes on from its last event',
    [start, [event('MODIFIED', item('a', 10))], []],
    ['watch 9', 'watch 10'],
    ['modified a 10'],
  ],
  [
    'a bookmark moves the place, and tells nothing',
    [start, [event('BOOKMARK', item('', 50))], []],
    ['watch 9', 'watch 50'],
    [],
  ],
  [
    'a drop in the middle of a line: the event comes again',
    [start, chunks([event('ADDED', item('b', 10)), '{"type":"ADD'], reset), [event('ADDED', item('c', 11))], []],
    ['watch 9', 'watch 10', 'watch 11'],
    ['added b 10', 'added c 11'],
  ],
  [
    'an event cut into chunks',
    [start, [event('ADDED', item('b', 10)).slice(0, 9), event('ADDED', item('b', 10)).slice(9)], []],
    ['watch 9', 'watch 10'],
    ['added b 10'],
  ],
  [
    'a damaged line: from the last good event',
    [start, [event('ADDED', item('b', 10)), 'x\n'], []],
    ['watch 9', 'watch 10'],
    ['added b 10'],
  ],
  ['an error that is no 410', [start, [event('ERROR', { code: 500 })], []], ['watch 9', 'watch 9'], []],
  [
    'created again after a watched deletion',
    [start, [event('DELETED', item('a', 10)), event('ADDED', item('a', 11))], []],
    ['watch 9', 'watch 11'],
    ['deleted a 10', 'added a 11'],
  ],
];
for (const [rule, script, asked, seen] of resumed) {
  test(`no gap: ${rule}`, async () => {
    const run = await follow(script);
    assert.deepEqual(run.asked.slice(1), asked);
    assert.deepEqual(run.seen.slice(2), seen);
  });
}

const gaps: [rule: string, answer: Answer][] = [
  ['410 as status', expired],
  ['410 as event', [event('ERROR', { code: 410 })]],
];
for (const [rule, answer] of gaps) {
  test(`gap: ${rule}: lists again, finds what is missing, and calls nothing added`, async () => {
    const { seen, asked } = await follow([
      page(9, [item('a', 1), item('b', 2)]),
      answer,
      page(20, [item('a', 1), item('c', 15)]),
      [event('ADDED', item('d', 21)), event('MODIFIED', item('c', 22))],
    ]);
    assert.deepEqual(asked, ['list', 'watch 9', 'list', 'watch 20']);
    assert.deepEqual(seen.slice(3), [
      'listed a 20',
      'found c 20',
      'missing b 20',
      'list 20',
      'added d 21',
      'modified c 22',
    ]);
  });
}

test('410 in the middle of a list: from the first page again', async () => {
  const { asked, seen } = await follow([page(9, [item('a', 1)], 'more'), expired, page(12, [item('a', 1)]), []]);
  assert.deepEqual(asked, ['list', 'list more', 'list', 'watch 12']);
  assert.equal(seen.at(-1), 'list 12');
});

test('failures wait longer each time, and an event ends the row', async () => {
  const { waits, troubles } = await follow([
    start,
    failed(),
    failed(),
    failed(),
    [event('ADDED', item('b', 10))],
    failed(),
    [],
  ]);
  assert.deepEqual(waits.slice(0, 4), [400, 800, 1_600, 400]);
  assert.deepEqual(
    troubles.slice(0, 4),
    Array.from({ length: 4 }, () => 'api-failed'),
  );
});

test('Retry-After is waited for', async () => {
  const throttled = new LockstepError('api-throttled', { message: 'later', afterMs: 7_000 });
  assert.deepEqual((await follow([start, throttled, []])).waits[0], 7_000);
});

test('an answer that is no list is a failure, not a crash', async () => {
  assert.deepEqual((await follow([{}, start, []])).troubles[0], 'api-failed');
});

for (const fails of ['parser', 'handler'] as const) {
  test(`what a ${fails} throws is told as a bug, and all is listed again`, async () => {
    const stop = new AbortController();
    const [troubles, seen]: [string[], string[]] = [[], []];
    let broken = true;
    const breakOnce = (part: string, name: string): void => {
      if (part !== fails || name !== 'b' || !broken) return;
      broken = false;
      throw new TypeError('bug');
    };
    const script = [start, [event('ADDED', item('b', 10))], page(10, [item('b', 10)]), []];
    await reflect<string>(
      {
        client: createFakeClient([...script, failed()], () => stop.abort()),
        resource: 'secrets',
        path: '/api/v1/secrets',
        pageSize: 2,
        parse: ({ metadata }) => {
          breakOnce('parser', metadata.name);
          return { key: metadata.name, value: metadata.name };
        },
        onEvent: (told) => {
          if (!told.present) return;
          breakOnce('handler', told.object);
          seen.push(`${told.how} ${told.object}`);
        },
        onHeard: () => undefined,
        onListed: () => undefined,
        onTrouble: (error) => troubles.push(`${error.code} ${String(error.cause)}`),
        random: () => 0,
        sleep: async () => undefined,
      },
      stop.signal,
    );
    assert.deepEqual(troubles[0], 'internal TypeError: bug');
    assert.equal(seen.at(-1), fails === 'parser' ? 'found b' : 'listed b');
  });
}

test('I6: a damaged line is not quoted', async () => {
  const damaged = `{"type":"ADDED","object":{"data":{"k":"CANARY"x}}}\n`;
  const stop = new AbortController();
  const errors: LockstepError[] = [];
  await reflect<string>(
    {
      client: createFakeClient([start, [damaged], failed()], () => stop.abort()),
      resource: 'secrets',
      path: '/api/v1/secrets',
      pageSize: 2,
      parse: ({ metadata }) => ({ key: metadata.name, value: '' }),
      onEvent: () => undefined,
      onHeard: () => undefined,
      onListed: () => undefined,
      onTrouble: (error) => errors.push(error),
      random: () => 0,
      sleep: async () => undefined,
    },
    stop.signal,
  );
  assert.equal(errors[0]?.code, 'api-failed');
  assert.ok(!`${errors[0].message} ${String(errors[0].cause)}`.includes('CANARY'));
});
