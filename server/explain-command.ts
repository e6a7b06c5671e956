// `lockstep explain <kind>/<name>`: flags in, an explanation and an exit code out. It reads with a kubeconfig and writes nothing.
import { askingFlags, isName, readRules, ruleFlags } from './asking-flags.ts';
import { hasCode } from './core/errors.ts';
import { explainConfig, explainWorkload } from './core/explain.ts';
import { explainPostedConfig, explainPostedWorkload } from './core/explain-webhook.ts';
import { isConfigKind, type ConfigKind, type WorkloadKind } from './core/object.ts';
import { readConfigFacts, readWorkloadFacts } from './explain-facts.ts';
import { renderConfig, renderWorkload } from './explain-output.ts';
import type { Asking } from './explain-reads.ts';
import { formatHelp } from './flags-help.ts';
import { parseFlags, refuse, suggest, type FlagTable } from './flags.ts';
import { createClient } from './kube/client.ts';
import { connect } from './kube/connection.ts';
import { presenceOf, referenceRulesOf, type Remarks } from './reloader-config.ts';
import { reloaderFlags } from './reloader-flags.ts';

const group = 'Flags';

/** The flags of `explain`. */
export const explainFlags = {
  namespace: { type: 'string', short: 'n', default: 'default', group, help: 'namespace of the object' },
  ...askingFlags,
  ...ruleFlags,
  'namespaces-to-ignore': reloaderFlags['namespaces-to-ignore'],
  'namespace-selector': reloaderFlags['namespace-selector'],
  'webhook-url': reloaderFlags['webhook-url'],
} as const satisfies FlagTable;

export interface ExplainDeps {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Wall clock (ms). */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  readonly signal: AbortSignal;
}

const usage = `lockstep explain <kind>/<name> [flags]

Says of a workload which Secrets and ConfigMaps it uses, which rule applies to each, what it was last restarted for and
what is pending; of a Secret or ConfigMap which workloads a change would restart. Reads only, and prints no values.
Kinds: deployment (deploy), statefulset (sts), daemonset (ds), cronjob (cj), job, rollout (ro), deploymentconfig (dc),
secret, configmap (cm), secretproviderclass. Give Reloader's flags as the running Lockstep has them.
Exit code 0: explained, 1: there is no such object, 2: wrong flags, or it cannot be read.`;

type Target =
  | { readonly type: 'workload'; readonly kind: WorkloadKind; readonly name: string }
  | { readonly type: 'config'; readonly kind: ConfigKind; readonly name: string };

const kindWords: Readonly<Record<string, WorkloadKind | ConfigKind>> = {
  deployment: 'Deployment',
  deployments: 'Deployment',
  deploy: 'Deployment',
  statefulset: 'StatefulSet',
  statefulsets: 'StatefulSet',
  sts: 'StatefulSet',
  daemonset: 'DaemonSet',
  daemonsets: 'DaemonSet',
  cronjob: 'CronJob',
  cronjobs: 'CronJob',
  cj: 'CronJob',
  job: 'Job',
  jobs: 'Job',
  rollout: 'Rollout',
  rollouts: 'Rollout',
  ro: 'Rollout',
  deploymentconfig: 'DeploymentConfig',
  deploymentconfigs: 'DeploymentConfig',
  dc: 'DeploymentConfig',
  ds: 'DaemonSet',
  secret: 'Secret',
  secrets: 'Secret',
  configmap: 'ConfigMap',
  configmaps: 'ConfigMap',
  cm: 'ConfigMap',
  secretproviderclass: 'SecretProviderClass',
  secretproviderclasses: 'SecretProviderClass',
};

