// What a client asks before it asks for objects: groups, resources, version, health, and a minimal OpenAPI.
import type { JsonObject } from './json.ts';
import { type Kind, apiVersionOf } from './kinds.ts';

export const kubernetesVersion = 'v1.36.3';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** The document at `path`; a string is plain text; undefined: not one of ours. `kinds` are those that are served. */
export function describeServer(path: string, kinds: readonly Kind[]): JsonObject | string | undefined {
  const fixed = documents[path];
  if (fixed !== undefined) return fixed(kinds);
  const match = /^\/(?:api\/(v1)|apis\/([^/]+)(?:\/([^/]+))?)$/.exec(path);
  if (match === null) return undefined;
  const [, coreVersion, group = '', version = coreVersion] = match;
  const found = kinds.filter((kind) => kind.group === group && (version === undefined || kind.version === version));
  if (found.length === 0) return undefined;
  return version === undefined ? groupOf(group, kinds) : resourceList(found);
}

const documents: Readonly<Record<string, (kinds: readonly Kind[]) => JsonObject | string>> = {
  '/healthz': () => 'ok',
  '/livez': () => 'ok',
  '/readyz': () => 'ok',
  '/version': () => ({
    major: '1',
    minor: '36',
    gitVersion: kubernetesVersion,
    gitCommit: 'unknown',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: 'none',
    compiler: 'none',
    platform: 'none',
  }),
  '/api': () => ({
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1' }],
  }),
  '/apis': (kinds) => ({
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [...new Set(kinds.map((kind) => kind.group))]
      .filter((group) => group !== '')
      .map((group) => groupOf(group, kinds)),
  }),
  '/openapi/v2': () => ({
    swagger: '2.0',
    info: { title: 'Kubernetes', version: kubernetesVersion },
    paths: {},
    definitions: {},
  }),
  '/openapi/v3': () => ({ paths: {} }),
};

function groupOf(group: string, kinds: readonly Kind[]): JsonObject {
  const version = kinds.find((kind) => kind.group === group)?.version ?? 'v1';
  const entry = { groupVersion: `${group}/${version}`, version };
  return { kind: 'APIGroup', apiVersion: 'v1', name: group, versions: [entry], preferredVersion: entry };
}

function resourceList(found: readonly Kind[]): JsonObject {
  const [first] = found;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: first === undefined ? '' : apiVersionOf(first),
    resources: found.flatMap((kind) => [
      {
        name: kind.resource,
        singularName: kind.singular,
        namespaced: kind.namespaced,
        kind: kind.kind,
        verbs,
        ...(kind.shortNames.length > 0 ? { shortNames: [...kind.shortNames] } : {}),
        ...(kind.categories.length > 0 ? { categories: [...kind.categories] } : {}),
      },
      ...(kind.status
        ? [
            {
              name: `${kind.resource}/status`,
              singularName: '',
              namespaced: kind.namespaced,
              kind: kind.kind,
              verbs: ['get', 'patch', 'update'],
            },
          ]
        : []),
    ]),
  };
}
