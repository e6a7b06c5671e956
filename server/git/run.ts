// Runs one local git command in the mirror by simple-git: closed environment, fixed argv, deadline.
import { simpleGit } from 'simple-git';
import { defaultSshCommand } from './credentials.ts';

export interface GitCommand {
  readonly args: readonly string[];
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Output that is used as it comes instead of being kept. */
export interface StreamedCommand extends GitCommand {
  /** What it throws ends git, and is thrown. */
  readonly take?: ((chunk: Buffer) => void) | undefined;
}

export interface GitEnd {
  readonly code: number;
  readonly stdout: Buffer;
}

/** Never throws for a failing git: the caller knows which exit codes mean what. Throws the signal's reason when aborted. */
export type RunGit = (command: GitCommand) => Promise<GitEnd>;

export interface RunnerOptions {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** For the longest thing git may do here, in milliseconds. */
  readonly deadlineMs: number;
}

/** What git may read of the ambient environment: where programs and proxies are, nothing that configures git. */
const inherited =
  /^(?:PATH|SSH_AUTH_SOCK|SSL_CERT_FILE|SSL_CERT_DIR|https?_proxy|no_proxy|all_proxy|HTTPS?_PROXY|NO_PROXY|ALL_PROXY)$/;

/** For commands whose effect is looked at instead. */
export const everyCode: readonly number[] = Array.from({ length: 256 }, (_, code) => code);

/** What git itself exits with when it dies. */
const endedBySignal = 128;

export function createRunner(options: RunnerOptions): RunGit {
  return async (command) => {
    const signal = AbortSignal.any([command.signal, AbortSignal.timeout(options.deadlineMs)]);
    signal.throwIfAborted();
    const env = { ...options.environment, ...command.env };
    const { input } = command;
    let end: GitEnd | undefined;
    const git = simpleGit({
      baseDir: options.directory,
      abort: signal,
      maxConcurrentProcesses: 1,
      completion: { onClose: true, onExit: false },
      allowEnvironment: Object.keys(env),
      unsafe: { allowUnsafeAskPass: true, allowUnsafeSshCommand: true, allowUnsafeConfigPaths: true },
      ...(input === undefined ? {} : { input: () => Buffer.from(input) }),
      // Called after every command: the one place where simple-git shows exit code and bytes.
      errors: (error, result) => {
        // No code: a signal ended it, as SIGPIPE does when a transport that is not allowed ends first.
        const code = Number.isInteger(result.exitCode) ? result.exitCode : endedBySignal;
        end = { code, stdout: Buffer.concat(result.stdOut) };
        return code > 0 ? undefined : error;
      },
    }).env(env);
    try {
      await git.raw([...command.args]);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
    signal.throwIfAborted();
    if (end === undefined) throw new Error('git ended without an exit code');
    return end;
  };
}

/** The environment of every git process; `protocol` is the only one it may speak. */
export function gitEnvironment(options: {
  ambient: Readonly<Record<string, string | undefined>>;
  home: string;
  protocol: string;
  askpass: string;
}): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.ambient)) {
    if (value !== undefined && inherited.test(name)) env[name] = value;
  }
  return {
    ...env,
    HOME: options.home,
    LC_ALL: 'C',
    GIT_ALLOW_PROTOCOL: options.protocol,
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_ASKPASS: options.askpass,
    GIT_SSH_COMMAND: defaultSshCommand,
  };
}
