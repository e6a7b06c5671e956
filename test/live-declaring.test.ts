// What the running service asks Git with is opened once, and again when that failed.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../server/config.ts';
import type { OwnerPlan } from '../server/core/engine.ts';
import { openLiveDeclaring } from '../server/live-declaring.ts';
import type { Ports } from '../server/ports.ts';

test('a state directory that cannot be written at first is tried again', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'lockstep-declaring-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const stateDir = join(directory, 'state');
  await writeFile(stateDir, 'no directory');
  const config = loadConfig({
    argv: [`--state-dir=${stateDir}`],
    env: {},
    hostname: 'test',
    tempDir: directory,
    isTerminal: false,
    readFile: () => '',
  });
  const ports = { client: {}, env: {}, readFile: () => '', now: () => 0, randomBytes } as unknown as Ports;
  const stop = new AbortController();
  const key = { id: 'k1', secret: randomBytes(32) };
  const { declare } = openLiveDeclaring(config, ports, { key, stop: stop.signal });
  const plan: OwnerPlan = { sources: [], overrides: [], finish: () => ({ namespace: 'shop', parts: [] }) };
  await assert.rejects(declare(plan, stop.signal), { code: 'ENOTDIR' });
  await rm(stateDir);
  assert.equal((await declare(plan, stop.signal)).kind, 'declared');
  stop.abort();
});
