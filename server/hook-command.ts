// `lockstep hook <phase>`: flags in, lines and an exit code out. What it waits for is in http/hook-client.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { phases } from '../hooks/resource-hook.ts';
import { hasCode, LockstepError } from './core/errors.ts';
import { formatHelp } from './flags-help.ts';
import { parseFlags, refuse, suggest, type FlagTable } from './flags.ts';
import { waitUntilNothingOwed, type WaitOptions } from './http/hook-client.ts';

/** The flags of `hook`. */
export const hookFlags = {
  server: {
    type: 'string',
    default: 'http://lockstep.lockstep-system.svc',
    group: 'Flags',
    help: 'URL of Lockstep’s Service',
  },
  namespace: { type: 'string', short: 'n', group: 'Flags', help: 'the application’s destination namespace (required)' },
  application: { type: 'string', group: 'Flags', help: 'name of the application, for the server’s log' },
  timeout: { type: 'duration', default: 300_000, min: 1, group: 'Flags', help: 'give up after this long' },
  interval: { type: 'duration', default: 1000, min: 100, group: 'Flags', help: 'time between two questions' },
  help: { type: 'bool', short: 'h', default: false, group: 'Flags', help: 'print this help' },
} as const satisfies FlagTable;

export interface HookCommandDeps {
  readonly fetch: typeof fetch;
  readonly stdout: (line: string) => void;
  readonly stderr: (line: string) => void;
  /** Aborted by SIGTERM, which Argo CD sends when the sync is terminated. */
  readonly signal: AbortSignal;
}

const usage = `lockstep hook <phase> [flags]

Run by an Argo CD hook Job. postsync: waits until every workload of the namespace whose Secrets or ConfigMaps
changed has been restarted and is available. Exit code 0: done, 1: deadline passed, 2: cannot ask.`;

/** 0: nothing is owed any more. 1: the deadline passed, or the Job was ended. 2: wrong flags, or the server cannot be asked. */
export async function runHook(argv: readonly string[], deps: HookCommandDeps): Promise<0 | 1 | 2> {
  try {
    const options = readOptions(argv);
    if (options === 'help') {
      deps.stdout(`${usage}\n\n${formatHelp(hookFlags)}`);
      return 0;
    }
    const now = (): number => performance.now();
    const wait = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal });
    deps.stdout(await waitUntilNothingOwed(options, { ...deps, now, sleep: wait, print: deps.stdout }));
    return 0;
  } catch (error) {
    if (deps.signal.aborted) {
      deps.stderr('ended before everything was restarted and available');
      return 1;
    }
    if (!(error instanceof LockstepError)) throw error;
    deps.stderr(`${error.message} (${error.code}: ${error.advice})`);
    return hasCode(error, 'hook-deadline') ? 1 : 2;
  }
}

function readOptions(argv: readonly string[]): WaitOptions | 'help' {
  const { values, args, problems: mistakes } = parseFlags(hookFlags, argv);
  if (values.help && mistakes.length === 0) return 'help';
  const problems = [...mistakes];
  const [word = '', ...more] = args;
  const phase = phases.find((name) => name === word);
  if (phase === undefined) problems.push(`hook "${word}": want ${phases.join(' or ')}${suggest(word, phases)}`);
  if (mistakes.length === 0) problems.push(...more.map((extra) => `unexpected word ${extra}`));
  const { namespace, application } = values;
  if (namespace === undefined || namespace === '') problems.push('--namespace is missing');
  const server = URL.canParse(values.server) ? new URL(values.server) : undefined;
  if (server === undefined || !/^https?:$/.test(server.protocol)) problems.push('--server: want an http or https URL');
  if (problems.length > 0 || phase === undefined || namespace === undefined || server === undefined)
    throw refuse(problems);
  return {
    server,
    request: { phase, namespace, application },
    timeoutMs: values.timeout,
    intervalMs: values.interval,
  };
}
