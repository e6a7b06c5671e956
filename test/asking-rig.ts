// Runs a command that asks a cluster with a kubeconfig, against an API server in memory.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ExplainDeps } from '../server/explain-command.ts';
import type { JsonObject } from './fakes/json.ts';
import { startFakeApiServer, writeKubeconfig, type FakeApiServer } from './fakes/server.ts';

export interface AskingRig {
  readonly server: FakeApiServer;
  readonly kubeconfig: string;
  run(...argv: string[]): Promise<{ code: number; out: string; err: string }>;
}

export interface AskingOptions {
  readonly objects: readonly JsonObject[];
  readonly command: (argv: readonly string[], deps: ExplainDeps) => Promise<number>;
  readonly server?: Parameters<typeof startFakeApiServer>[0];
}

/** The command gets a kubeconfig behind its own words. */
export async function startAskingRig(
  context: TestContext,
  { objects, command, server: options }: AskingOptions,
): Promise<AskingRig> {
  const server = await startFakeApiServer(options);
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-asking-'));
  context.after(async () => {
    await server.stop();
    rmSync(directory, { recursive: true });
  });
  server.seed(objects);
  const kubeconfig = writeKubeconfig(server, directory);
  return {
    server,
    kubeconfig,
    async run(...argv) {
      const said = { out: '', err: '' };
      const code = await command([...argv, '--kubeconfig', kubeconfig], {
        stdout: (text) => void (said.out += text),
        stderr: (text) => void (said.err += text),
        now: Date.now,
        randomBytes,
        signal: AbortSignal.timeout(30_000),
      });
      return { code, ...said };
    },
  };
}
