// Runs a git command that reaches the network, or whose output is too large to keep. Not by simple-git: git's transports
// are children of git, and only a process group of its own lets an abort end them all.
import { spawn } from 'node:child_process';
import { LockstepError } from '../core/errors.ts';
import type { GitEnd, RunnerOptions, StreamedCommand } from './run.ts';

/** ls-remote of a repository with 100,000 refs is about 10 MB. */
const maxOutput = 64 * 1024 * 1024;

/** The largest file that git may write, in blocks of 512 bytes: 512 MiB. What a server sends becomes one pack. */
const maxFileBlocks = 1024 * 1024;

export type RunRemote = (command: StreamedCommand) => Promise<GitEnd>;

export function createRemoteRunner(options: RunnerOptions): RunRemote {
  return async ({ args, env, input, signal, take }) => {
    const ended = AbortSignal.any([signal, AbortSignal.timeout(options.deadlineMs)]);
    ended.throwIfAborted();
    // The script is fixed; git and its arguments are the shell's arguments, never its text.
    const limited = ['-c', `ulimit -f ${maxFileBlocks} && exec git "$@"`, 'sh', ...args];
    const child = spawn('/bin/sh', limited, {
      cwd: options.directory,
      env: { ...options.environment, ...env },
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const endGroup = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    };
    ended.addEventListener('abort', endGroup, { once: true });
    try {
      const end = await new Promise<GitEnd>((resolve, reject) => {
        const chunks: Buffer[] = [];
        const use = take ?? createKeeper(chunks);
        let refusal: Error | undefined;
        child.stdout.on('data', (chunk: Buffer) => {
          if (refusal !== undefined) return;
          try {
            use(chunk);
          } catch (error) {
            refusal = error instanceof Error ? error : new Error(String(error));
            endGroup();
          }
        });
        child.stdin.on('error', () => {}); // git may end without reading; its exit code tells.
        child.on('error', reject);
        child.on('close', (code) => {
          if (refusal === undefined) resolve({ code: code ?? 128, stdout: Buffer.concat(chunks) });
          else reject(refusal);
        });
        child.stdin.end(input);
      });
      ended.throwIfAborted();
      return end;
    } finally {
      ended.removeEventListener('abort', endGroup);
    }
  };
}

function createKeeper(chunks: Buffer[]): (chunk: Buffer) => void {
  let size = 0;
  return (chunk) => {
    size += chunk.length;
    if (size > maxOutput) throw new LockstepError('git-too-large', { message: 'git answers more than is read' });
    chunks.push(chunk);
  };
}
