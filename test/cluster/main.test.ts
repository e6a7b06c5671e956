import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { whySkipped } from './binaries.ts';
import { kubectl } from './cluster.ts';
import { waitFor } from './wait.ts';

const main = join(import.meta.dirname, 'main.ts');
const run = promisify(execFile);

test('an unknown argument is refused by name', async () => {
  await assert.rejects(run(process.execPath, [main, '--keep']), { code: 2, stderr: /unknown argument --keep/ });
});

suite('npm run cluster', { skip: await whySkipped() }, () => {
  test('planes run side by side; however one ends, it leaves no process and no file', async () => {
    await using direct = await startMain(process.execPath, [main]);
    await using killed = await startMain(process.execPath, [main]);
    await using npm = await startMain('npm', ['run', 'cluster']);
    await Promise.all([
      kubectl(direct, ['create', 'configmap', 'one']),
      kubectl(killed, ['create', 'configmap', 'two']),
    ]);
    const names = (plane: Started) => kubectl(plane, ['get', 'configmaps', '-o', 'name']);
    assert.match(await names(direct), /\/one/);
    assert.doesNotMatch(await names(killed), /\/one/);
    assert.ok((await listProcesses(direct.directory)).length >= 3, 'etcd, kube-apiserver and kube-controller-manager');

    direct.process.kill('SIGINT');
    assert.deepEqual(await once(direct.process, 'exit'), [0, null]);
    assert.deepEqual(await listProcesses(direct.directory), []);
    assert.equal(existsSync(direct.directory), false);
    assert.match(await names(killed), /\/two/, 'another plane is not concerned');

    killed.process.kill('SIGKILL');
    npm.process.kill('SIGTERM');
    for (const { directory } of [killed, npm]) {
      const isGone = async () => (await listProcesses(directory)).length === 0 && !existsSync(directory);
      await waitFor(isGone, { what: 'the end of all processes', deadlineMs: 10_000 });
    }
  });

  test('a start that is interrupted leaves nothing either', async () => {
    const temporary = await mkdtemp(join(tmpdir(), 'lockstep-interrupted-'));
    const child = spawn(process.execPath, [main], { env: { ...process.env, TMPDIR: temporary } });
    const started = async () => (await listProcesses(temporary)).some((line) => line.includes('kube-apiserver'));
    await waitFor(started, { what: 'the start of the API server', deadlineMs: 10_000 });
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [130, null]);
    assert.deepEqual(await listProcesses(temporary), []);
    await rmdir(temporary); // fails unless it is empty
  });
});

interface Started extends AsyncDisposable {
  process: ChildProcess;
  directory: string;
  url: string;
  kubeconfig: string;
  auditLog: string;
  kubectl: string;
}

/** Reads from what it prints where the plane is. */
async function startMain(command: string, args: readonly string[]): Promise<Started> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const line of createInterface({ input: child.stdout })) {
    text += `${line}\n`;
    if (line.startsWith('Ctrl-C')) break;
  }
  const read = (pattern: RegExp) => pattern.exec(text)?.[1] ?? assert.fail(`no ${pattern} in: ${text}`);
  const kubeconfig = read(/export KUBECONFIG=(.*)/);
  return {
    process: child,
    directory: dirname(kubeconfig),
    url: read(/ at (.*),/),
    kubeconfig,
    auditLog: read(/audit log +(.*)/),
    kubectl: read(/kubectl +(.*)/),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** The command lines that name the plane's directory. */
async function listProcesses(directory: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'args=']);
  return stdout.split('\n').filter((line) => line.includes(directory) && !line.startsWith('ps '));
}
