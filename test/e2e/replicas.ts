// Several replicas of Lockstep over one Lease, as a Deployment of two runs them: each under a ServiceAccount of its own, so that
// the audit log tells whose request each one was.
import { kubectl } from '../cluster/cluster.ts';
import { readAudit, templateChanges, type AuditEvent, type TemplateChange } from '../cluster/audit.ts';
import { startLockstep, type Lockstep } from './lockstep.ts';
import { readRights } from './rights.ts';
import { settleMs, type Place, type Rig } from './rig.ts';

export interface Replicas {
  /** Reloader's flags for HA, and what POD_NAME and POD_NAMESPACE say in a pod. */
  start(name: string, ...flags: string[]): Promise<Lockstep>;
  /** Whoever holds the Lease now; empty: nobody. */
  holder(): Promise<string>;
  /** A replica's requests that change something, refused ones included, in their order. */
  writes(name: string): Promise<AuditEvent[]>;
  /** Restarts in a namespace by any of the replicas, the sentinel's left out. */
  restarts(place: Place): Promise<readonly TemplateChange[]>;
}

/** Lets ServiceAccounts of these names do what Lockstep's own may; they go with the rig's rights. */
export async function createReplicas({ cluster, account }: Rig, names: readonly string[]): Promise<Replicas> {
  const { namespace } = account;
  const accounts = names.map((name) => ({ kind: 'ServiceAccount', name, namespace }));
  const bindings = (await readRights(namespace)).filter(({ kind }) => kind.endsWith('RoleBinding'));
  const items = [
    ...names.map((name) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } })),
    ...bindings.map((binding) => ({ ...binding, subjects: [...(binding.subjects ?? []), ...accounts] })),
  ];
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const kubeconfigs = new Map<string, string>();
  for (const name of names) kubeconfigs.set(name, await cluster.serviceAccountKubeconfig(namespace, name));
  const userOf = (name: string): string => `system:serviceaccount:${namespace}:${name}`;
  return {
    start(name, ...flags) {
      const environment = { KUBECONFIG: kubeconfigs.get(name) ?? '', POD_NAME: name, POD_NAMESPACE: namespace };
      return startLockstep(['--enable-ha', '--log-level=debug', `--settle=${settleMs}ms`, ...flags], environment);
    },
    async holder() {
      const path = '{.items[*].spec.holderIdentity}';
      return kubectl(cluster, ['-n', namespace, 'get', 'leases', '-o', `jsonpath=${path}`]);
    },
    async writes(name) {
      const events = await readAudit(cluster.auditLog);
      const isWrite = ({ verb, resource }: AuditEvent): boolean =>
        // Asking for one's rights is a POST that stores nothing.
        !['get', 'list', 'watch'].includes(verb) && resource !== 'selfsubjectaccessreviews';
      return events.filter((event) => event.user === userOf(name) && isWrite(event));
    },
    async restarts(place) {
      const changes = await templateChanges(cluster.auditLog, { namespace: place.namespace });
      const users = names.map(userOf);
      return changes.filter(({ workload, user }) => workload.name !== 'sentinel' && users.includes(user));
    },
  };
}
