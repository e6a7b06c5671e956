// Runs one program on foreign input: no shell, a closed environment, limits on time, memory and output.
import { spawn } from 'node:child_process';
import type { ToolPaths } from './find-tools.ts';
import { withPipes, type Pipe } from './pipes.ts';
import type { Queue } from './queue.ts';
import { Refused } from './refused.ts';

export interface ToolRun {
  /** Absolute path. */
  readonly program: string;
  /** What a person calls it: `kustomize`. */
  readonly name: string;
  /** Seen by everybody on the machine: no values. */
  readonly args: readonly string[];
  /** Only this process may read it, and it is empty at first. */
  readonly home: string;
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | undefined;
  /** What it reads as files, in this order and each once. */
  readonly pipes?: readonly Pipe[];
  readonly signal: AbortSignal;
}

export interface ToolEnd {
  readonly code: number;
  readonly stdout: string;
  /** The tool's own words, which can hold values: only to be matched, never to be passed on. */
  readonly stderr: string;
}

export type RunTool = (run: ToolRun) => Promise<ToolEnd>;

export interface RunnerLimits {
  readonly deadlineMs: number;
  readonly outputBytes: number;
  readonly memoryBytes: number;
}

export const defaultLimits: RunnerLimits = {
  deadlineMs: 60_000,
  outputBytes: 32 * 1024 * 1024,
  memoryBytes: 1024 * 1024 * 1024,
};

const stderrBytes = 64 * 1024;

export interface RunnerOptions {
  readonly limits: RunnerLimits;
  readonly queue: Queue;
  /** prlimit sets hard limits before it becomes the tool; without it only the tool's own memory target holds. */
  readonly tools: ToolPaths;
}

/** Throws `Refused` when a limit ends the tool or it cannot be started, and the signal's reason. */
export function createToolRunner({ limits, queue, tools }: RunnerOptions): RunTool {
  return (run) =>
    queue.run(run.signal, () => withPipes(tools, run.pipes ?? [], () => runOnce(run, limits, tools.prlimit)));
}

async function runOnce(run: ToolRun, limits: RunnerLimits, prlimit: string | undefined): Promise<ToolEnd> {
  const deadline = AbortSignal.timeout(limits.deadlineMs);
  const ended = AbortSignal.any([run.signal, deadline]);
  ended.throwIfAborted();
  const [program = '', ...args] = [...limiter(prlimit, limits), run.program, ...run.args];
  const child = spawn(program, args, {
    cwd: run.directory,
    env: { ...closedEnvironment(run.home, limits), ...run.env },
    detached: true, // a process group of its own, so that what the tool starts ends with it
    stdio: ['pipe', 'pipe', 'pipe'],
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
    const stdout = collect(child.stdout, limits.outputBytes, endGroup);
    const stderr = collect(child.stderr, stderrBytes, () => {});
    child.stdin.on('error', () => {}); // it may end without reading; its exit code tells
    child.stdin.end(run.input);
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status) => resolve(status ?? 128));
    }).catch(() => {
      throw new Refused(`${run.name} could not be started`);
    });
    run.signal.throwIfAborted();
    if (deadline.aborted) throw new Refused(`${run.name} took longer than ${limits.deadlineMs / 1000} s`);
    if (stdout.isCut()) throw new Refused(`${run.name} printed more than ${limits.outputBytes / 1024 / 1024} MiB`);
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    endGroup();
    ended.removeEventListener('abort', endGroup);
  }
}

/** Nothing of this process's environment: no PATH to find git by, no kubeconfig, a proxy that nobody listens on. */
function closedEnvironment(home: string, { memoryBytes }: RunnerLimits): Record<string, string> {
  const deadProxy = 'http://127.0.0.1:9';
  const proxies = ['http_proxy', 'https_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];
  return {
    ...Object.fromEntries(proxies.map((name) => [name, deadProxy])),
    PATH: '/nonexistent',
    HOME: home,
    TMPDIR: home,
    XDG_CONFIG_HOME: `${home}/config`,
    XDG_CACHE_HOME: `${home}/cache`,
    XDG_DATA_HOME: `${home}/data`,
    KUBECONFIG: '/dev/null',
    LC_ALL: 'C',
    GOMAXPROCS: '2',
    GOMEMLIMIT: String(Math.floor(memoryBytes / 2)),
  };
}

/** Address space is not memory: Go reserves more than it uses, so the limit is four times as high. */
function limiter(prlimit: string | undefined, { memoryBytes, deadlineMs, outputBytes }: RunnerLimits): string[] {
  if (prlimit === undefined) return [];
  const cpuS = Math.ceil(deadlineMs / 1000) * 2;
  return [prlimit, `--as=${memoryBytes * 4}`, `--cpu=${cpuS}`, `--fsize=${outputBytes}`, '--core=0', '--'];
}

interface Collected {
  text(): string;
  isCut(): boolean;
}

function collect(stream: NodeJS.ReadableStream, most: number, onCut: () => void): Collected {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > most) onCut();
    else chunks.push(chunk);
  });
  return { text: () => Buffer.concat(chunks).toString('utf8'), isCut: () => size > most };
}
