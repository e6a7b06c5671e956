// Several replicas of Lockstep over one Lease, as a Deployment of two runs them: each under a ServiceAccount of its own, so that
// the audit log tells whose request each one was.
import { kubectl } from '../cluster/cluster.ts';
import { readAudit, templateChanges, type AuditEvent, type TemplateChange } from '../cluster/audit.ts';
import { startLockstep, type Lockstep } from './lockstep.ts';
import { settleMs, type Place, type Rig } from './rig.ts';

export interface Replicas extends AsyncDisposable {
  /** Reloader's flags for HA, and what POD_NAME and POD_NAMESPACE say in a pod. */
  start(name: string, ...flags: string[]): Promise<Lockstep>;
  /** Whoever holds the Lease now; empty: nobody. */
  holder(): Promise<string>;
  /** A replica's requests that change something, refused ones included, in their order. */
  writes(name: string): Promise<AuditEvent[]>;
  /** Restarts in a namespace by any of the replicas, the sentinel's left out. */
  restarts(place: Place): Promise<readonly TemplateChange[]>;
}

/** Lets ServiceAccounts of these names do what Lockstep's own may. */
export async function createReplicas(rig: Rig, names: readonly string[]): Promise<Replicas> {
  const { cluster, account } = rig;
  const { namespace, roleName } = account;
  const kubeconfigs = new Map<string, string>();
  for (const name of names) {
    const subject = `--serviceaccount=${namespace}:${name}`;
    await kubectl(cluster, ['-n', namespace, 'create', 'serviceaccount', name]);
    await kubectl(cluster, [
      'create',
      'clusterrolebinding',
      `${roleName}-${name}`,
      `--clusterrole=${roleName}`,
      subject,
    ]);
    await kubectl(cluster, ['-n', namespace, 'create', 'rolebinding', name, '--role=lockstep', subject]);
    kubeconfigs.set(name, await cluster.serviceAccountKubeconfig(namespace, name));
  }
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
      return events.filter(({ user, verb }) => user === userOf(name) && !['get', 'list', 'watch'].includes(verb));
    },
    async restarts(place) {
      const changes = await templateChanges(cluster.auditLog, { namespace: place.namespace });
      const users = names.map(userOf);
      return changes.filter(({ workload, user }) => workload.name !== 'sentinel' && users.includes(user));
    },
    async [Symbol.asyncDispose]() {
      const bindings = names.map((name) => `${roleName}-${name}`);
      await kubectl(cluster, ['delete', 'clusterrolebinding', '--wait=false', '--ignore-not-found', ...bindings]);
    },
  };
}
