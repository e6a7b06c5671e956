// The demo's command line.
import { formatHelp } from '../../server/flags-help.ts';
import { parseFlags, type FlagTable } from '../../server/flags.ts';

export type ClusterKind = 'memory' | 'real' | 'kubeconfig';

export interface DemoOptions {
  readonly cluster: ClusterKind;
  readonly ending: 'once' | 'until-interrupted';
  readonly output: 'text' | 'json';
}

export type Asked =
  | { readonly kind: 'run'; readonly options: DemoOptions }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

const kinds: readonly ClusterKind[] = ['memory', 'real', 'kubeconfig'];

const flags = {
  once: { type: 'bool', default: false, group: 'Flags', help: 'exit when the story is told' },
  json: {
    type: 'bool',
    default: false,
    group: 'Flags',
    help: 'end with the figures as one JSON object in the last line',
  },
  cluster: {
    type: 'choice',
    choices: kinds,
    default: 'memory',
    group: 'Flags',
    help: 'API server in memory, a control plane of its own, or yours',
  },
  help: { type: 'bool', short: 'h', default: false, group: 'Flags', help: 'print this help' },
} as const satisfies FlagTable;

const usage = `Usage: npm run demo -- [flags]

Renews a certificate in a small shop and shows what follows: one restart, one rollout, one pull request, and after its
merge no second rollout; then an edited ConfigMap, shown as drift and put back. With --cluster kubeconfig it does so in the cluster that kubectl would use, in the namespaces
lockstep-demo and lockstep-demo-state, which it makes and removes. Exit code 0 only if all figures are as they should be.

`;

export function readOptions(argv: readonly string[]): Asked {
  const { values, args, problems } = parseFlags(flags, argv);
  const all = [...problems, ...args.map((word) => `unexpected word ${word}`)];
  if (all.length > 0) return { kind: 'refused', problems: all };
  if (values.help) return { kind: 'help', text: `${usage}${formatHelp(flags)}\n` };
  const cluster = kinds.find((kind) => kind === values.cluster) ?? 'memory';
  const ending = values.once ? 'once' : 'until-interrupted';
  return { kind: 'run', options: { cluster, ending, output: values.json ? 'json' : 'text' } };
}
