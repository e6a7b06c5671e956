// Installs Lockstep's rights as a user gets them: the Namespace, ServiceAccount and RBAC of manifests/lockstep.yaml, and no more.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { kubectl, type Cluster } from '../cluster/cluster.ts';

/** What kubeconfig and audit log call the ServiceAccount. */
export interface Account {
  readonly namespace: string;
  readonly user: string;
  readonly kubeconfig: string;
  /** Of its ClusterRoles and ClusterRoleBindings. */
  readonly roleNames: readonly string[];
}

export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

export interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string };
  rules?: Rule[];
  roleRef?: { kind: string; name: string };
  subjects?: { name: string; namespace: string }[];
}

/** Files of manifests/. */
export type ManifestFile = 'lockstep.yaml' | 'observe.yaml' | 'revert.yaml';

const manifests = join(import.meta.dirname, '..', '..', 'manifests');
const home = 'lockstep-system';
const kinds = ['Namespace', 'ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];

/** The manifest's rights, moved to another namespace; under the manifest's own they are exactly as they stand there. */
export async function readRights(namespace: string, file: ManifestFile = 'lockstep.yaml'): Promise<Manifest[]> {
  const documents = parseAllDocuments(await readFile(join(manifests, file), 'utf8'));
  const rights = documents.map((document) => document.toJS() as Manifest).filter(({ kind }) => kinds.includes(kind));
  return rights.map(({ metadata, ...rest }) => {
    const isClusterWide = rest.kind.startsWith('ClusterRole');
    const rename = (name: string) => clusterRoleName(name, namespace);
    const name = isClusterWide ? rename(metadata.name) : rest.kind === 'Namespace' ? namespace : metadata.name;
    const { roleRef, subjects } = rest;
    return {
      ...rest,
      metadata: { ...metadata, name, ...(metadata.namespace === undefined ? {} : { namespace }) },
      ...(roleRef === undefined
        ? {}
        : { roleRef: roleRef.kind === 'ClusterRole' ? { ...roleRef, name: rename(roleRef.name) } : roleRef }),
      ...(subjects === undefined ? {} : { subjects: subjects.map((subject) => ({ ...subject, namespace })) }),
    };
  });
}

export async function installRights(cluster: Cluster, namespace: string, file?: ManifestFile): Promise<Account> {
  const items = await readRights(namespace, file);
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const kubeconfig = await cluster.serviceAccountKubeconfig(namespace, 'lockstep');
  const user = `system:serviceaccount:${namespace}:lockstep`;
  return { namespace, user, kubeconfig, roleNames: namesOf(items, 'ClusterRole') };
}

export async function removeRights(cluster: Cluster, { namespace, roleNames }: Account): Promise<void> {
  const roles = roleNames.flatMap((role) => [`clusterrole/${role}`, `clusterrolebinding/${role}`]);
  const name = [...roles, `namespace/${namespace}`];
  await kubectl(cluster, ['delete', '--wait=false', '--ignore-not-found', ...name]);
}

function clusterRoleName(name: string, namespace: string): string {
  return namespace === home ? name : `${name}-${namespace}`;
}

function namesOf(manifests: readonly Manifest[], kind: string): string[] {
  return manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name);
}
