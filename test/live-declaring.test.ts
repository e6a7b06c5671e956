import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Config } from '../server/config.ts';
import { openLiveDeclaring } from '../server/live-declaring.ts';
import type { Ports } from '../server/ports.ts';

test('what a process that was killed was rendering is removed before anything is rendered', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'live-declaring-'));
  try {
    const left = join(stateDir, 'declared', 'render', 'lockstep-render-x');
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, 'secret.yaml'), 'kind: Secret\n');
    const config = { stateDir, allowLocalGit: false, repositories: [], sources: [] } as unknown as Config;
    const ports = { env: {}, now: Date.now, randomBytes: (size: number) => new Uint8Array(size) } as unknown as Ports;
    const options = { key: { id: 'k1', secret: new Uint8Array(32) }, stop: new AbortController().signal };
    const declare = openLiveDeclaring(config, ports, options);
    const plan = { sources: [], overrides: [], finish: () => ({ namespace: 'shop', parts: [] }) };
    assert.equal((await declare(plan, options.stop)).kind, 'declared');
    assert.ok(existsSync(join(stateDir, 'declared', 'render')));
    assert.ok(!existsSync(left));
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
});
