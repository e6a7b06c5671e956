import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { whySkipped } from '../cluster/binaries.ts';
import { kubectl, sharedCluster } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait.ts';

const deadlineMs = 180_000;
const main = join(import.meta.dirname, 'main.ts');

test('demo --once --json in memory', async () => {
  await using run = await startDemo(['--once', '--json']);
  assertStory(await run.ended, 'memory');
});

test('without --once it goes on until Ctrl-C, says how to play, and ends with the figures', async () => {
  await using run = await startDemo(['--json']);
  await waitFor(async () => run.said.err.includes('Ctrl-C stops it'), { what: 'the invitation', deadlineMs });
  assert.match(run.said.err, /export KUBECONFIG=\S+\n.* kubectl -n lockstep-demo patch secret web-tls /);
  assert.equal(run.said.out, '', 'the figures come last');
  run.interrupt();
  assertStory(await run.ended, 'memory');
});

test('without Lockstep the figures are wrong, and still there', async () => {
  await using run = await startDemo(['--once', '--json']);
  const ready = async () => /is ready: pid (\d+)/.exec(run.said.err)?.[1];
  const pid = await waitFor(ready, { what: 'a running Lockstep', deadlineMs });
  process.kill(-Number(pid), 'SIGKILL'); // the group that Lockstep is in
  const { code, out, err } = await run.ended;
  assert.equal(code, 1);
  assert.match(err, /demo +gives up: Lockstep ended with/);
  const { missed, restarts, pullRequests, diffLines } = JSON.parse(out) as Record<string, number>;
  assert.deepEqual({ pullRequests, diffLines }, { pullRequests: 0, diffLines: 0 });
  // On a busy machine the restart may have come before the end of Lockstep.
  assert.ok(missed === 1 || restarts === 1, out);
});

test('ended half-way it leaves nothing', async () => {
  await using run = await startDemo(['--once']);
  await waitFor(async () => run.said.out.includes('is ready'), { what: 'a running Lockstep', deadlineMs });
  run.interrupt();
  assert.equal((await run.ended).code, 130);
});

test('killed half-way it leaves nothing either', async () => {
  await using run = await startDemo(['--once']);
  await waitFor(async () => run.said.out.includes('is ready'), { what: 'a running Lockstep', deadlineMs });
  run.kill();
  const isGone = async () =>
    (await listProcesses(run.directory)).length === 0 && (await readdir(run.directory)).length === 0;
  await waitFor(isGone, { what: 'the end of all processes and files', deadlineMs: 10_000 });
});

test('text goes to stdout, without colours where there is no terminal', async () => {
  await using run = await startDemo(['--once']);
  const { code, out, err } = await run.ended;
  assert.deepEqual({ code, err }, { code: 0, err: '' });
  assert.match(out, /^ +\d+\.\d s {2}Lockstep {6}restarts Deployment web, \d+ ms after the change/m);
  assert.match(out, /^ {2}pod templates changed after the merge +0 {3}ok$/m);
  assert.match(out, /Lockstep {6}Event DriftFound: .* in index\.html; written by kubectl-edit$/m);
  assert.match(out, /^ +ConfigMap\/web-pages +index\.html +different /m);
  // oxlint-disable-next-line no-control-regex -- colours begin with one
  assert.doesNotMatch(out, /\u001b/);
});

suite('the demo on a real control plane', { skip: await whySkipped() }, () => {
  test('demo --once --json --cluster real', async () => {
    await using run = await startDemo(['--once', '--json', '--cluster', 'real']);
    assertStory(await run.ended, 'real');
  });

  test('demo --once --json --cluster kubeconfig, which removes what it made', async () => {
    await using cluster = await sharedCluster();
    await using run = await startDemo(['--once', '--json', '--cluster=kubeconfig'], { KUBECONFIG: cluster.kubeconfig });
    assertStory(await run.ended, 'kubeconfig');
    const isGone = async () => !(await kubectl(cluster, ['get', 'namespaces', '-o', 'name'])).includes('lockstep-demo');
    await waitFor(isGone, { what: 'the end of the namespaces', deadlineMs });
  });

  test('a namespace of that name that is there already is left alone', async () => {
    await using cluster = await sharedCluster();
    await kubectl(cluster, ['create', 'namespace', 'lockstep-demo']);
    try {
      await using run = await startDemo(['--once', '--cluster=kubeconfig'], { KUBECONFIG: cluster.kubeconfig });
      const { code, err } = await run.ended;
      assert.equal(code, 1);
      assert.match(err, /the namespace lockstep-demo exists already/);
      await kubectl(cluster, ['get', 'namespace', 'lockstep-demo']);
    } finally {
      await kubectl(cluster, ['delete', 'namespace', 'lockstep-demo']);
    }
  });
});

test('an unknown flag is refused by name', async () => {
  await using run = await startDemo(['--onc']);
  const { code, out, err } = await run.ended;
  assert.deepEqual({ code, out }, { code: 2, out: '' });
  assert.match(err, /unknown flag --onc; did you mean --once\?/);
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Run extends AsyncDisposable {
  readonly said: { out: string; err: string };
  readonly ended: Promise<Ended>;
  readonly directory: string;
  interrupt(): void;
  kill(): void;
}

/** Starts the demo with a temporary directory of its own: it and every process that names it must be gone at the end. */
async function startDemo(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const directory = await mkdtemp(join(tmpdir(), 'lockstep-demo-test-'));
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...env, TMPDIR: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: deadlineMs,
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const ended = once(child, 'close').then(async ([code]) => {
    assert.deepEqual(await listProcesses(directory), [], 'processes that are left');
    assert.deepEqual(await readdir(directory), [], 'files that are left');
    return { code: Number(code), ...said };
  });
  ended.catch(() => {}); // whoever awaits it hears of it
  return {
    said,
    ended,
    directory,
    interrupt: () => void child.kill('SIGINT'),
    kill: () => void child.kill('SIGKILL'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGINT');
      await ended.catch(() => {});
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function assertStory({ code, out, err }: Ended, cluster: string): void {
  const lines = out.split('\n');
  assert.equal(lines.pop(), '', 'ends with a newline');
  const asDeclared = { driftsFound: 1, driftRollouts: 1, driftsGone: 1, revertRollouts: 1, takenBackRollouts: 0 };
  const drift = cluster === 'kubeconfig' ? {} : asDeclared;
  const { restartMs, diffLines, ...figures } = JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
  assert.deepEqual(
    figures,
    { cluster, restarts: 1, rollouts: 1, pullRequests: 1, rolloutsAfterMerge: 0, missed: 0, ...drift },
    err,
  );
  assert.ok(typeof restartMs === 'number' && restartMs > 0 && restartMs < 30_000, String(restartMs));
  assert.ok(diffLines === 1 || diffLines === 2, String(diffLines));
  assert.equal(code, 0);
}

/** Command lines and environments that name the directory. */
async function listProcesses(directory: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const read = (pid: string, file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [command, environment] = await Promise.all([read(pid, 'cmdline'), read(pid, 'environ')]);
      return command.includes(directory) || environment.includes(directory) ? command.replaceAll('\0', ' ') : '';
    }),
  );
  return found.filter((line) => line !== '');
}
