// A program under measurement as a child process: its output in a file, its peak memory from /proc, gone when this process is gone.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../cluster/wait.ts';

export interface Child {
  /** The first line of its output that `match` answers for. */
  untilLine<T>(match: (line: string) => T | undefined): Promise<T>;
  /** The most memory it ever held (VmHWM). */
  peakBytes(): Promise<number>;
  /** SIGTERM, and its end. Throws when it ended with another status than 0. */
  stop(): Promise<void>;
}

export interface Program {
  /** What Node is given: flags for Node, the script, its flags. */
  readonly argv: readonly string[];
  readonly outputFile: string;
}

const repository = join(import.meta.dirname, '..', '..');
const deadlineMs = 60_000;

/** Output goes to a file, so that reading it costs nobody time while something is measured. */
export function startNode({ argv, outputFile }: Program): Child {
  const output = openSync(outputFile, 'a');
  const child = spawn(process.execPath, argv, { cwd: repository, stdio: ['ignore', output, output] });
  closeSync(output);
  guard(child);
  const exited = once(child, 'exit');
  const read = (): Promise<string> => readFile(outputFile, 'utf8');
  return {
    async untilLine(match) {
      const find = async () => {
        const found = (await read()).split('\n').map(match);
        return found.find((value) => value !== undefined) ?? (child.exitCode !== null && 'ended');
      };
      const found = await waitFor(find, { what: `a line of ${argv.join(' ')}`, deadlineMs });
      if (found === 'ended') throw new Error(`${argv.join(' ')} ended with ${child.exitCode}:\n${await read()}`);
      return found as Exclude<typeof found, 'ended'>;
    },
    async peakBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      if (child.exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${child.exitCode}:\n${await read()}`);
    },
  };
}

/** Kills the child when this process ends, in whatever way: the shell then reads the end of its standard input. */
function guard(child: ChildProcess): void {
  const script = 'read -r _; kill -KILL "$1" 2>/dev/null';
  const keeper = spawn('/bin/sh', ['-c', script, 'sh', String(child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  keeper.stdin?.on('error', () => {});
  keeper.unref();
  child.once('exit', () => keeper.kill('SIGKILL')); // the process id may be another's soon
}
