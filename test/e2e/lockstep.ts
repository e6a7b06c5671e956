// Lockstep as a child process, as a user starts it: `node server/main.ts` with flags, its log lines and its HTTP ports.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { waitFor } from '../cluster/wait.ts';

/** One JSON line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string; readonly level: string };

export interface Lockstep extends AsyncDisposable {
  readonly url: string;
  readonly metricsUrl: string;
  /** Everything it wrote so far, standard error included. */
  output(): string;
  lines(): readonly LogLine[];
  /** The first line with this message that has these fields among its own, now or within the deadline. */
  waitForLog(message: string, fields?: Readonly<Record<string, unknown>>): Promise<LogLine>;
  /** Until /readyz says so. */
  untilReady(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** SIGTERM; its exit status. */
  stop(): Promise<number | null>;
}

const repository = join(import.meta.dirname, '..', '..');
const deadlineMs = 30_000;

/** Beside this process's own. */
export type Environment = Readonly<Record<string, string>>;

/** Starts it and waits for its ports, not for its watches: those need the API server. */
export async function startLockstep(flags: readonly string[], environment: Environment = {}): Promise<Lockstep> {
  const program = startProgram([...ports, '--log-format=json', ...flags], environment);
  try {
    const { url, metricsUrl } = await waitForLine(program, 'started', {});
    return describe(program, String(url), String(metricsUrl));
  } catch (error) {
    await program.kill('SIGKILL');
    throw error;
  }
}

/** Runs it to its end, for starts that must fail. */
export async function runLockstep(
  argv: readonly string[],
  environment: Environment = {},
): Promise<{ code: number | null; output: string }> {
  const program = startProgram(argv, environment);
  const code = await program.exited;
  return { code, output: program.output() };
}

interface Program {
  readonly exited: Promise<number | null>;
  readonly hasExited: () => boolean;
  readonly output: () => string;
  readonly lines: readonly LogLine[];
  readonly kill: (signal: NodeJS.Signals) => Promise<number | null>;
}

const ports = ['--address=127.0.0.1:0', '--metrics-address=127.0.0.1:0'];

function startProgram(argv: readonly string[], environment: Environment): Program {
  const child = spawn(process.execPath, [join('server', 'main.ts'), ...argv], {
    cwd: repository,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guard(child);
  let output = '';
  const lines: LogLine[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const parsed = parseLine(line);
    if (parsed !== undefined) lines.push(parsed);
  });
  // `close` rather than `exit`: everything it wrote has arrived by then.
  const exited = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null));
  return {
    exited,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    output: () => output,
    lines,
    async kill(signal) {
      child.kill(signal);
      return exited;
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

function parseLine(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}

async function waitForLine(
  program: Program,
  message: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<LogLine> {
  const find = () =>
    program.lines.find(
      (line) => line.msg === message && Object.entries(fields).every(([field, value]) => line[field] === value),
    );
  const what = `the log line "${message}" ${JSON.stringify(fields)}`;
  const ended = () => program.hasExited() && find() === undefined;
  const found = await waitFor(async () => find() ?? (ended() && 'ended'), { what, deadlineMs }).catch(
    (error: unknown) => {
      throw new Error(`${String(error)}; there was:\n${program.output()}`, { cause: error });
    },
  );
  if (found === 'ended') throw new Error(`Lockstep ended before ${what}:\n${program.output()}`);
  return found;
}

function describe(program: Program, url: string, metricsUrl: string): Lockstep {
  const stop = () => program.kill('SIGTERM');
  return {
    url,
    metricsUrl,
    output: program.output,
    lines: () => program.lines,
    waitForLog: (message, fields = {}) => waitForLine(program, message, fields),
    async untilReady() {
      const isReady = async () => program.hasExited() || (await fetch(`${metricsUrl}/readyz`)).ok;
      await waitFor(isReady, { what: `/readyz; there was:\n${program.output()}`, deadlineMs });
      if (program.hasExited()) throw new Error(`Lockstep ended:\n${program.output()}`);
    },
    async kill(signal) {
      await program.kill(signal);
    },
    stop,
    async [Symbol.asyncDispose]() {
      if (!program.hasExited()) await stop();
    },
  };
}
