#!/usr/bin/env node
// The entry: the only file that reads the environment and arguments, or exits.
import { readFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { runCli } from './cli.ts';

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  hostname: hostname(),
  tempDir: tmpdir(),
  readFile: (path) => readFileSync(path, 'utf8'),
  readBytes: (path) => readFileSync(path),
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  version: process.env['LOCKSTEP_VERSION'] ?? 'dev',
});
