// `lockstep report --since 7d`: what Reloader did beside an observing Lockstep, asked from that one. Reads only.
import { askDirectly, askThroughApi, parseServer, type Question } from './ask-lockstep.ts';
import { parseSince, type ShadowReport } from './core/shadow-report.ts';
import { parseReport } from './core/shadow-answer.ts';
import { formatHelp } from './flags-help.ts';
import { parseFlags, refuse, type FlagTable } from './flags.ts';
import { createClient } from './kube/client.ts';
import { connect } from './kube/connection.ts';
import { renderShadow } from './shadow-output.ts';

const group = 'Flags';

/** The flags of `report --since`. */
export const shadowReportFlags = {
  since: { type: 'string', default: '7d', group, help: 'how far back, such as 7d, 36h or 90m' },
  server: {
    type: 'string',
    group,
    help: 'URL of the observing Lockstep, such as http://127.0.0.1:8080; else through the API server',
  },
  output: { type: 'choice', short: 'o', choices: ['table', 'json'], default: 'table', group, help: 'how to print it' },
  kubeconfig: { type: 'string', group, help: 'kubeconfig file; else $KUBECONFIG, else ~/.kube/config' },
  context: { type: 'string', group, help: 'context of the kubeconfig; else its current one' },
  'state-namespace': {
    type: 'string',
    default: 'lockstep-system',
    group,
    help: 'where the Service lockstep of the observing Lockstep is',
  },
  help: { type: 'bool', short: 'h', default: false, group, help: 'print this help' },
} as const satisfies FlagTable;

export interface ShadowReportDeps {
  readonly stdout: (text: string) => void;
  readonly fetch: typeof fetch;
  /** Wall clock (ms). */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

const usage = `lockstep report --since <duration> [flags]

Says of each change what a Reloader did beside a Lockstep that runs with --mode=observe: matched, late, missed, failed,
doubled or needless, and how long it took. Exit code 0: reported, 2: wrong flags, or it cannot be asked.`;

/** Throws `config-invalid`, `kubeconfig-unreadable`, `api-*`, `report-*`. */
export async function runShadowReport(argv: readonly string[], deps: ShadowReportDeps): Promise<0> {
  const options = readOptions(argv);
  if (options === 'help') {
    deps.stdout(`${usage}\n\n${formatHelp(shadowReportFlags)}\n`);
    return 0;
  }
  const { server, since } = options;
  const question = { path: '/v1/shadow', query: { since }, signal: deps.signal };
  const value = await (server === undefined
    ? askCluster(options, question, deps)
    : askDirectly({ server, fetch: deps.fetch }, question));
  const report: ShadowReport = parseReport(value);
  deps.stdout(options.output === 'json' ? `${JSON.stringify(report, undefined, 2)}\n` : renderShadow(report));
  return 0;
}

interface Options {
  readonly since: string;
  readonly server: URL | undefined;
  readonly output: 'table' | 'json';
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly stateNamespace: string;
}

function readOptions(argv: readonly string[]): Options | 'help' {
  const { values, args, problems: mistakes } = parseFlags(shadowReportFlags, argv);
  if (values.help && mistakes.length === 0) return 'help';
  const problems = [...mistakes, ...args.map((word) => `unexpected word ${word}`)];
  const { since, output, kubeconfig, context } = values;
  if (parseSince(since) === undefined) problems.push(`--since ${since}: want a duration such as 7d, 36h or 90m`);
  const server = values.server === undefined ? undefined : parseServer(values.server);
  if (values.server !== undefined && server === undefined)
    problems.push('--server: want a URL such as http://127.0.0.1:8080');
  const stateNamespace = values['state-namespace'];
  if (!/^[a-z\d]([-a-z\d]{0,61}[a-z\d])?$/.test(stateNamespace))
    problems.push(`--state-namespace ${JSON.stringify(stateNamespace)}: no name of a namespace`);
  if (problems.length > 0) throw refuse(problems);
  return { since, server, output, kubeconfig, context, stateNamespace };
}

async function askCluster(options: Options, question: Question, { now }: ShadowReportDeps): Promise<unknown> {
  const connection = await connect(options, now);
  try {
    return await askThroughApi(
      createClient(connection, () => undefined),
      options.stateNamespace,
      question,
    );
  } finally {
    await connection.close();
  }
}
