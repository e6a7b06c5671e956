import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findTools } from '../../server/render/find-tools.ts';
import { createQueue } from '../../server/render/queue.ts';
import { Refused } from '../../server/render/refused.ts';
import { createToolRunner, type RunnerLimits } from '../../server/render/run-tool.ts';

let directory = '';
before(async () => (directory = await mkdtemp(join(tmpdir(), 'run-tool-'))));
after(() => rm(directory, { recursive: true, force: true }));

const limits: RunnerLimits = { deadlineMs: 20_000, outputBytes: 1024 * 1024, memoryBytes: 64 * 1024 * 1024 };

async function script(body: string): Promise<string> {
  const file = join(directory, `tool-${body.length}-${Buffer.from(body).toString('hex').slice(-16)}`);
  await writeFile(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return file;
}

async function run(body: string, more: { limits?: Partial<RunnerLimits>; signal?: AbortSignal; input?: string } = {}) {
  const tools = await findTools({}, process.env['PATH'] ?? '');
  const runTool = createToolRunner({ limits: { ...limits, ...more.limits }, queue: createQueue(1), tools });
  const signal = more.signal ?? AbortSignal.timeout(30_000);
  return runTool({
    program: await script(body),
    name: 'tool',
    args: [],
    home: directory,
    directory,
    signal,
    input: more.input,
  });
}

test('input, output, exit code and the tool’s own words', async () => {
  assert.deepEqual(await run('/bin/cat; echo no >&2; exit 3', { input: 'text' }), {
    code: 3,
    stdout: 'text',
    stderr: 'no\n',
  });
});

test('nothing of the environment reaches the tool', async () => {
  process.env['CANARY'] = 'canary';
  const { stdout } = await run('/usr/bin/env');
  delete process.env['CANARY'];
  assert.doesNotMatch(stdout, /canary|KUBERNETES|_TOKEN/);
  assert.match(stdout, /^PATH=\/nonexistent$/m);
  assert.match(stdout, /^https_proxy=http:\/\/127\.0\.0\.1:9$/m);
});

const ended: readonly [string, string, Partial<RunnerLimits>, RegExp][] = [
  ['too long', 'exec /bin/sleep 60', { deadlineMs: 200 }, /^tool took longer than 0\.2 s$/],
  ['too much output', 'exec /usr/bin/yes', {}, /^tool printed more than 1 MiB$/],
];
for (const [rule, body, own, expected] of ended) {
  test(`a tool is ended: ${rule}`, async () => {
    await assert.rejects(
      run(body, { limits: own }),
      (error) => error instanceof Refused && expected.test(error.message),
    );
  });
}

test(
  'a tool that wants too much memory fails',
  { skip: !(await findTools({}, process.env['PATH'] ?? '')).prlimit },
  async () => {
    const { code } = await run('exec /usr/bin/tail /dev/zero');
    assert.notEqual(code, 0);
  },
);

test('an abort ends the tool and all that it started', async () => {
  const abort = new AbortController();
  const file = join(directory, 'child.pid');
  const running = run(`/bin/sleep 60 & echo $! > ${file}; wait`, { signal: abort.signal });
  const pid = await readPid(file);
  abort.abort(new Error('enough'));
  await assert.rejects(running, /enough/);
  await gone(pid);
});

async function readPid(file: string): Promise<number> {
  for (const deadline = performance.now() + 10_000; performance.now() < deadline;) {
    const pid = Number(await readFile(file, 'utf8').catch(() => ''));
    if (pid > 0) return pid;
    await new Promise(setImmediate);
  }
  return assert.fail('the tool did not start');
}

/** Killed, and reaped by whoever inherits it: until then it is a zombie. */
async function gone(pid: number): Promise<void> {
  for (const deadline = performance.now() + 10_000; performance.now() < deadline;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined || / Z /.test(stat)) return;
    await new Promise(setImmediate);
  }
  assert.fail('it still runs');
}

test('pipes are read in order, or not at all', async () => {
  const tools = await findTools({}, process.env['PATH'] ?? '');
  const runTool = createToolRunner({ limits, queue: createQueue(2), tools });
  const signal = AbortSignal.timeout(30_000);
  const large = 'x'.repeat(300_000);
  const read = async (index: number, body: (names: readonly string[]) => string): Promise<string> => {
    const pipes = ['a', large, 'c'].map((text, at) => ({ path: join(directory, `pipe-${index}-${at}`), text }));
    const program = await script(`${body(pipes.map(({ path }) => path))} # ${index}`);
    return (await runTool({ program, name: 'tool', args: [], home: directory, directory, pipes, signal })).stdout;
  };
  const all = await Promise.all(
    Array.from({ length: 12 }, (_, index) => read(index, (names) => `/bin/cat ${names.join(' ')}`)),
  );
  for (const text of all) assert.equal(text, `a${large}c`);
  assert.equal(await read(20, () => 'exit 0'), '');
  assert.equal(await read(21, ([first = '']) => `/bin/cat ${first}`), 'a');
  assert.equal(await read(22, ([first, second]) => `/bin/cat ${first}; /usr/bin/head -c 10 ${second}`), 'axxxxxxxxxx');
});

test('those that wait for their turn may leave, and the next one comes', async () => {
  const queue = createQueue(1);
  const signal = AbortSignal.timeout(10_000);
  const leaving = new AbortController();
  const first = Promise.withResolvers<void>();
  const done: string[] = [];
  const one = queue.run(signal, async () => (await first.promise, done.push('one')));
  const two = queue.run(leaving.signal, async () => done.push('two'));
  const three = queue.run(signal, async () => done.push('three'));
  leaving.abort(new Error('left'));
  await assert.rejects(two, /left/);
  first.resolve();
  await Promise.all([one, three]);
  assert.deepEqual(done, ['one', 'three']);
});
