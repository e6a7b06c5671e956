import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode, type ErrorCode } from '../../server/core/errors.ts';
import type { OwedState, OwedWorkload } from '../../server/core/hook.ts';
import { waitUntilNothingOwed, type WaitOptions } from '../../server/http/hook-client.ts';

const options: WaitOptions = {
  server: new URL('http://lockstep.test:8080'),
  request: { phase: 'postsync', namespace: 'shop', application: 'shop' },
  timeoutMs: 60_000,
  intervalMs: 1000,
};

const owed = (name: string, state: OwedState = 'owed'): OwedWorkload => ({
  workload: { kind: 'Deployment', namespace: 'shop', name },
  state,
  reason: 'changed',
});
const answer =
  (...workloads: OwedWorkload[]) =>
  () =>
    Response.json({ done: workloads.length === 0, owed: workloads });
const failure = (status: number, message: string) => () => Response.json({ code: 'x', message }, { status });
const refused = (): never => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) });
};

/** The replies one after the other, the last one for ever, on a clock that only sleeping moves. */
function play(replies: (() => Response)[], more: Partial<WaitOptions> = {}) {
  const printed: string[] = [];
  const asked: string[] = [];
  let now = 0;
  const result = waitUntilNothingOwed(
    { ...options, ...more },
    {
      fetch: async (url) => {
        asked.push(url instanceof URL ? url.href : '');
        return (replies.length > 1 ? replies.shift() : replies[0])?.() ?? Response.error();
      },
      now: () => now,
      sleep: async (ms) => void (now += ms),
      print: (line) => void printed.push(line),
      signal: new AbortController().signal,
    },
  );
  return { result, printed, asked };
}

test('hook client: nothing owed, heard twice', async () => {
  const { result, printed, asked } = play([answer()]);
  assert.equal(await result, 'nothing was owed in namespace shop');
  assert.deepEqual(printed, []);
  assert.deepEqual(
    asked,
    Array(2).fill('http://lockstep.test:8080/v1/namespaces/shop/owed?phase=postsync&application=shop'),
  );
});

test('hook client: waits until all is restarted and available, and says what it waited for', async () => {
  const { result, printed } = play([
    answer(owed('web'), owed('db')),
    answer(owed('web'), owed('db')),
    answer(owed('web', 'rolling')),
    answer(),
  ]);
  assert.equal(
    await result,
    'restarted and available in namespace shop after 4.0s: Deployment/shop/db, Deployment/shop/web',
  );
  assert.deepEqual(printed, [
    'waiting for Deployment/shop/web (owed: changed), Deployment/shop/db (owed: changed)',
    'waiting for Deployment/shop/web (rolling: changed)',
  ]);
});

test('hook client: a change that reaches the server a moment later is waited for', async () => {
  const { result } = play([answer(), answer(owed('web')), answer()]);
  assert.match(await result, /after 3\.0s: Deployment\/shop\/web$/);
});

test('hook client: a server that restarts in between is waited for', async () => {
  const { result, printed } = play([answer(owed('web')), refused, failure(503, 'not synced yet: secrets'), answer()]);
  assert.match(await result, /Deployment\/shop\/web$/);
  assert.deepEqual(printed.slice(1), [
    'cannot reach http://lockstep.test:8080: ECONNREFUSED; trying again',
    'waiting for the server: 503 not synced yet: secrets',
  ]);
});

const failures: [
  rule: string,
  replies: (() => Response)[],
  more: Partial<WaitOptions>,
  code: ErrorCode,
  message: RegExp,
][] = [
  [
    'the deadline passes',
    [answer(owed('web', 'blocked'))],
    {},
    'hook-deadline',
    /^namespace shop after 1m: still owed: Deployment\/shop\/web \(blocked: changed\)$/,
  ],
  ['the server never gets ready', [failure(503, 'not synced')], {}, 'hook-deadline', /not known/],
  [
    'nobody listens',
    [refused],
    {},
    'hook-server-unreachable',
    /^cannot reach http:\/\/lockstep\.test:8080: ECONNREFUSED$/,
  ],
  ['nobody listens until a short deadline', [refused], { timeoutMs: 3000 }, 'hook-server-unreachable', /ECONNREFUSED/],
  [
    'the server goes away before the deadline',
    [answer(owed('web')), refused],
    { timeoutMs: 3000 },
    'hook-deadline',
    /still owed: Deployment\/shop\/web/,
  ],
  ['the namespace is not watched', [failure(404, 'not watched')], {}, 'hook-server-refused', /404 not watched$/],
  ['somebody else answers', [() => new Response('<html>')], {}, 'hook-answer-invalid', /not what Lockstep answers/],
];
for (const [rule, replies, more, code, message] of failures) {
  test(`hook client fails: ${rule}`, async () => {
    await assert.rejects(play(replies, more).result, (error: unknown) => {
      assert.ok(hasCode(error, code), String(error));
      assert.match(error.message, message);
      return true;
    });
  });
}
