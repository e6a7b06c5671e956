// What the running service asks Git with is opened once, and again when that failed.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadConfig } from '../server/config.ts';
import type { OwnerPlan } from '../server/core/engine.ts';
import { openLiveDeclaring } from '../server/live-declaring.ts';
import type { Ports } from '../server/ports.ts';

const plan: OwnerPlan = { sources: [], overrides: [], finish: () => ({ namespace: 'shop', parts: [] }) };

async function createRig(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'lockstep-declaring-'));
  const stateDir = join(directory, 'state');
  const stop = new AbortController();
  t.after(async () => {
    stop.abort();
    await rm(directory, { recursive: true, force: true });
  });
  const config = loadConfig({
    argv: [`--state-dir=${stateDir}`],
    env: {},
    hostname: 'test',
    tempDir: directory,
    isTerminal: false,
    readFile: () => '',
  });
  const ports = { client: {}, env: {}, readFile: () => '', now: () => 0, randomBytes } as unknown as Ports;
  const key = { id: 'k1', secret: randomBytes(32) };
  const { declare } = openLiveDeclaring(config, ports, { key, stop: stop.signal });
  return { stateDir, declare: async () => (await declare(plan, stop.signal)).kind };
}

test('a state directory that cannot be written at first is tried again', async (t) => {
  const { stateDir, declare } = await createRig(t);
  await writeFile(stateDir, 'no directory');
  await assert.rejects(declare(), { code: 'ENOTDIR' });
  await rm(stateDir);
  assert.equal(await declare(), 'declared');
});

test('what a process that was killed was rendering is removed before anything is rendered', async (t) => {
  const { stateDir, declare } = await createRig(t);
  const left = join(stateDir, 'declared', 'render', 'lockstep-render-x');
  await mkdir(left, { recursive: true });
  await writeFile(join(left, 'secret.yaml'), 'kind: Secret');
  assert.equal(await declare(), 'declared');
  assert.deepEqual(await readdir(join(stateDir, 'declared', 'render')), []);
});