/** 0: explained. 1: there is no such object, said on stderr. Throws `config-invalid`, `kubeconfig-unreadable`, `api-*`. */
export async function runExplain(argv: readonly string[], deps: ExplainDeps): Promise<0 | 1> {
  const options = readOptions(argv);
  if (options === 'help') {
    deps.stdout(`${usage}\n\n${formatHelp(explainFlags)}\n`);
    return 0;
  }
  for (const warning of options.warnings) deps.stderr(`warning: ${warning}\n`);
  const connection = await connect(options, deps.now);
  try {
    const { now, randomBytes, signal } = deps;
    const client = createClient(connection, () => undefined);
    deps.stdout(await explain({ ...options.asking, client, now: now(), randomBytes, signal }, options));
    return 0;
  } catch (error) {
    if (!hasCode(error, 'api-not-found')) throw error;
    deps.stderr(`${error.message}\n`);
    return 1;
  } finally {
    await connection.close();
  }
}

interface Options {
  readonly target: Target;
  readonly namespace: string;
  readonly output: 'table' | 'json';
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly asking: Omit<Asking, 'client' | 'now' | 'randomBytes' | 'signal'>;
  /** Under --webhook-url: nothing is restarted. */
  readonly posts: boolean;
  readonly warnings: readonly string[];
}

async function explain(asking: Asking, { target, namespace, output, posts }: Options): Promise<string> {
  const json = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;
  if (target.type === 'workload') {
    const { kind, name } = target;
    const found = explainWorkload(await readWorkloadFacts(asking, { kind, namespace, name }));
    const explanation = posts ? explainPostedWorkload(found) : found;
    return output === 'json' ? json(explanation) : renderWorkload(explanation);
  }
  const { kind, name } = target;
  const found = explainConfig(await readConfigFacts(asking, { kind, namespace, name }));
  const explanation = posts ? explainPostedConfig(found) : found;
  return output === 'json' ? json(explanation) : renderConfig(explanation);
}

function readOptions(argv: readonly string[]): Options | 'help' {
  const { values, args, problems: mistakes, warnings } = parseFlags(explainFlags, argv);
  if (values.help && mistakes.length === 0) return 'help';
  const remarks: Remarks = { problems: [...mistakes], warnings: warnings.map(({ says }) => says) };
  const reloader = readRules(values, remarks);
  const target = readTarget(args, remarks.problems);
  for (const flag of ['namespace', 'state-namespace'] as const) {
    if (!isName(values[flag]))
      remarks.problems.push(`--${flag} ${JSON.stringify(values[flag])}: no name of a namespace`);
  }
  if (remarks.problems.length > 0 || target === undefined) throw refuse(remarks.problems);
  const { namespace, output, kubeconfig, context } = values;
  const { rules, pauseKeys } = reloader;
  const stateNamespace = values['state-namespace'];
  const extras = { ...referenceRulesOf(reloader), presence: presenceOf(reloader) };
  const scope = { listed: [], ignored: reloader.namespacesToIgnore, selector: reloader.namespaceSelector };
  const asking = { rules, pauseKeys, ...extras, stateNamespace, scope } as const;
  const posts = reloader.webhookUrl !== undefined;
  return { target, namespace, output, kubeconfig, context, asking, posts, warnings: remarks.warnings };
}

function readTarget([word = '', ...more]: readonly string[], problems: string[]): Target | undefined {
  problems.push(...more.map((extra) => `unexpected word ${extra}`));
  const [kindWord = '', name = '', ...rest] = word.split('/');
  const kind = Object.hasOwn(kindWords, kindWord.toLowerCase()) ? kindWords[kindWord.toLowerCase()] : undefined;
  if (kindWord === '' || rest.length > 0 || !isName(name)) {
    problems.push(`want one object as <kind>/<name>, such as deployment/web${word === '' ? '' : `, not ${word}`}`);
    return undefined;
  }
  if (kind === undefined) {
    problems.push(`unknown kind ${kindWord}${suggest(kindWord, Object.keys(kindWords))}`);
    return undefined;
  }
  return isConfigKind(kind) ? { type: 'config', kind, name } : { type: 'workload', kind, name };
}
