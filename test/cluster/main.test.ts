import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
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
  test('planes run side by side; stopped or killed, each leaves no process and no file', async () => {
    await using first = await startMain();
    await using second = await startMain();
    await Promise.all([
      kubectl(first, ['create', 'configmap', 'one']),
      kubectl(second, ['create', 'configmap', 'two']),
    ]);
    const names = (plane: Started) => kubectl(plane, ['get', 'configmaps', '-o', 'name']);
    assert.match(await names(first), /\/one/);
    assert.doesNotMatch(await names(second), /\/one/);
    assert.ok((await listProcesses(first.directory)).length >= 3, 'etcd, kube-apiserver and kube-controller-manager');

    first.process.kill('SIGINT');
    assert.deepEqual(await once(first.process, 'exit'), [0, null]);
    assert.deepEqual(await listProcesses(first.directory), []);
    assert.equal(existsSync(first.directory), false);
    assert.match(await names(second), /\/two/, 'the other one is not concerned');

    second.process.kill('SIGKILL');
    const isGone = async () => (await listProcesses(second.directory)).length === 0 && !existsSync(second.directory);
    await waitFor(isGone, { what: 'the end of all processes', deadlineMs: 10_000 });
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
async function startMain(): Promise<Started> {
  const child = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] });
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
