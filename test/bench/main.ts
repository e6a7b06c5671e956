// `npm run bench`: Lockstep's speed and thrift on a real control plane, each figure beside its floor.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startCluster } from '../cluster/cluster.ts';
import { formatMonorepo, runMonorepo } from './monorepo.ts';
import { judge } from './result.ts';
import { runBench, type RunOptions } from './run.ts';
import { formatStartup, runStartup } from './startup.ts';
import { formatResult } from './table.ts';

const help = `Usage: npm run bench -- [options]

Starts a control plane, runs Lockstep and a bare client on it in turns, and compares them.

  --changes=<n>       isolated changes of one Secret, for each side (default 200)
  --deployments=<n>   Deployments that use one ConfigMap (default 500)
  --replicas=<n>      pods of each of them (default 0: their rollouts are the controllers' work, not Lockstep's)
  --rounds=<n>        how often both sides take turns (default 4)
  --startup           only: time to ready and memory with 5,000 Secrets of 2 KB and 2,000 Deployments
  --monorepo          only: comparing with a repository of 2,000 applications and 20,000 manifests, no control plane
  --quick             10 changes, 20 Deployments, 1 round: is everything counted right?
  --json              the result as JSON, last line of standard output
  --profile=<dir>     write a CPU profile of Lockstep for each round
  --help              show this text

Exit status: 0, or 1 when a count is wrong (the times depend on the machine), 2 for bad options.
`;

const full = { changes: 200, unusedChanges: 100, deployments: 500, replicas: 0, rounds: 4 };
const startup = { secrets: 5_000, workloads: 2_000 };
const quick = { changes: 10, unusedChanges: 10, deployments: 20, replicas: 1, rounds: 1 };

function readOptions(argv: readonly string[]) {
  const number = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      changes: number,
      deployments: number,
      replicas: number,
      rounds: number,
      profile: { type: 'string' },
      startup: { type: 'boolean', default: false },
      monorepo: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const sizes = { ...(values.quick ? quick : full) };
  for (const name of ['changes', 'deployments', 'replicas', 'rounds'] as const) {
    const text = values[name];
    if (text === undefined) continue;
    if (!/^\d{1,5}$/.test(text)) throw new Error(`--${name} ${text}: want a whole number`);
    sizes[name] = Number(text);
  }
  return { ...values, sizes };
}

const applications = 2_000;

async function benchMonorepo(output: 'json' | 'text'): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'lockstep-monorepo-'));
  try {
    const result = await runMonorepo(directory, applications);
    process.stdout.write(output === 'json' ? `${JSON.stringify(result)}\n` : formatMonorepo(result));
    return 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function main(argv: readonly string[]): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions(argv);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  if (options.monorepo) return benchMonorepo(options.json ? 'json' : 'text');
  const run: RunOptions = { ...options.sizes, profileDirectory: options.profile, say };
  await using cluster = await startCluster({ signal: interrupted.signal });
  const ended = new Promise<never>((_, reject) => {
    interrupted.signal.addEventListener('abort', () => reject(new Error('interrupted')));
  });
  if (options.startup) {
    const result = await Promise.race([runStartup(cluster, startup), ended]);
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : formatStartup(result));
    return 0;
  }
  const result = judge(await Promise.race([runBench(cluster, run), ended]), run);
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `\n${formatResult(result)}`);
  return result.checks.every(({ kind, isMet }) => kind === 'time' || isMet) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
