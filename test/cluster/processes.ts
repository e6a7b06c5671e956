// Starts programs that never outlive this process, however it ends: guard.sh holds the other end of a pipe (see there).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

export interface Guarded {
  readonly name: string;
  readonly logFile: string;
  /** Settles with the exit status once the program and its guard are gone. */
  readonly exited: Promise<number>;
  stop(): Promise<void>;
}

export interface Program {
  /** Path of the binary; its last part names the log file. */
  name: string;
  argv: readonly string[];
  directory: string;
  logFile: string;
  env?: NodeJS.ProcessEnv;
}

/** Starts a program in `directory`, its output appended to the log file. `stop` kills it: nothing it holds outlives a test. */
export function startGuarded(program: Program): Guarded {
  return startScript('guard.sh', program);
}

/** Removes `directory` when its `stop` is called or this process ends, whichever comes first. */
export function startSweeper(directory: string): Guarded {
  return startScript('sweep.sh', { name: 'sweeper', argv: [directory], directory: '/', logFile: '/dev/null' });
}

function startScript(script: string, { name, argv, directory, logFile, env }: Program): Guarded {
  const log = openSync(logFile, 'a');
  const child = spawn('/bin/sh', [join(import.meta.dirname, script), ...argv], {
    cwd: directory,
    // A process group of its own: Ctrl-C reaches this process only, which then stops its programs in order.
    detached: true,
    stdio: ['pipe', log, log],
    env: { ...process.env, ...env },
  });
  closeSync(log);
  child.stdin?.on('error', () => {}); // it ended by itself just before: `exited` tells
  const exited = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : 1));
  exited.catch(() => {}); // /bin/sh could not be started: whoever awaits `exited` hears of it
  return {
    name,
    logFile,
    exited,
    stop: async () => {
      child.stdin?.end();
      await exited;
    },
  };
}

/** The last lines of a program's log, for an error message. */
export async function readLogTail(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-8).join('\n');
}

// Below Linux's ephemeral range (32768 and up), so that no outgoing connection takes the port between the check and its use.
const firstPort = 20_000;
const portCount = 12_000;

/** A port of loopback that nobody listens on. Random, so that planes started at the same moment do not collide. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = firstPort + Math.floor(Math.random() * portCount);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port among 50 tries in ${firstPort}-${firstPort + portCount}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = once(server, 'listening');
  server.listen(port, '127.0.0.1');
  try {
    await listening;
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
