// Runs a git command that reaches the network. Not by simple-git: git's transports are children of git, and only a
// process group of its own lets an abort end them all.
import { spawn } from 'node:child_process';
import type { GitEnd, RunGit, RunnerOptions } from './run.ts';

/** ls-remote of a repository with 100,000 refs is about 10 MB. */
const maxOutput = 64 * 1024 * 1024;

export function createRemoteRunner(options: RunnerOptions): RunGit {
  return async ({ args, env, input, signal }) => {
    const ended = AbortSignal.any([signal, AbortSignal.timeout(options.deadlineMs)]);
    ended.throwIfAborted();
    const child = spawn('git', [...args], {
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
        let size = 0;
        child.stdout.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxOutput) endGroup();
          else chunks.push(chunk);
        });
        child.stdin.on('error', () => {}); // git may end without reading; its exit code tells.
        child.on('error', reject);
        child.on('close', (code) => resolve({ code: code ?? 128, stdout: Buffer.concat(chunks) }));
        child.stdin.end(input);
      });
      ended.throwIfAborted();
      return end;
    } finally {
      ended.removeEventListener('abort', endGroup);
    }
  };
}
