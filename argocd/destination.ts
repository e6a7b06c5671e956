// Where an Application puts its objects, and whether that is this cluster.
import type { Section } from './section.ts';

export interface Destination {
  readonly cluster:
    | { readonly by: 'server'; readonly server: string }
    | { readonly by: 'name'; readonly name: string }
    /** Without either, or with both, which Argo CD refuses. */
    | { readonly by: 'unknown'; readonly reason: 'destination-missing' | 'destination-ambiguous' };
  /** For namespaced objects that name none. */
  readonly namespace: string | undefined;
}

/** How Applications may name this cluster. */
export interface ClusterIdentity {
  /** The Applications are kept in this cluster: what they call in-cluster is here. Not so for those of a hub. */
  readonly holdsApplications: boolean;
  /** Beside that, as they are configured. */
  readonly names: readonly string[];
  readonly servers: readonly string[];
}

const inClusterServer = 'https://kubernetes.default.svc';
const inClusterName = 'in-cluster';

export function readDestination(spec: Section): Destination {
  const section = spec.section('destination');
  const namespace = section?.text('namespace');
  const [server, name] = [section?.text('server'), section?.text('name')];
  if (server !== undefined && name !== undefined) {
    spec.problem('destination-ambiguous', 'destination');
    return { cluster: { by: 'unknown', reason: 'destination-ambiguous' }, namespace };
  }
  if (server !== undefined) return { cluster: { by: 'server', server: withoutSlash(server) }, namespace };
  if (name !== undefined) return { cluster: { by: 'name', name }, namespace };
  spec.problem('destination-missing', 'destination');
  return { cluster: { by: 'unknown', reason: 'destination-missing' }, namespace };
}

/** Unknown: the destination cannot be read. */
export function isThisCluster({ cluster }: Destination, identity: ClusterIdentity): 'yes' | 'no' | 'unknown' {
  switch (cluster.by) {
    case 'unknown':
      return 'unknown';
    case 'server':
      if (cluster.server === inClusterServer) return identity.holdsApplications ? 'yes' : 'no';
      return identity.servers.includes(cluster.server) ? 'yes' : 'no';
    case 'name':
      if (identity.names.includes(cluster.name)) return 'yes';
      return cluster.name === inClusterName && identity.holdsApplications ? 'yes' : 'no';
  }
}

/** What Applications may call this cluster; never empty. */
export function serversOf({ holdsApplications, servers }: ClusterIdentity): readonly string[] {
  return orNone(holdsApplications ? [inClusterServer, ...servers] : servers);
}

export function namesOf({ holdsApplications, names }: ClusterIdentity): readonly string[] {
  return orNone(holdsApplications ? [inClusterName, ...names] : names);
}

function orNone(texts: readonly string[]): readonly string[] {
  return texts.length === 0 ? [''] : texts;
}

function withoutSlash(server: string): string {
  return server.endsWith('/') ? server.slice(0, -1) : server;
}
