// The options of `lockstep serve` and what becomes of them: one frozen Config, or every problem at once.
import { join } from 'node:path';
import { formatDuration } from './core/duration.ts';
import type { ShadowLimits } from './core/shadow-pair.ts';
import type { Gates } from './core/hold.ts';
import { engineFlags, readEngineFlags, type EngineSettings } from './engine-flags.ts';
import { noFile, readConfigFile, type ConfigFile } from './config-file.ts';
import type { ListenAt } from './http/listen.ts';
import { parseFlags, refuse, type FlagTable, type Parsed } from './flags.ts';
import { logFlags, readLogging, type LogConfig } from './log-config.ts';
import { readReloader, watchedNamespaces, type ReloaderConfig, type Remarks } from './reloader-config.ts';
import { reloaderFlags } from './reloader-flags.ts';

const cluster = 'Cluster';
const restarts = 'Restarts';
const engines = 'Engines';
const shadow = 'Beside Reloader';
const recording = 'Recording in Git';
const serving = 'Serving';

/** The flags of `serve`. The help text and the README's table are made from this. */
export const serveFlags = {
  kubeconfig: {
    type: 'string',
    group: cluster,
    help: 'kubeconfig file; else $KUBECONFIG, ~/.kube/config, the ServiceAccount',
  },
  context: { type: 'string', group: cluster, help: 'context of the kubeconfig; else its current one' },
  namespaces: {
    type: 'list',
    default: [],
    group: cluster,
    help: 'namespaces to watch, comma-separated; else $KUBERNETES_NAMESPACE, else all',
  },
  'state-namespace': {
    type: 'string',
    group: cluster,
    help: 'namespace of the ledger, the Lease and the digest key; else $POD_NAMESPACE, else lockstep-system',
  },
  identity: {
    type: 'string',
    group: cluster,
    help: 'name in the Lease; else $POD_NAME, else the host name. A process with the same name takes over at once',
  },
  mode: {
    type: 'choice',
    choices: ['enforce', 'observe'],
    default: 'enforce',
    group: restarts,
    help: 'observe does everything except write, and says what it would have done',
  },
  settle: {
    type: 'duration',
    default: 1000,
    group: restarts,
    help: 'wait this long after the last change of a workload’s config objects, so that many changes give one restart',
  },
  'settle-max': {
    type: 'duration',
    default: 10_000,
    group: restarts,
    help: 'but never longer than this after the first',
  },
  'max-rollouts': {
    type: 'int',
    default: 100,
    group: restarts,
    help: 'further restarts wait while this many rollouts are in progress; 0: no limit; 1: each waits until the one before is available',
  },
  'max-rollouts-per-namespace': {
    type: 'int',
    default: 0,
    group: restarts,
    help: 'the same for each namespace; 0: no limit',
  },
  jitter: {
    type: 'duration',
    default: 0,
    group: restarts,
    help: 'each owed restart waits a random part of this, so that those of one change are spread',
  },
  'halt-after-failures': {
    type: 'int',
    default: 0,
    group: restarts,
    help: 'restart nothing else while this many rollouts of restarts are failed; 0: go on',
  },
  'restart-burst': {
    type: 'int',
    default: 10,
    group: restarts,
    help: 'restarts of one workload in quick succession, then one each 5m until its config objects are quiet; 0: no limit',
  },
  drift: {
    type: 'choice',
    choices: ['report', 'revert', 'off'],
    default: 'report',
    group: engines,
    help: 'what to do where live config objects differ from Git: say so; also ask the engine to put Git’s content back; off does not look',
  },
  'shadow-late': {
    type: 'duration',
    default: 60_000,
    group: shadow,
    help: 'with --mode=observe: a restart by Reloader later than this after its change is late',
  },
  'shadow-missed': {
    type: 'duration',
    default: 600_000,
    min: 1000,
    group: shadow,
    help: 'with --mode=observe: a change without one until then is missed',
  },
  config: { type: 'string', group: recording, help: 'YAML file with the sources and the Flux tenants' },
  'state-dir': {
    type: 'string',
    group: recording,
    help: 'directory for Git mirrors and the shadow history; else lockstep in the temp directory',
  },
  'allow-local-git': {
    type: 'bool',
    default: false,
    group: recording,
    help: 'permit file:// and http:// repositories',
  },
  address: { type: 'string', default: ':8080', group: serving, help: 'address of the hooks and the API' },
  'metrics-address': { type: 'string', default: ':9090', group: serving, help: 'address of the probes and /metrics' },
  ...engineFlags,
  ...logFlags,
  ...reloaderFlags,
} as const satisfies FlagTable;

export interface Config extends ConfigFile, LogConfig {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Empty: every namespace. */
  readonly namespaces: readonly string[];
  readonly stateNamespace: string;
  readonly identity: string;
  readonly mode: 'enforce' | 'observe';
  readonly drift: 'report' | 'revert' | 'off';
  readonly settleMs: number;
  readonly settleMaxMs: number;
  readonly shadow: ShadowLimits;
  readonly gates: Gates;
  readonly stateDir: string;
  readonly allowLocalGit: boolean;
  readonly address: ListenAt;
  readonly metricsAddress: ListenAt;
  readonly reloader: ReloaderConfig;
  readonly engines: EngineSettings;
  /** What was ignored, one sentence each; to be logged at the start. */
  readonly warnings: readonly string[];
}

