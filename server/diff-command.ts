// `lockstep diff`: flags in, a comparison of the cluster with Git out, and an exit code. It reads with a kubeconfig and writes nothing.
import { parseServer } from './ask-lockstep.ts';
import { askingFlags, isName, readRules, ruleFlags } from './asking-flags.ts';
import { engineFlags, readEngineFlags } from './engine-flags.ts';
import { makeDiff } from './core/diff.ts';
import type { DiffGap } from './core/diff-row.ts';
import { makePreview } from './core/preview.ts';
import { gatherDiff, gatherPreview, type DiffAsking, type DiffPorts } from './diff-facts.ts';
import { renderDiffMarkdown } from './diff-markdown.ts';
import { renderDiff } from './diff-output.ts';
import type { OpenPorts, PortOptions } from './diff-ports.ts';
import { formatHelp } from './flags-help.ts';
import { parseFlags, refuse, type FlagTable } from './flags.ts';
import { createClient } from './kube/client.ts';
import { connect, readNamespace } from './kube/connection.ts';
import { makeDigestKey } from './kube/digest-key.ts';
import { renderPreview, renderPreviewMarkdown } from './preview-output.ts';
import { presenceOf, referenceRulesOf, type Remarks } from './reloader-config.ts';
import { reloaderFlags } from './reloader-flags.ts';
import { createProgress, type ProgressDeps } from './report-progress.ts';

const group = 'Flags';

/** The flags of `diff`. */
export const diffFlags = {
  namespace: { type: 'string', short: 'n', group, help: 'namespace to compare; else the context’s, else default' },
  'all-namespaces': { type: 'bool', short: 'A', default: false, group, help: 'compare all namespaces' },
  engine: {
    type: 'choice',
    choices: ['argocd', 'flux', 'none'],
    group,
    help: 'only what belongs to this engine; none: what belongs to no engine',
  },
  revision: { type: 'string', group, help: 'branch, tag or commit to compare with; else what is applied' },
  restarts: {
    type: 'bool',
    default: false,
    group,
    help: 'instead: which workloads would restart if --revision were applied',
  },
  config: { type: 'string', group, help: 'file with Git sources for what no engine applies, as serve takes it' },
  'allow-local-git': { type: 'bool', default: false, group, help: 'allow file:// and http:// repositories' },
  'age-key-file': { type: 'string', group, help: 'file with age identities, to compare what SOPS encrypted' },
  'lockstep-url': {
    type: 'string',
    group,
    help: 'URL of the running Lockstep, which knows what is recorded; else through the API server',
  },
  ...askingFlags,
  output: {
    type: 'choice',
    short: 'o',
    choices: ['table', 'json', 'markdown'],
    default: 'table',
    group,
    help: 'how to print it; markdown: for a comment on a pull request',
  },
  ...engineFlags,
  ...ruleFlags,
  'namespaces-to-ignore': reloaderFlags['namespaces-to-ignore'],
  'namespace-selector': reloaderFlags['namespace-selector'],
} as const satisfies FlagTable;

export interface DiffDeps {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Somebody watches stderr: progress is told there. */
  readonly isWatched: boolean;
  readonly after: ProgressDeps['after'];
  /** Engines, Git and renderers; closed at the end. */
  readonly openPorts: (options: PortOptions) => Promise<OpenPorts>;
  readonly fetch: typeof globalThis.fetch;
  /** Wall clock (ms). */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  readonly signal: AbortSignal;
}

const usage = `lockstep diff [-n namespace | -A] [flags]

Compares each Secret and ConfigMap of a namespace, or of all, with what Git declares: which keys differ, who owns it, who
wrote it, and which workloads use it. With --revision R: what would change if R were applied; with --restarts --revision R:
which workloads would restart. Reads only, and prints no values. Give Reloader's flags as the running Lockstep has them.
Exit code 0: nothing that can be compared differs, 1: something differs, is missing or would restart, 2: wrong flags, or
something could not be read.`;

/** The exit code. Throws `config-invalid`, `kubeconfig-unreadable`, `api-*`, `git-*`. */
export async function runDiff(argv: readonly string[], deps: DiffDeps): Promise<0 | 1 | 2> {
  const options = readOptions(argv);
  if (options === 'help') {
    deps.stdout(`${usage}\n\n${formatHelp(diffFlags)}\n`);
    return 0;
  }
  for (const warning of options.warnings) deps.stderr(`warning: ${warning}\n`);
  const connection = await connect(options, deps.now);
  const progress = createProgress(deps);
  try {
    const client = createClient(connection, () => undefined);
    const { now, randomBytes, fetch, signal } = deps;
    const key = makeDigestKey(randomBytes);
    const given = { client, key, now: now(), randomBytes, fetch, signal };
    const asking = { ...options.asking, ...given, onRead: progress.tell, say: progress.say };
    const ports = await deps.openPorts({ ...options.ports, client, key, onRead: progress.tell, signal });
    try {
      const { text, failures, exitCode } = await answer(ports, asking, options);
      progress.clear();
      deps.stdout(text);
      for (const { about, says } of failures) deps.stderr(`warning: ${about}: ${says}\n`);
      return failures.length > 0 ? 2 : exitCode;
    } finally {
      await ports.close();
    }
  } finally {
    progress.clear();
    await connection.close();
  }
}

