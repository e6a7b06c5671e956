// The subcommands: flags without one mean serve. Each loads only what it needs, since a hook Job starts one for a moment.
import { serveFlags, type Surroundings } from './config.ts';
import { LockstepError } from './core/errors.ts';
import { formatHelp } from './flags-help.ts';
import { suggest } from './flags.ts';

export interface Cli extends Omit<Surroundings, 'isTerminal'> {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly readBytes: (path: string) => Uint8Array;
  /** Aborted by SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
  readonly version: string;
}

const usage = `lockstep keeps Git, the live cluster and the running pods in step

Usage:
  lockstep [serve] [flags]        watch Secrets and ConfigMaps, restart the workloads that use them
  lockstep explain <kind>/<name> [flags]   why a workload is restarted or not; reads only
  lockstep diff [-n namespace | -A] [flags]   what differs from Git, who wrote it, what a change would restart; reads only
  lockstep report [-n namespace | -A] [flags]   stale pods, idle annotations, fan-outs, old certificates; reads only
  lockstep report --since <duration> [flags]   what Reloader did beside an observing Lockstep
  lockstep hook <phase> [flags]   the body of an Argo CD hook Job
  lockstep pr list|show|merge|close [flags]   pull requests of a repository that has no forge
  lockstep version, lockstep --version
  lockstep help`;

/** The exit code: 0 done, 1 ended early or not found, 2 could not start. */
export async function runCli(cli: Cli): Promise<number> {
  const [word = 'serve'] = cli.argv;
  const command = word === '--version' ? 'version' : word.startsWith('-') ? 'serve' : word;
  const argv = command === word ? cli.argv.slice(1) : cli.argv;
  try {
    switch (command) {
      case 'serve':
        return await runServe({ ...cli, argv });
      case 'explain':
        return await runExplainCommand(cli, argv);
      case 'diff':
        return await runDiffCommand(cli, argv);
      case 'report':
        return await runReportCommand(cli, argv);
      case 'hook':
        return await (
          await import('./hook-command.ts')
        ).runHook(argv, {
          fetch,
          signal: cli.signal,
          stdout: printer(cli.stdout),
          stderr: printer(cli.stderr),
        });
      case 'pr':
        return await runPr(cli, argv);
      case 'version':
        cli.stdout.write(`${cli.version}\n`);
        return 0;
      case 'help':
        cli.stdout.write(`${usage}\n\nEach takes --help.\n`);
        return 0;
      default:
        cli.stderr.write(
          `unknown command ${command}${suggest(command, ['serve', 'explain', 'diff', 'report', 'hook', 'pr', 'version', 'help'])}

${usage}
`,
        );
        return 2;
    }
  } catch (error) {
    if (cli.signal.aborted) {
      const why = error instanceof LockstepError ? `: ${error.message}` : '';
      cli.stderr.write(`ended before it was done${why}\n`);
      return command === 'diff' ? 2 : 1;
    }
    if (!(error instanceof LockstepError)) {
      if (command !== 'diff') throw error;
      // Node would exit with 1, which says that something differs.
      cli.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      return 2;
    }
    cli.stderr.write(`${error.message}\n${error.code}: ${error.advice}\n`);
    return 2;
  }
}

async function runExplainCommand({ stdout, stderr, signal }: Cli, argv: readonly string[]): Promise<number> {
  const [{ runExplain }, { randomBytes }] = await Promise.all([import('./explain-command.ts'), import('node:crypto')]);
  return runExplain(argv, {
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
    now: Date.now,
    randomBytes,
    signal,
  });
}

async function runDiffCommand(cli: Cli, argv: readonly string[]): Promise<number> {
  const { env, tempDir, readFile, stdout, stderr, signal } = cli;
  const [{ runDiff }, { openDiffPorts }, { randomBytes }] = await Promise.all([
    import('./diff-command.ts'),
    import('./diff-ports.ts'),
    import('node:crypto'),
  ]);
  const now = Date.now;
  return runDiff(argv, {
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
    isWatched: stderr.isTTY === true,
    after,
    openPorts: (options) => openDiffPorts({ env, tempDir, readFile, now, randomBytes }, options),
    fetch,
    now,
    randomBytes,
    signal,
  });
}

/** With --since it is the observing Lockstep that is asked, not the cluster. */
async function runShadow({ stdout, signal }: Cli, argv: readonly string[]): Promise<number> {
  const { runShadowReport } = await import('./shadow-report.ts');
  return runShadowReport(argv, { stdout: (text) => void stdout.write(text), fetch, now: Date.now, signal });
}

async function runReportCommand(cli: Cli, argv: readonly string[]): Promise<number> {
  if (argv.some((word) => /^--since(=|$)/.test(word))) return runShadow(cli, argv);
  const { stdout, stderr, signal } = cli;
  const [{ runReport }, { randomBytes }] = await Promise.all([import('./report-command.ts'), import('node:crypto')]);
  return runReport(argv, {
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
    isWatched: stderr.isTTY === true,
    after,
    now: Date.now,
    randomBytes,
    signal,
  });
}

async function runPr({ stdout, stderr, env, tempDir, signal }: Cli, argv: readonly string[]): Promise<number> {
  const io = {
    stdout: (text: string) => void stdout.write(text),
    stderr: (text: string) => void stderr.write(text),
    env,
  };
  const { runPrCommand } = await import('./pr-command.ts');
  return runPrCommand(argv, { ...io, clock: { now: Date.now }, temporaryDirectory: tempDir, signal });
}

async function runServe(cli: Cli): Promise<number> {
  if (cli.argv.some((word) => word === '--help' || word === '-h')) {
    cli.stdout.write(`${usage}\n\n${formatHelp(serveFlags)}\n`);
    return 0;
  }
  const { serve } = await import('./serve.ts');
  return serve({ ...cli, isTerminal: cli.stdout.isTTY === true });
}

function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

function printer(stream: { write(text: string): unknown }): (line: string) => void {
  return (line) => void stream.write(`${line}\n`);
}
