// `npm run bench -- --monorepo`: comparing a cluster with a large repository, first with nothing known, then after a commit that
// touches one application.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startGitServer } from '../git-server/server.ts';
import type { Round } from './monorepo-child.ts';
import { headOf, listApps, makeMonorepo, touch } from './monorepo-repository.ts';

export interface MonorepoResult {
  readonly applications: number;
  readonly manifests: number;
  readonly rounds: readonly (Round & { readonly requests: number; readonly peakMiB: number })[];
}

export async function runMonorepo(directory: string, applications: number): Promise<MonorepoResult> {
  const apps = listApps(applications);
  const repository = join(directory, 'monorepo.git');
  const manifests = makeMonorepo(repository, apps);
  const server = await startGitServer({ directory });
  const script = join(import.meta.dirname, 'monorepo-child.ts');
  const argv = [script, `${server.url}/monorepo.git`, String(applications), directory];
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  const compare = async (): Promise<MonorepoResult['rounds'][number]> => {
    const requestsBefore = server.requests.length;
    child.stdin.write(`${headOf(repository)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the comparing process ended');
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    const peakMiB = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
    return { ...(JSON.parse(value) as Round), requests: server.requests.length - requestsBefore, peakMiB };
  };
  try {
    const first = await compare();
    // One that nothing special is about, by its number.
    touch(repository, apps[Math.floor(apps.length / 2) + 2] ?? apps[0]!);
    const second = await compare();
    const third = await compare();
    return { applications, manifests, rounds: [first, second, third] };
  } finally {
    child.stdin.end();
    child.kill('SIGTERM');
    await exited;
    await server.stop();
  }
}

const titles = ['first comparison', 'one commit later', 'nothing changed'];

export function formatMonorepo({ applications, manifests, rounds }: MonorepoResult): string {
  const lines = rounds.map(({ fetchMs, compareMs, renders, requests, peakMiB, answers }, at) => {
    const told = Object.entries(answers).map(([answer, count]) => `${count} ${answer}`);
    return (
      `  ${(titles[at] ?? '').padEnd(17)} fetch of the tree ${seconds(fetchMs)}, then ${seconds(compareMs)}; ` +
      `${renders} renders, ${requests} requests to the Git server, peak (VmHWM) ${peakMiB.toFixed(0)} MiB: ${told.join(', ')}\n`
    );
  });
  return `${applications} applications, ${manifests} manifests in one repository\n${lines.join('')}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
