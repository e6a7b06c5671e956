// Lockstep as a user runs it: a child process with flags, its log, and its `pr` command.
import { execFile, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface Lockstep {
  readonly pid: number;
  /** Everything it logged so far. */
  readonly log: readonly LogLine[];
  readonly logFile: string;
  /** Calls back for every further line. */
  onLog(hear: (line: LogLine) => void): void;
  /** Rejects when it ends before `stop`. */
  readonly failed: Promise<never>;
  /** Asks it to drain and end. */
  stop(): Promise<void>;
}

export interface LockstepOptions {
  readonly kubeconfig: string | undefined;
  /** The only one that it watches. */
  readonly namespace: string;
  readonly stateNamespace: string;
  /** URL of the repository that declares the namespace. */
  readonly repository: string;
  /** Takes its configuration, its mirrors and its log. */
  readonly directory: string;
  /** The HMAC key of the Flux tenant `demo`. */
  readonly fluxToken: string;
}

const root = join(import.meta.dirname, '../..');
const main = join(root, 'server/main.ts');
const guard = join(root, 'test/cluster/guard.sh');
const stopDeadlineMs = 5_000;
const commandDeadlineMs = 30_000;
const run = promisify(execFile);

/** Starts it; it is ready when /readyz says so. Ends with this process, however that ends. */
export async function startLockstep(options: LockstepOptions): Promise<Lockstep> {
  const argv = [process.execPath, main, ...(await prepareFlags(options))];
  const logFile = join(options.directory, 'lockstep.log');
  // A group of its own: Ctrl-C reaches this process only, which then stops things in order.
  const child = spawn('/bin/sh', [guard, ...argv], { cwd: root, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {}); // it ended by itself just before: `failed` tells
  const log: LogLine[] = [];
  const listeners: ((line: LogLine) => void)[] = [];
  const last: string[] = [];
  const file = createWriteStream(logFile);
  createInterface({ input: child.stdout }).on('line', (text) => {
    file.write(`${text}\n`);
    keep(last, text);
    const line = parseLine(text);
    if (line === undefined) return;
    log.push(line);
    for (const hear of listeners) hear(line);
  });
  createInterface({ input: child.stderr }).on('line', (text) => keep(last, text));
  // Not `exit`, which the guard may do earlier: the pipes close when the last of the group is gone.
  const closed = new Promise<number>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve(code ?? 1));
  });
  let isStopping = false;
  const failed = closed.then((code) => {
    if (isStopping) return new Promise<never>(() => {});
    throw new Error(`Lockstep ended with ${code}:\n${last.join('\n')}`);
  });
  failed.catch(() => {}); // whoever waits for something hears of it
  return {
    pid: child.pid ?? 0,
    log,
    logFile,
    onLog: (hear) => void listeners.push(hear),
    failed,
    async stop() {
      isStopping = true;
      signalGroup(child.pid, 'SIGTERM');
      const patience = new AbortController();
      const isLate = delay(stopDeadlineMs, true, { signal: patience.signal }).catch(() => false);
      if ((await Promise.race([closed.catch(() => 1), isLate])) === true) signalGroup(child.pid, 'SIGKILL');
      patience.abort();
      await closed.catch(() => 1);
      await new Promise<void>((resolve) => file.end(resolve));
    },
  };
}

/** `lockstep pr ...` on a repository; answers its output. */
export async function runPr(words: readonly string[], repository: string, signal: AbortSignal): Promise<string> {
  const args = [main, 'pr', ...words, '--repository', repository];
  const { stdout } = await run(process.execPath, args, { cwd: root, signal, timeout: commandDeadlineMs });
  return stdout.trim();
}

/** `lockstep diff` with what the cluster and the repositories say now. It answers 1 where something differs. */
export async function runDiff({
  kubeconfig,
  namespace,
  stateNamespace,
  directory,
}: Omit<LockstepOptions, 'repository' | 'fluxToken'>): Promise<string> {
  const flags = [`--namespace=${namespace}`, `--state-namespace=${stateNamespace}`, '--allow-local-git'];
  const config = [`--config=${join(directory, 'lockstep.yaml')}`, `--kubeconfig=${kubeconfig}`];
  const args = [main, 'diff', ...flags, ...config];
  const timeout = { cwd: root, timeout: commandDeadlineMs };
  const { stdout } = await run(process.execPath, args, timeout).catch((error: { code?: number; stdout: string }) => {
    if (error.code === 1) return error;
    throw error;
  });
  return stdout;
}

async function prepareFlags(options: LockstepOptions): Promise<string[]> {
  const { directory, namespace, repository, kubeconfig } = options;
  const keyFile = join(directory, 'flux-token');
  const configFile = join(directory, 'lockstep.yaml');
  await writeFile(keyFile, options.fluxToken, { mode: 0o600 });
  const config = {
    sources: [{ name: 'shop', repository, branch: 'main', path: 'apps/shop', namespace }],
    flux: { tenants: [{ name: 'demo', keyFile, namespaces: [namespace] }] },
  };
  await writeFile(configFile, JSON.stringify(config, undefined, 2)); // JSON is YAML
  const flags = {
    namespaces: namespace,
    'state-namespace': options.stateNamespace,
    config: configFile,
    'state-dir': join(directory, 'mirrors'),
    'allow-local-git': 'true',
    address: '127.0.0.1:0',
    'metrics-address': '127.0.0.1:0',
    'log-format': 'json',
    'log-level': 'debug',
    ...(kubeconfig !== undefined && { kubeconfig }),
  };
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

function parseLine(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}

function keep(last: string[], text: string): void {
  last.push(text);
  if (last.length > 8) last.shift();
}

/** The guard leads the group that Lockstep is in. */
function signalGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // it is gone
  }
}
