// `lockstep report`: flags in, a report out. It reads with a kubeconfig and writes nothing.
import { askingFlags, isName, readRules, ruleFlags } from './asking-flags.ts';
import { makeReport } from './core/report.ts';
import { formatHelp } from './flags-help.ts';
import { parseFlags, refuse, type FlagTable } from './flags.ts';
import { createClient } from './kube/client.ts';
import { connect, readNamespace } from './kube/connection.ts';
import { referenceRulesOf, type Remarks } from './reloader-config.ts';
import { renderReport } from './report-output.ts';
import { createProgress, type ProgressDeps } from './report-progress.ts';
import { readReportFacts, type ReportAsking } from './report-reads.ts';

const group = 'Flags';

/** The flags of `report`. */
export const reportFlags = {
  namespace: { type: 'string', short: 'n', group, help: 'namespace to read; else the context’s, else default' },
  'all-namespaces': { type: 'bool', short: 'A', default: false, group, help: 'read all namespaces' },
  top: { type: 'int', default: 10, min: 1, group, help: 'how many of the largest fan-outs to print' },
  ...askingFlags,
  ...ruleFlags,
} as const satisfies FlagTable;

export interface ReportDeps {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Somebody watches stderr: progress is told there. */
  readonly isWatched: boolean;
  readonly after: ProgressDeps['after'];
  /** Wall clock (ms). */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  readonly signal: AbortSignal;
}

const usage = `lockstep report [-n namespace | -A] [flags]

Reads a namespace, or all, and says: which pods started before content that they use was changed, which annotations of
Reloader and Lockstep have no effect, which changes would restart most, and which pods run with a certificate that was
renewed since. Reads only, needs no install, and prints no values. Give Reloader's flags as they are given there.
Exit code 0: read, whatever was found, 2: wrong flags, or it cannot be read.`;

/** 0: read. Throws `config-invalid`, `kubeconfig-unreadable`, `api-*`. */
export async function runReport(argv: readonly string[], deps: ReportDeps): Promise<0> {
  const options = readOptions(argv);
  if (options === 'help') {
    deps.stdout(`${usage}\n\n${formatHelp(reportFlags)}\n`);
    return 0;
  }
  for (const warning of options.warnings) deps.stderr(`warning: ${warning}\n`);
  const connection = await connect(options, deps.now);
  const progress = createProgress(deps);
  try {
    const { now, randomBytes, signal } = deps;
    const client = createClient(connection, () => undefined);
    const namespace = options.isEverywhere ? undefined : (options.namespace ?? readNamespace(options) ?? 'default');
    const asking = { ...options.asking, client, namespace, now: now(), randomBytes, signal, onRead: progress.tell };
    const report = makeReport(await readReportFacts(asking), options);
    progress.clear();
    deps.stdout(options.output === 'json' ? `${JSON.stringify(report, undefined, 2)}\n` : renderReport(report));
    return 0;
  } finally {
    progress.clear();
    await connection.close();
  }
}

interface Options {
  /** Undefined: the context's. */
  readonly namespace: string | undefined;
  readonly isEverywhere: boolean;
  readonly top: number;
  readonly output: 'table' | 'json';
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly asking: Pick<
    ReportAsking,
    'rules' | 'granularity' | 'extras' | 'pauseKeys' | 'stateNamespace' | 'pausePeriod'
  >;
  readonly warnings: readonly string[];
}

function readOptions(argv: readonly string[]): Options | 'help' {
  const { values, args, problems: mistakes, warnings } = parseFlags(reportFlags, argv);
  if (values.help && mistakes.length === 0) return 'help';
  const remarks: Remarks = { problems: [...mistakes], warnings: warnings.map(({ says }) => says) };
  const reloader = readRules(values, remarks);
  remarks.problems.push(...args.map((extra) => `unexpected word ${extra}`));
  for (const flag of ['namespace', 'state-namespace'] as const) {
    const name = values[flag];
    if (name !== undefined && !isName(name))
      remarks.problems.push(`--${flag} ${JSON.stringify(name)}: no name of a namespace`);
  }
  if (remarks.problems.length > 0) throw refuse(remarks.problems);
  const { namespace, top, output, kubeconfig, context } = values;
  const { rules, pauseKeys } = reloader;
  const stateNamespace = values['state-namespace'];
  const asking = {
    rules,
    pauseKeys,
    ...referenceRulesOf(reloader),
    stateNamespace,
    pausePeriod: pauseKeys.period,
  };
  const isEverywhere = values['all-namespaces'];
  return { namespace, isEverywhere, top, output, kubeconfig, context, asking, warnings: remarks.warnings };
}