interface Answer {
  readonly text: string;
  readonly failures: readonly DiffGap[];
  readonly exitCode: 0 | 1;
}

async function answer(ports: DiffPorts, asking: DiffAsking, { output, restarts }: Options): Promise<Answer> {
  const { revision } = asking;
  if (restarts && revision !== undefined) {
    const { facts, failures } = await gatherPreview(ports, { ...asking, revision });
    const preview = makePreview(facts);
    const renders = { table: renderPreview, json: renderJson, markdown: renderPreviewMarkdown };
    const concerned = preview.workloads.filter(({ action }) => action !== 'unknown');
    return { text: renders[output](preview), failures, exitCode: concerned.length > 0 ? 1 : 0 };
  }
  const { facts, failures } = await gatherDiff(ports, asking);
  const diff = makeDiff(facts);
  const renders = { table: renderDiff, json: renderJson, markdown: renderDiffMarkdown };
  const { different, missing } = diff.summary;
  return { text: renders[output](diff), failures, exitCode: different + missing > 0 ? 1 : 0 };
}

function renderJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

type Given = 'client' | 'key' | 'now' | 'randomBytes' | 'fetch' | 'signal' | 'onRead' | 'say';

interface Options {
  readonly output: 'table' | 'json' | 'markdown';
  readonly restarts: boolean;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly asking: Omit<DiffAsking, Given>;
  readonly ports: Omit<PortOptions, 'client' | 'key' | 'onRead' | 'signal'>;
  readonly warnings: readonly string[];
}

function readOptions(argv: readonly string[]): Options | 'help' {
  const { values, args, problems: mistakes, warnings } = parseFlags(diffFlags, argv);
  if (values.help && mistakes.length === 0) return 'help';
  const remarks: Remarks = { problems: [...mistakes], warnings: warnings.map(({ says }) => says) };
  const reloader = readRules(values, remarks);
  remarks.problems.push(...args.map((extra) => `unexpected word ${extra}`), ...findMistakes(values));
  const engines = readEngineFlags(values, remarks);
  const server = values['lockstep-url'] === undefined ? undefined : parseServer(values['lockstep-url']);
  if (values['lockstep-url'] !== undefined && server === undefined)
    remarks.problems.push('--lockstep-url: want a URL such as http://127.0.0.1:8080');
  if (remarks.problems.length > 0) throw refuse(remarks.problems);
  const { output, restarts, kubeconfig, context, engine, revision, config } = values;
  const { rules, pauseKeys } = reloader;
  const namespace = values['all-namespaces'] ? undefined : (values.namespace ?? readNamespace(values) ?? 'default');
  const places = { namespace, stateNamespace: values['state-namespace'], server };
  const judging = { rules, pauseKeys, ...referenceRulesOf(reloader), presence: presenceOf(reloader) };
  const scope = { listed: [], ignored: reloader.namespacesToIgnore, selector: reloader.namespaceSelector };
  const asking = { ...places, ...judging, scope, engine, revision };
  const files = { config, allowLocalGit: values['allow-local-git'], ageKeyFile: values['age-key-file'] };
  const ports = { ...files, engines };
  return { output, restarts, kubeconfig, context, asking, ports, warnings: remarks.warnings };
}

type Values = ReturnType<typeof parseFlags<typeof diffFlags>>['values'];

function findMistakes(values: Values): string[] {
  const names = (['namespace', 'state-namespace'] as const).flatMap((flag) => {
    const name = values[flag];
    return name === undefined || isName(name) ? [] : [`--${flag} ${JSON.stringify(name)}: no name of a namespace`];
  });
  const { restarts, revision } = values;
  const wants = restarts && revision === undefined ? ['--restarts: say with --revision what would be applied'] : [];
  const isOption = revision !== undefined && (revision === '' || revision.startsWith('-'));
  return [
    ...names,
    ...wants,
    ...(isOption ? [`--revision ${JSON.stringify(revision)}: want a branch, tag or commit`] : []),
  ];
}
