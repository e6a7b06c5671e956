// The three clusters that the demo can run on, and where each keeps its record of what was written.
import { readAudit, templateChanges } from '../cluster/audit.ts';
import { findControlPlane } from '../cluster/binaries.ts';
import { startCluster } from '../cluster/cluster.ts';
import { define } from '../e2e/custom-kinds.ts';
import { fluxKinds } from '../engines/small-flux.ts';
import { startFakeApiServer, writeKubeconfig } from '../fakes/server.ts';
import type { TemplateChange } from './judge.ts';
import type { Observer } from './observer.ts';
import type { ClusterKind } from './options.ts';

/** A record of writes that the API server keeps. */
export interface WriteRecord {
  /** Every change of a pod template in a namespace, in order. */
  templateChanges(namespace: string): Promise<readonly TemplateChange[]>;
  /** When the API server got the last successful write of a Secret. */
  secretWrittenAt(namespace: string, name: string): Promise<number | undefined>;
}

export interface DemoCluster {
  readonly kind: ClusterKind;
  /** For people: `Kubernetes v1.36.0`. */
  readonly description: string;
  /** Undefined: what kubectl would take. */
  readonly kubeconfig: string | undefined;
  /** Whether the kinds of Flux are defined, in a cluster that is the demo's own. */
  readonly hasFlux: boolean;
  /** Undefined where the API server shows none to its users: then the observer's watch is the record. */
  readonly record: WriteRecord | undefined;
  /** For people. */
  readonly recordName: string;
  stop(): Promise<void>;
}

/** `directory` may take files of the cluster and is removed by the caller. */
export async function openCluster(kind: ClusterKind, directory: string, signal: AbortSignal): Promise<DemoCluster> {
  switch (kind) {
    case 'memory':
      return openMemory(directory);
    case 'real':
      return openReal(signal);
    case 'kubeconfig':
      return {
        kind,
        description: 'your cluster',
        kubeconfig: undefined,
        hasFlux: false,
        record: undefined,
        recordName: 'a watch of the API server',
        stop: async () => {},
      };
  }
}

/** The observer's watch as a record. */
export function recordOf(observer: Observer): WriteRecord {
  return {
    templateChanges: async () => observer.templateChanges,
    secretWrittenAt: async (_namespace, name) => observer.dataChange(`Secret/${name}`)?.at,
  };
}

async function openMemory(directory: string): Promise<DemoCluster> {
  const server = await startFakeApiServer({ controllers: true, customKinds: fluxKinds });
  const written = () => server.changes.filter(({ code, isDryRun }) => code < 300 && !isDryRun);
  return {
    kind: 'memory',
    description: 'in memory',
    kubeconfig: writeKubeconfig(server, directory),
    hasFlux: true,
    record: {
      templateChanges: async (namespace) =>
        written()
          .filter((change) => change.isTemplateChanged && change.namespace === namespace)
          .map(({ name, fieldManager, at, resource }) => ({
            workload: `${kindOf(resource)}/${namespace}/${name}`,
            fieldManager,
            at,
          })),
      secretWrittenAt: async (namespace, name) =>
        written().findLast((change) => isSecret(change, namespace, name) && change.before !== change.after)?.at,
    },
    recordName: 'the API server’s change record',
    stop: () => server.stop(),
  };
}

async function openReal(signal: AbortSignal): Promise<DemoCluster> {
  const found = await findControlPlane();
  const cluster = await startCluster({ signal });
  await define(cluster, 'kustomizations', 'gitrepositories');
  return {
    kind: 'real',
    description: found.available ? `Kubernetes ${found.version}` : 'Kubernetes',
    kubeconfig: cluster.kubeconfig,
    hasFlux: true,
    record: {
      templateChanges: async (namespace) =>
        (await templateChanges(cluster.auditLog, { namespace })).map(({ workload, fieldManager, at }) => ({
          workload: `${workload.kind}/${workload.namespace}/${workload.name}`,
          fieldManager,
          at,
        })),
      secretWrittenAt: async (namespace, name) =>
        (await readAudit(cluster.auditLog)).findLast(
          (event) =>
            isSecret(event, namespace, name) &&
            ['create', 'update', 'patch'].includes(event.verb) &&
            event.status < 300 &&
            !event.isDryRun,
        )?.receivedAt,
    },
    recordName: 'the API server’s audit log',
    stop: () => cluster.stop(),
  };
}

interface Named {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

function isSecret(found: Named, namespace: string, name: string): boolean {
  return found.resource === 'secrets' && found.namespace === namespace && found.name === name;
}

/** `deployments.apps` -> `Deployment`. */
function kindOf(resource: string): string {
  const kinds: Readonly<Record<string, string>> = {
    'deployments.apps': 'Deployment',
    'statefulsets.apps': 'StatefulSet',
    'daemonsets.apps': 'DaemonSet',
  };
  return kinds[resource] ?? resource;
}
