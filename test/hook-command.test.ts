import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { runHook } from '../server/hook-command.ts';
import { startRig } from './http/rig.ts';

async function run(argv: string[], signal = new AbortController().signal) {
  const out: string[] = [];
  const err: string[] = [];
  const push = (lines: string[]) => (line: string) => void lines.push(line);
  const code = await runHook(argv, { fetch, stdout: push(out), stderr: push(err), signal });
  return { code, out, err };
}

const web = {
  workload: { kind: 'Deployment', namespace: 'shop', name: 'web' },
  state: 'owed',
  reason: 'changed',
} as const;
const flags = ['--namespace=shop', '--interval=100ms'];

test('hook postsync: 0 with one line at the end that says what it waited for', async (context: TestContext) => {
  const rig = await startRig(context);
  let asked = 0;
  rig.owed.push(web);
  const answered = await startRig(context, { owed: () => (++asked < 3 ? rig.owed : []) });
  const { code, out, err } = await run(['postsync', '--server', answered.url, ...flags]);
  assert.equal(code, 0);
  assert.deepEqual(err, []);
  assert.match(out.at(-1) ?? '', /^restarted and available in namespace shop after \d\.\ds: Deployment\/shop\/web$/);
});

test('hook postsync: 1 at the deadline, naming what is still owed', async (context: TestContext) => {
  const rig = await startRig(context);
  rig.owed.push(web);
  const { code, err } = await run(['postsync', '--server', rig.url, '--timeout=300ms', ...flags]);
  assert.equal(code, 1);
  assert.match(
    err.join(),
    /^namespace shop after 300ms: still owed: Deployment\/shop\/web \(owed: changed\) \(hook-deadline: /,
  );
});

test('hook postsync: 1 when it is ended', async (context: TestContext) => {
  const rig = await startRig(context);
  rig.owed.push(web);
  const { code, err } = await run(['postsync', '--server', rig.url, ...flags], AbortSignal.abort());
  assert.equal(code, 1);
  assert.deepEqual(err, ['ended before everything was restarted and available']);
});

test('hook postsync: 2 when the server cannot be reached', async (context: TestContext) => {
  const rig = await startRig(context);
  await rig.stop();
  const { code, err } = await run(['postsync', '--server', rig.url, '--timeout=200ms', ...flags]);
  assert.equal(code, 2);
  assert.match(err.join(), /^cannot reach http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED \(hook-server-unreachable: /);
});

test('hook: --help', async () => {
  const { code, out } = await run(['postsync', '--help']);
  assert.equal(code, 0);
  assert.match(out.join(), /-n, --namespace string/);
});

for (const [rule, argv, message] of [
  [
    'unknown flag',
    ['postsync', '-n', 'x', '--sever', 'u'],
    /^unknown flag --sever; did you mean --server\? \(config-invalid/,
  ],
  ['no namespace', ['postsync'], /^--namespace is missing/],
  ['no phase', ['-n', 'x'], /^hook "": want postsync/],
  ['unknown phase', ['postsink', '-n', 'x'], /^hook "postsink": want postsync; did you mean postsync\?/],
  ['a server that is no URL', ['postsync', '-n', 'x', '--server=lockstep'], /^--server: want an http or https URL/],
] as const) {
  test(`hook: 2 for ${rule}`, async () => {
    const { code, err } = await run([...argv]);
    assert.equal(code, 2);
    assert.match(err.join(), message);
  });
}
