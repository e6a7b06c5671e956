// `lockstep report --since 7d`: what Reloader did beside an observing Lockstep, asked from that one. Reads only.
import { LockstepError } from './core/errors.ts';
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

/** One answer comes from memory. */
const answerMostMs = 30_000;

/** Throws `config-invalid`, `kubeconfig-unreadable`, `api-*`, `report-*`. */
export async function runShadowReport(argv: readonly string[], deps: ShadowReportDeps): Promise<0> {
  const options = readOptions(argv);
  if (options === 'help') {
    deps.stdout(`${usage}\n\n${formatHelp(shadowReportFlags)}\n`);
    return 0;
  }
  const value =
    options.server === undefined ? await askThroughApi(options, deps) : await ask(options.server, options, deps);
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
  const server = values.server === undefined ? undefined : (URL.parse(values.server) ?? 'invalid');
  if (server === 'invalid' || (server !== undefined && !/^https?:$/.test(server.protocol)))
    problems.push('--server: want a URL such as http://127.0.0.1:8080');
  const stateNamespace = values['state-namespace'];
  if (!/^[a-z\d]([-a-z\d]{0,61}[a-z\d])?$/.test(stateNamespace))
    problems.push(`--state-namespace ${JSON.stringify(stateNamespace)}: no name of a namespace`);
  if (problems.length > 0 || server === 'invalid') throw refuse(problems);
  return { since, server, output, kubeconfig, context, stateNamespace };
}

/** The Service's port by its name: what it is in numbers is the manifest's business. */
async function askThroughApi(options: Options, { now, signal }: ShadowReportDeps): Promise<unknown> {
  const connection = await connect(options, now);
  try {
    return await createClient(connection, () => undefined).send({
      verb: 'get',
      resource: 'services/proxy',
      subject: `${options.stateNamespace}/lockstep`,
      path: `/api/v1/namespaces/${options.stateNamespace}/services/http:lockstep:http/proxy/v1/shadow`,
      query: { since: options.since },
      signal,
    });
  } finally {
    await connection.close();
  }
}

async function ask(server: URL, { since }: Options, { fetch, signal }: ShadowReportDeps): Promise<unknown> {
  const url = new URL(`/v1/shadow?${new URLSearchParams({ since }).toString()}`, server);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMostMs)]);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { signal: limit, redirect: 'error' });
    text = await response.text();
  } catch (cause) {
    signal.throwIfAborted();
    throw new LockstepError('report-server-unreachable', { message: `cannot reach ${server.origin}`, cause });
  }
  const body = parseJson(text);
  if (response.ok) return body;
  const said = typeof body === 'object' && body !== null && 'message' in body ? `: ${String(body.message)}` : '';
  throw new LockstepError('report-server-refused', {
    message: `${server.origin} answered ${response.status}${said}`,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
