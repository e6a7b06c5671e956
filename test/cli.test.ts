import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { runCli } from '../server/cli.ts';

/** Runs a command line; `onOutput` sees each piece of standard output. */
async function run(argv: readonly string[], stop = new AbortController(), onOutput?: (text: string) => void) {
  const said = { out: '', err: '' };
  const code = await runCli({
    argv,
    env: { PATH: process.env['PATH'] },
    hostname: 'here',
    tempDir: tmpdir(),
    readFile: () => '',
    readBytes: () => new Uint8Array(),
    stdout: {
      write: (text) => {
        said.out += text;
        onOutput?.(text);
      },
    },
    stderr: { write: (text) => void (said.err += text) },
    signal: stop.signal,
    version: '9.9.9',
  });
  return { code, ...said };
}

test('cli: version and help', async () => {
  for (const word of ['version', '--version'])
    assert.deepEqual(await run([word]), { code: 0, out: '9.9.9\n', err: '' });
  const { code, out } = await run(['help']);
  assert.equal(code, 0);
  assert.match(out, /lockstep pr list/);
});

test('cli: an unknown command is refused by name', async () => {
  const { code, err } = await run(['srve']);
  assert.equal(code, 2);
  assert.match(err, /^unknown command srve; did you mean serve\?/);
});

test('cli: serve that is ended before it reached the API server ends well', async (context: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-cli-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const kubeconfig = join(folder, 'kubeconfig');
  const entry = {
    clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:1' } }],
    users: [{ name: 'u', user: {} }],
  };
  const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
  writeFileSync(kubeconfig, JSON.stringify({ ...entry, contexts, 'current-context': 'x' }));
  const stop = new AbortController();
  const flags = [`--kubeconfig=${kubeconfig}`, '--address=127.0.0.1:0', '--metrics-address=127.0.0.1:0'];
  const { code, out, err } = await run(flags, stop, (text) => {
    if (text.includes('cannot start yet')) stop.abort();
  });
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /api-unreachable/);
});

test('cli: pr that is ended says so, without a stack', async () => {
  const stop = new AbortController();
  stop.abort();
  const { code, err } = await run(['pr', 'list', '--repository', '/nowhere'], stop);
  assert.deepEqual([code, err], [1, 'ended before it was done\n']);
});

test('cli: a diff that is ended, or finds a bug, never says that something differs', async () => {
  const stop = new AbortController();
  stop.abort();
  const ended = await run(['diff', '-n', 'shop', '--kubeconfig', '/nowhere'], stop);
  assert.equal(ended.code, 2);
  assert.match(ended.err, /^ended before it was done/);
  const broken = await run(['diff', '--help'], new AbortController(), () => {
    throw new TypeError('a bug');
  });
  assert.equal(broken.code, 2);
  assert.match(broken.err, /^TypeError: a bug\n +at /);
});

test('cli: diff --help says what the exit codes are', async () => {
  const { code, out, err } = await run(['diff', '--help']);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^lockstep diff \[-n namespace \| -A\] \[flags\]/);
  assert.match(out, /Exit code 0: nothing that can be compared differs, 1: /);
});
