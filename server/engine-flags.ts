// The flags by which engines are found: where their settings are, and where Argo CD runs when it does not run in this cluster.
import { isName } from './asking-flags.ts';
import type { EngineOptions } from './core/engine.ts';
import type { FlagTable, FlagValues } from './flags.ts';
import type { Remarks } from './reloader-config.ts';

const group = 'Engines';

export const engineFlags = {
  'argocd-namespace': { type: 'string', default: 'argocd', group, help: 'namespace of Argo CD’s own settings' },
  'flux-namespace': { type: 'string', default: 'flux-system', group, help: 'namespace of Flux’s controllers' },
  'argocd-instance-label': {
    type: 'string',
    group,
    help: 'label by which Argo CD knows its objects, where argocd-cm sets application.instanceLabelKey',
  },
  'engine-kubeconfig': {
    type: 'string',
    group,
    help: 'kubeconfig of the cluster that Argo CD runs in, where that is another one; only its resources are read there',
  },
  'engine-context': { type: 'string', group, help: 'context of that kubeconfig; else its current one' },
  'engine-cluster-name': {
    type: 'list',
    default: [],
    group,
    help: 'names and server addresses under which Argo CD knows this cluster, comma-separated; beside in-cluster where it runs here',
  },
} as const satisfies FlagTable;

export interface EngineSettings {
  readonly argocd: EngineOptions;
  readonly flux: EngineOptions;
  /** Labels under which Argo CD writes an application's name, besides its default. */
  readonly instanceLabels: readonly string[];
  /** The cluster that Argo CD runs in; undefined: this one. */
  readonly hub: { readonly kubeconfig: string | undefined; readonly context: string | undefined } | undefined;
}

export function readEngineFlags(
  values: FlagValues<typeof engineFlags>,
  { problems }: Pick<Remarks, 'problems'>,
): EngineSettings {
  for (const flag of ['argocd-namespace', 'flux-namespace'] as const) {
    if (!isName(values[flag])) problems.push(`--${flag} ${JSON.stringify(values[flag])}: no name of a namespace`);
  }
  const { 'engine-kubeconfig': kubeconfig, 'engine-context': context, 'engine-cluster-name': known } = values;
  const isElsewhere = kubeconfig !== undefined || context !== undefined;
  if (isElsewhere && known.length === 0) {
    problems.push(
      '--engine-kubeconfig and --engine-context need --engine-cluster-name: which destinations are this cluster',
    );
  }
  const label = values['argocd-instance-label'];
  const isServer = (text: string): boolean => text.includes('://');
  const clusterServers = known.filter(isServer).map((server) => server.replace(/\/$/, ''));
  const clusterNames = known.filter((text) => !isServer(text));
  return {
    argocd: { namespace: values['argocd-namespace'], runsHere: !isElsewhere, clusterNames, clusterServers },
    flux: { namespace: values['flux-namespace'], runsHere: true, clusterNames: [], clusterServers: [] },
    instanceLabels: label === undefined ? [] : [label],
    hub: isElsewhere ? { kubeconfig, context } : undefined,
  };
}
