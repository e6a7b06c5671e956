// The flags of the commands that ask a cluster with a kubeconfig, `explain` and `report`: where to ask, and by which rules to judge.
import { parseFlags, type FlagTable } from './flags.ts';
import { readReloader, type Remarks, type ReloaderConfig } from './reloader-config.ts';
import { reloaderFlags } from './reloader-flags.ts';

const group = 'Flags';

/** Where to ask, and how to print what is said. */
export const askingFlags = {
  output: { type: 'choice', short: 'o', choices: ['table', 'json'], default: 'table', group, help: 'how to print it' },
  kubeconfig: { type: 'string', group, help: 'kubeconfig file; else $KUBECONFIG, else ~/.kube/config' },
  context: { type: 'string', group, help: 'context of the kubeconfig; else its current one' },
  'state-namespace': {
    type: 'string',
    default: 'lockstep-system',
    group,
    help: 'where Lockstep keeps its ledger and digest key, when it runs in this cluster',
  },
  help: { type: 'bool', short: 'h', default: false, group, help: 'print this help' },
} as const satisfies FlagTable;

/** Those of Reloader's flags that decide which rule applies. */
export const ruleFlags = {
  compat: reloaderFlags.compat,
  'reload-strategy': reloaderFlags['reload-strategy'],
  'auto-reload-all': reloaderFlags['auto-reload-all'],
  'resources-to-ignore': reloaderFlags['resources-to-ignore'],
  'enable-csi-integration': reloaderFlags['enable-csi-integration'],
  'extra-references': reloaderFlags['extra-references'],
  'auto-annotation': reloaderFlags['auto-annotation'],
  'configmap-auto-annotation': reloaderFlags['configmap-auto-annotation'],
  'secret-auto-annotation': reloaderFlags['secret-auto-annotation'],
  'configmap-annotation': reloaderFlags['configmap-annotation'],
  'secret-annotation': reloaderFlags['secret-annotation'],
  'auto-search-annotation': reloaderFlags['auto-search-annotation'],
  'search-match-annotation': reloaderFlags['search-match-annotation'],
  'ignore-annotation': reloaderFlags['ignore-annotation'],
  'pause-deployment-annotation': reloaderFlags['pause-deployment-annotation'],
  'pause-deployment-time-annotation': reloaderFlags['pause-deployment-time-annotation'],
  'reload-on-create': reloaderFlags['reload-on-create'],
  'reload-on-delete': reloaderFlags['reload-on-delete'],
} as const satisfies FlagTable;

type Values = Partial<Parameters<typeof readReloader>[0]['values']>;

/** What Reloader's flags among `values` say; those that a command does not take have their defaults. */
export function readRules(values: Values, remarks: Remarks): ReloaderConfig {
  const defaults = parseFlags(reloaderFlags, []).values;
  return readReloader({ values: { ...defaults, ...values }, env: {}, namespaces: [] }, remarks);
}

/** It becomes part of a URL's path; the API server says the rest about it. */
export function isName(text: string): boolean {
  return /^[a-z\d][-.a-z\d]{0,252}$/.test(text);
}
