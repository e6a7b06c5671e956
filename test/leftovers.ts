// Finds processes that outlived the tests which started them: every descendant inherits a mark in its environment.
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { waitFor } from './cluster/wait.ts';

const variable = 'LOCKSTEP_TEST_RUN';
/** What ends by itself when its starter does may take a moment. */
const graceMs = 5_000;

/** Marks everything that this process starts from now on. */
export function markDescendants(): string {
  const id = randomUUID();
  process.env[variable] = id;
  return `${variable}=${id}`;
}

/** Command lines of marked processes that still run; empty where there is no /proc. */
export async function findLeftovers(marker: string): Promise<string[]> {
  const wait = { what: 'the processes of the tests to end', deadlineMs: graceMs };
  await waitFor(async () => (await findMarked(marker)).length === 0, wait).catch(() => {});
  return findMarked(marker);
}

async function findMarked(marker: string): Promise<string[]> {
  const entries = await readdir('/proc').catch(() => []);
  const found = entries.filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid);
  const lines = await Promise.all(found.map(async (id) => (await isMarked(id, marker)) && describe(id)));
  return lines.filter((line) => line !== false);
}

/** Not readable: another user's, or just gone. */
async function isMarked(id: string, marker: string): Promise<boolean> {
  const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '');
  return environment.split('\0').includes(marker);
}

async function describe(id: string): Promise<string> {
  const command = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
  return `${id} ${command.replaceAll('\0', ' ').trim()}`;
}
