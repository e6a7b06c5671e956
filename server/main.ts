#!/usr/bin/env node
// The entry: the only file that reads the environment and arguments, or exits.
import { existsSync, readFileSync } from 'node:fs';
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
  version: readVersion(),
});

/** From package.json, which is one folder up from the source and two from what is built. */
function readVersion(): string {
  const found = ['../package.json', '../../package.json']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url));
  const { version } = JSON.parse(found === undefined ? '{}' : readFileSync(found, 'utf8')) as { version?: string };
  return version ?? 'unknown';
}
