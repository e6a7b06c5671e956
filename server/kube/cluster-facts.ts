// What `helm template` is told of the cluster: its version, and which kinds it serves.
import { hasCode } from '../core/errors.ts';
import type { ClusterFacts, RenderPorts } from '../core/rendering.ts';
import type { Client } from './client.ts';

export interface ClusterFactsOptions {
  readonly client: Client;
  readonly now: () => number;
  /** Ends requests: many wait for one, so no signal of theirs does. */
  readonly stop: AbortSignal;
}

/**
 * Nothing here watches which kinds there are. Argo CD renders again with a new kind at its next refresh, three minutes apart as a
 * rule, so a minute is early enough; and it bounds what many charts cost at once.
 */
const freshMs = 60_000;

export function createClusterFacts({ client, now, stop }: ClusterFactsOptions): RenderPorts['cluster'] {
  let last: { readonly at: number; readonly facts: Promise<ClusterFacts> } | undefined;
  const read = (): Promise<ClusterFacts> => {
    const facts = readFacts(client, stop);
    const asked = { at: now(), facts };
    last = asked;
    facts.catch(() => {
      if (last === asked) last = undefined;
    });
    return facts;
  };
  return async (signal) => {
    const facts = await (last !== undefined && now() < last.at + freshMs ? last.facts : read());
    signal.throwIfAborted();
    return facts;
  };
}

async function readFacts(client: Client, signal: AbortSignal): Promise<ClusterFacts> {
  const get: Get = (path) =>
    client.send({ verb: 'get', resource: path.split('/')[1] ?? '', subject: path, path, accept: aggregated, signal });
  const [version, core, groups] = [await get('/version'), await get('/api'), await get('/apis')];
  const listed = [...(await listServed('api', core, get)), ...(await listServed('apis', groups, get))];
  const namesOf = (some: readonly Served[]): string[] =>
    [...new Set(some.flatMap(({ version: name, kinds }) => [name, ...kinds.map((kind) => `${name}/${kind}`)]))].sort();
  return {
    kubeVersion: String((version as { gitVersion?: unknown }).gitVersion),
    apiVersions: namesOf(listed.filter(({ state, kinds }) => state === 'current' && kinds.length > 0)),
    uncertain: namesOf(listed.filter(({ state }) => state === 'stale')),
  };
}

type Get = (path: string) => Promise<unknown>;

/** Both in one document each; a server older than 1.27 answers its lists of groups, and each version is asked for. */
const aggregated = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

interface Served {
  /** `apps/v1`, `v1` */
  readonly version: string;
  /** That can be listed and watched: of others Argo CD knows nothing. */
  readonly kinds: readonly string[];
  /** `stale`: of an extension API server that does not answer. */
  readonly state: 'current' | 'stale';
}

interface Document {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly Version[];
  }[];
  /** Of `/api`. */
  readonly versions?: readonly string[];
  /** Of `/apis`. */
  readonly groups?: readonly { readonly versions?: readonly { readonly groupVersion: string }[] }[];
}

interface Version {
  readonly version: string;
  readonly freshness?: string;
  readonly resources?: readonly (Pick<Resource, 'verbs'> & { readonly responseKind?: { readonly kind?: string } })[];
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly verbs?: readonly string[];
}

async function listServed(root: 'api' | 'apis', answer: unknown, get: Get): Promise<Served[]> {
  const { items, versions = [], groups = [] } = answer as Document;
  if (items === undefined) {
    const names = [...versions, ...groups.flatMap((group) => group.versions ?? []).map((one) => one.groupVersion)];
    return Promise.all(names.map((version) => readVersion(`/${root}/${version}`, { version, get })));
  }
  return items.flatMap(({ metadata, versions: served = [] }) =>
    served.map(({ version, freshness, resources = [] }): Served => {
      const name = metadata?.name ?? '';
      const kinds = resources.flatMap(({ responseKind, verbs }) => (isListed(verbs) ? (responseKind?.kind ?? []) : []));
      const state = freshness === 'Stale' ? 'stale' : 'current';
      return { version: name === '' ? version : `${name}/${version}`, kinds, state };
    }),
  );
}

async function readVersion(
  path: string,
  { version, get }: { readonly version: string; readonly get: Get },
): Promise<Served> {
  try {
    const { resources = [] } = (await get(path)) as { readonly resources?: readonly Resource[] };
    const kinds = resources.flatMap(({ name, kind, verbs }) => (isListed(verbs) && !name.includes('/') ? kind : []));
    return { version, kinds, state: 'current' };
  } catch (error) {
    if (hasCode(error, 'api-failed') || hasCode(error, 'api-not-found')) return { version, kinds: [], state: 'stale' };
    throw error;
  }
}

function isListed(verbs: readonly string[] = []): boolean {
  return verbs.includes('list') && verbs.includes('watch');
}
