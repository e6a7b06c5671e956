import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { findFreePort, startGuarded, startSweeper } from './processes.ts';

suite('guarded programs', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lockstep-processes-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  const start = (script: string) =>
    startGuarded({ name: 'sh', argv: ['sh', '-c', script], directory, logFile: join(directory, 'log') });

  test('a program that ends by itself passes on its status and its output', async () => {
    const program = start('echo "in $PWD"; exit 7');
    assert.equal(await program.exited, 7);
    assert.equal(await readFile(program.logFile, 'utf8'), `in ${directory}\n`);
    await program.stop();
  });

  test('stop kills a program that ignores signals', async () => {
    const program = start('trap "" TERM INT HUP; while :; do sleep 0.1; done');
    await program.stop();
    assert.equal(await program.exited, 137);
  });

  test('the sweeper removes the directory when it is let go', async () => {
    const swept = await mkdtemp(join(tmpdir(), 'lockstep-swept-'));
    const sweeper = startSweeper(swept);
    await stat(swept);
    await sweeper.stop();
    await assert.rejects(stat(swept), { code: 'ENOENT' });
  });

  test('free ports differ and lie below the ephemeral range', async () => {
    const ports = await Promise.all(Array.from({ length: 5 }, findFreePort));
    assert.ok(ports.every((port) => port >= 20_000 && port < 32_768));
    assert.equal(new Set(ports).size, ports.length);
  });
});
