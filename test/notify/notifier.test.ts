import assert from 'node:assert/strict';
import { lookup } from 'node:dns';
import { test, type TestContext } from 'node:test';
import { createLogger } from '../../server/logger.ts';
import { createNotifier, mostWaiting } from '../../server/notify/notifier.ts';
import { createSink } from '../../server/notify/sink.ts';
import { sinks } from '../../server/registry.ts';
import { startReceiver, status, type AnswerWith } from './receiver.ts';

const path = '/services/T0/s3cr3t';

async function start(context: TestContext, answer: AnswerWith, timeoutMs?: number) {
  const receiver = await startReceiver(context, answer);
  const lines: string[] = [];
  const logged: ((line: string) => void)[] = [];
  const write = (line: string): void => {
    lines.push(line);
    for (const told of logged) told(line);
  };
  const log = createLogger({ level: 'debug', format: 'json', destination: { write } });
  const stop = new AbortController();
  context.after(() => stop.abort());
  const sink = createSink({
    format: sinks.slack,
    url: `http://me:pass@127.0.0.1:${receiver.port}${path}`,
    proxy: undefined,
    resolve: (host, done) => lookup(host, { all: true }, done),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const said = (words: string): Promise<void> =>
    new Promise((resolve) => {
      if (lines.some((line) => line.includes(words))) return resolve();
      logged.push((line) => {
        if (line.includes(words)) resolve();
      });
    });
  return { receiver, lines, said, stop, notifier: createNotifier({ sink, log, signal: stop.signal }) };
}

test('notifier: one after the other, in order', async (context) => {
  const { receiver, notifier, lines } = await start(context, status(200));
  for (const text of ['a', 'b', 'c']) notifier.notify(text);
  await receiver.arrived(3);
  assert.deepEqual(
    receiver.received.map(({ body }) => /"text":"(.)"/.exec(body)?.[1]),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(lines, []);
});

test('notifier: a receiver that takes and says nothing holds nothing up, and memory stays bounded', async (context) => {
  const { receiver, notifier, lines, stop } = await start(context, () => undefined);
  const startedAt = performance.now();
  for (let n = 0; n < 5 * mostWaiting; n++) notifier.notify(`alert ${n}`);
  assert.ok(performance.now() - startedAt < 1_000);
  await receiver.arrived(1);
  assert.equal(receiver.received.length, 1);
  assert.equal(lines.length, 1, 'that the queue is full is said once');
  stop.abort();
  notifier.notify('after the end');
  assert.equal(receiver.received.length, 1);
});

test('notifier: the next is tried after the deadline, failures are told once, and their end with a count', async (context) => {
  const failures: AnswerWith = (response, index) => {
    if (index >= 3) status(200)(response, index);
    else if (index > 0) status(500)(response, index);
  };
  const { receiver, notifier, lines, said } = await start(context, failures, 100);
  for (const text of ['a', 'b', 'c', 'd']) notifier.notify(text);
  await receiver.arrived(4);
  await said('delivered again');
  const told = lines.map((line) => JSON.parse(line) as { level: string; msg: string; sink: string; lost?: number });
  assert.deepEqual(
    told.map(({ level, msg, sink, lost }) => ({ level, msg, sink, lost })),
    [
      {
        level: 'error',
        msg: 'alert not delivered; told again when one is',
        sink: `127.0.0.1:${receiver.port}`,
        lost: undefined,
      },
      { level: 'info', msg: 'alerts are delivered again', sink: `127.0.0.1:${receiver.port}`, lost: 3 },
    ],
  );
});

const failing: [rule: string, answer: AnswerWith][] = [
  ['refuses', status(500)],
  ['redirects', status(302, { location: 'http://127.0.0.1:1/s3cr3t' })],
  ['hangs up', (response) => void response.destroy()],
  ['never answers', () => undefined],
];
for (const [rule, answer] of failing) {
  test(`notifier: no part of the URL but its host is logged when the receiver ${rule}`, async (context) => {
    const { notifier, lines, said, receiver } = await start(context, answer, 100);
    notifier.notify('a');
    await said('alert not delivered');
    assert.equal(lines.length, 1);
    assert.match(lines.join(''), new RegExp(`127.0.0.1:${receiver.port}`));
    assert.doesNotMatch(lines.join(''), /s3cr3t|services|me:pass|http:/);
  });
}
