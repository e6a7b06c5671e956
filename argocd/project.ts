// An AppProject: which sources and destinations it allows its Applications (argo-cd pkg/apis/application/v1alpha1/app_project.go).
import { matchesName, readPatterns } from '../server/core/reloader-pattern.ts';
import type { Application } from './application.ts';
import { namesOf, serversOf, type ClusterIdentity } from './destination.ts';
import type { Gap } from './gap.ts';
import { matchesGlob } from './glob.ts';
import { isFields, Problems, Section } from './section.ts';

export interface Project {
  readonly namespace: string;
  readonly name: string;
  /** Patterns, `!` before those that are denied. */
  readonly sourceRepos: readonly string[];
  readonly destinations: readonly Permitted[];
  /** Where Applications outside the control plane's namespace may be. */
  readonly sourceNamespaces: readonly string[];
}

/** Patterns, `!` before those that are denied; empty where none is given. */
interface Permitted {
  readonly server: string;
  readonly name: string;
  readonly namespace: string;
}

/** Undefined when it is none. */
export function readProject(value: unknown): Project | undefined {
  if (!isFields(value)) return undefined;
  const root = new Section(value, '', new Problems());
  const metadata = root.section('metadata');
  const [namespace, name] = [metadata?.text('namespace'), metadata?.text('name')];
  if (root.text('kind') !== 'AppProject' || namespace === undefined || name === undefined) return undefined;
  const spec = root.section('spec');
  return {
    namespace,
    name,
    sourceRepos: spec?.texts('sourceRepos') ?? [],
    destinations: (spec?.sections('destinations') ?? []).map((entry) => ({
      server: entry.text('server') ?? '',
      name: entry.text('name') ?? '',
      namespace: entry.text('namespace') ?? '',
    })),
    sourceNamespaces: spec?.texts('sourceNamespaces') ?? [],
  };
}

type Forbidden = Extract<Gap, 'source-not-permitted' | 'destination-not-permitted' | 'namespace-not-permitted'>;

/** Undefined: all of it is allowed. `cluster`: this one, to which its destination leads. */
export function findForbidden(
  application: Application,
  project: Project,
  cluster: ClusterIdentity,
): Forbidden | undefined {
  const { ref, sources, destination } = application;
  if (ref.namespace !== project.namespace && !isNamespacePermitted(project, ref.namespace)) {
    return 'namespace-not-permitted';
  }
  if (!sources.every(({ repository }) => isSourcePermitted(project, repository))) return 'source-not-permitted';
  const { by } = destination.cluster;
  // Argo CD looks the other one up in its cluster Secrets, which are not read here.
  const servers = by === 'server' ? [destination.cluster.server] : serversOf(cluster);
  const names = by === 'name' ? [destination.cluster.name] : namesOf(cluster);
  const places = servers.flatMap((server) => names.map((name) => ({ server, name })));
  const { namespace = '' } = destination;
  const isPermitted = places.some((place) => isDestinationPermitted(project, { ...place, namespace }));
  return isPermitted ? undefined : 'destination-not-permitted';
}

/** As globs, or as an expression between slashes. */
function isNamespacePermitted({ sourceNamespaces }: Project, namespace: string): boolean {
  return sourceNamespaces.some((pattern) => {
    const expression = /^\/(.+)\/$/s.exec(pattern)?.[1];
    if (expression === undefined) return matchesGlob(pattern, namespace);
    return matchesName(readPatterns(`.*(?:${expression}).*`).patterns, namespace);
  });
}

/** One denial outweighs what is allowed. */
export function isSourcePermitted({ sourceRepos }: Project, repository: string): boolean {
  const wanted = normalise(repository);
  const matches = (pattern: string): boolean => pattern === '*' || matchesGlob(normalise(pattern), wanted, '/');
  const denied = sourceRepos.filter(isDenial);
  if (denied.some((pattern) => matches(pattern.slice(1)))) return false;
  return sourceRepos.some((pattern) => !isDenial(pattern) && matches(pattern));
}

/** In order, as Argo CD does it: a denial that applies ends the search. */
export function isDestinationPermitted({ destinations }: Project, place: Permitted): boolean {
  let permitted = false;
  for (const entry of destinations) {
    const isServer = place.server !== '' && matches(entry.server, place.server);
    const isName = place.name !== '' && matches(entry.name, place.name);
    const isNamespace = matches(entry.namespace, place.namespace);
    if ((isServer || isName) && isNamespace) permitted = true;
    else if (!isName && isDenial(entry.name) && isNamespace) return false;
    else if (!isServer && isDenial(entry.server) && isNamespace) return false;
    else if (!isNamespace && isDenial(entry.namespace) && isServer) return false;
  }
  return permitted;
}

function matches(pattern: string, text: string): boolean {
  if (isDenial(pattern)) return !matchesGlob(pattern.slice(1), text);
  return pattern === '*' || matchesGlob(pattern, text);
}

function isDenial(pattern: string): boolean {
  return pattern.startsWith('!');
}

/** https and ssh forms of one repository stay different (argo-cd util/git/git.go, NormalizeGitURL). */
function normalise(address: string): string {
  const text = address.trim().toLowerCase();
  const isShort = /^[^/:]+@[^/:]+:/.test(text);
  return (isShort ? text.replace(':', '/') : text).replace(/^ssh:\/\//, '').replace(/\.git$/, '');
}
