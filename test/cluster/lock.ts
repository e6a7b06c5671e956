// A lock between processes, so that two of them do not build the same thing at once. It only saves work: what it guards is
// installed by rename, so a lock that was taken over wrongly costs time and nothing else.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { waitFor } from './wait.ts';

// A cold build takes 7 minutes on two idle cores; on a busy machine a few times that.
const lockDeadlineMs = 60 * 60_000;

/** Runs `work` while this process holds the lock file. The lock of a process that is gone is taken over. */
export async function withLock<T>(
  file: string,
  { say, signal }: { say: (line: string) => void; signal: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T> {
  let told = false;
  const tryTake = async () => {
    if (await take(file)) return true;
    const holder = Number(await readFile(file, 'utf8').catch(() => '0'));
    if (holder > 0 && !isAlive(holder)) await rm(file, { force: true });
    else if (!told) say(`waiting for process ${holder}, which is at it already`);
    told = true;
    return false;
  };
  await waitFor(tryTake, { what: `the lock ${file}`, deadlineMs: lockDeadlineMs, everyMs: 250, signal });
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