/** What the configuration is made from; main.ts passes the real ones. */
export interface Surroundings {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  readonly tempDir: string;
  /** Whether logs go to a terminal. */
  readonly isTerminal: boolean;
  /** Throws when the file cannot be read. */
  readonly readFile: (path: string) => string;
}

/** Throws `config-invalid` with every problem, one a line. */
export function loadConfig(from: Surroundings): Config {
  const parsed = parseFlags(serveFlags, from.argv);
  const { values } = parsed;
  const remarks: Remarks = { problems: [...parsed.problems], warnings: parsed.warnings.map(({ says }) => says) };
  const { problems, warnings } = remarks;
  checkWords(parsed, remarks);
  const namespaces = watchedNamespaces(values.namespaces, from.env);
  problems.push(...checkValues(values, namespaces));
  const reloader = Object.freeze(readReloader({ values, env: from.env, namespaces }, remarks));
  const engines = Object.freeze(readEngineFlags(values, remarks));
  const file = readFileOf(values, from, problems);
  const address = parseAddress('address', values.address, problems);
  const metricsAddress = parseAddress('metrics-address', values['metrics-address'], problems);
  if (problems.length > 0) throw refuse(problems);
  const own = { ...fromFlags(values, from), ...readLogging(parsed, defaultFormat(values, from)) };
  return Object.freeze({ ...file, address, metricsAddress, ...own, namespaces, reloader, engines, warnings });
}

/** Reloader writes text. */
function defaultFormat({ compat }: ServeFlags['values'], { isTerminal }: Surroundings): 'json' | 'text' {
  return isTerminal || compat === 'reloader' ? 'text' : 'json';
}

/** A typing error must not hold back restarts for days. */
const jitterMostMs = 3_600_000;

type ServeFlags = Parsed<typeof serveFlags>;

function fromFlags(values: ServeFlags['values'], { env, hostname, tempDir }: Surroundings) {
  return {
    kubeconfig: values.kubeconfig ?? env['KUBECONFIG'],
    context: values.context,
    stateNamespace: values['state-namespace'] ?? env['POD_NAMESPACE'] ?? 'lockstep-system',
    identity: values.identity ?? env['POD_NAME'] ?? hostname,
    mode: values.mode,
    drift: values.drift,
    settleMs: values.settle,
    settleMaxMs: values['settle-max'],
    shadow: { lateMs: values['shadow-late'], missedMs: values['shadow-missed'] },
    gates: Object.freeze<Gates>({
      maxRollouts: values['max-rollouts'],
      maxRolloutsPerNamespace: values['max-rollouts-per-namespace'],
      jitterMs: values.jitter,
      haltAfterFailures: values['halt-after-failures'],
      restartBurst: values['restart-burst'],
    }),
    stateDir: values['state-dir'] ?? join(tempDir, 'lockstep'),
    allowLocalGit: values['allow-local-git'],
  } as const;
}

/** Reloader overlooks words that are no flags, such as the second in `--auto-reload-all true`. */
function checkWords({ args, values, problems: mistakes }: ServeFlags, { problems, warnings }: Remarks): void {
  if (mistakes.length > 0) return;
  if (values.compat === 'reloader') warnings.push(...args.map((word) => `the word ${word} is ignored: it is no flag`));
  else problems.push(...args.map((word) => `unexpected word ${word}: serve takes flags only`));
}

function checkValues(values: ServeFlags['values'], namespaces: readonly string[]): string[] {
  const problems: string[] = [];
  for (const name of [...namespaces, values['state-namespace']]) {
    if (name !== undefined && !isNamespace(name)) problems.push(`"${name}" is no name of a namespace`);
  }
  if (values.settle > values['settle-max']) {
    const [settle, most] = [formatDuration(values.settle), formatDuration(values['settle-max'])];
    problems.push(`--settle ${settle} is longer than --settle-max ${most}`);
  }
  if (values.jitter > jitterMostMs) {
    const [jitter, most] = [formatDuration(values.jitter), formatDuration(jitterMostMs)];
    problems.push(`--jitter ${jitter} is longer than ${most}: a restart would wait too long`);
  }
  return problems;
}

function readFileOf(values: ServeFlags['values'], from: Surroundings, problems: string[]): ConfigFile {
  const path = values.config;
  if (path === undefined) return noFile;
  let text: string;
  try {
    text = from.readFile(path);
  } catch (error) {
    problems.push(`--config ${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return noFile;
  }
  const read = readConfigFile(text, values['allow-local-git'] ? 'local-allowed' : 'local-refused');
  problems.push(...read.problems.map((problem) => `${path}: ${problem}`));
  return read.file;
}

/** `:8080`, `127.0.0.1:8080`, `[::1]:8080`; port 0 takes any free port. */
function parseAddress(flag: string, text: string, problems: string[]): ListenAt {
  const match = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    problems.push(`--${flag} ${text}: want host:port, such as :8080, 127.0.0.1:8080 or [::1]:8080`);
    return { host: undefined, port: 0 };
  }
  return { host: match[1] ?? (match[2] === '' ? undefined : match[2]), port };
}

/** RFC 1123 label, which namespaces are. */
function isNamespace(name: string): boolean {
  return /^[a-z\d]([-a-z\d]{0,61}[a-z\d])?$/.test(name);
}
