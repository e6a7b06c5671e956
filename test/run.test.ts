// The runner's last lines and exit status, on small trees of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';

const passing = "import { test } from 'node:test'; test('passes', () => {});";
const failing = "import { test } from 'node:test'; test('fails', () => { throw new Error('planted'); });";
const skipped =
  "import { suite, test } from 'node:test'; suite('all', { skip: 'no tool' }, () => { test('one', () => {}); });";
const broken = "import './nowhere.ts';";
const hanging = `import { spawn } from 'node:child_process'; import { test } from 'node:test';
  test('hangs', async () => { spawn('sleep', ['30'], { detached: true }); console.log('# hanging'); await new Promise((resolve) => setTimeout(resolve, 30_000)); });`;

const rows: [
  rule: string,
  tree: Record<string, string>,
  wanted: { args?: string[]; ci?: string; status: number; end: RegExp },
][] = [
  [
    'everything passes',
    { 'test/a.test.ts': passing, 'test/deep/b.test.ts': passing },
    { status: 0, end: /ran 2 files\n2 passed, 0 failed, 0 skipped\n$/ },
  ],
  [
    'a failure fails',
    { 'test/a.test.ts': passing, 'test/b.test.ts': failing },
    { status: 1, end: /\n1 passed, 1 failed, 0 skipped\n$/ },
  ],
  [
    'a file that cannot be loaded fails',
    { 'test/a.test.ts': broken },
    { status: 1, end: /\n0 passed, 1 failed, 0 skipped\n$/ },
  ],
  [
    'what is skipped is named with the reason',
    { 'test/a.test.ts': passing, 'test/b.test.ts': skipped },
    { status: 0, end: /could not run 1: no tool\n1 passed, 0 failed, 1 skipped\n$/ },
  ],
  [
    'in CI a skip fails',
    { 'test/a.test.ts': passing, 'test/b.test.ts': skipped },
    { ci: 'true', status: 1, end: /CI is set, so skipped tests are failures\n1 passed, 0 failed, 1 skipped\n$/ },
  ],
  [
    'words choose files',
    { 'test/a.test.ts': passing, 'test/b.test.ts': failing },
    { args: ['a.test'], status: 0, end: /ran 1 file\n1 passed, 0 failed, 0 skipped\n$/ },
  ],
  [
    'words that choose none fail',
    { 'test/a.test.ts': passing },
    {
      args: ['nothing'],
      status: 1,
      end: /no test file has such a name\nran 0 files\n0 passed, 0 failed, 0 skipped\n$/,
    },
  ],
];

for (const [rule, tree, { args = [], ci = '', status, end }] of rows) {
  test(`run: ${rule}`, async (t) => {
    const runner = start(t, tree, { args, ci });
    assert.equal(await runner.exited, status, runner.output());
    assert.match(runner.output(), end);
  });
}

test('run: Ctrl-C ends it, and a process that was left behind is named', async (t) => {
  const runner = start(t, { 'test/a.test.ts': hanging }, { args: [], ci: '' });
  while (!runner.output().includes('hanging')) await once(runner.child.stdout, 'data');
  runner.child.kill('SIGINT');
  assert.equal(await runner.exited, 130, runner.output());
  const [, left] = /still running: (\d+) sleep 30\n/.exec(runner.output()) ?? [];
  assert.ok(left !== undefined, runner.output());
  process.kill(Number(left));
  assert.match(runner.output(), /interrupted: not everything ran\n/);
});

function start(t: TestContext, tree: Record<string, string>, { args, ci }: { args: string[]; ci: string }) {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-run-'));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  // A runner inside a test would otherwise take itself for a part of it.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const runner = join(import.meta.dirname, 'run.ts');
  const child = spawn(process.execPath, [runner, ...args], {
    cwd: directory,
    env: { ...env, CI: ci },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, exited: once(child, 'close').then(([code]) => Number(code)), output: () => output };
}
