// Reads the file behind --config: the Git sources, how they are reached and rendered, and the Flux tenants. Every problem names its path in the file; no value of a
// credential is in it, only the names of files that hold one.
import { parseDocument } from 'yaml';
import { Place, type Check } from './config-place.ts';
import { noRender, readRender, type RenderConfig } from './config-render.ts';
import { checkUrl, readRepository, type LocalGit, type RepositoryConfig } from './config-repositories.ts';

export interface SourceConfig {
  readonly name: string;
  /** https://, ssh:// or git@host:path; file:// and http:// where local Git is allowed. Never with a user name and password. */
  readonly repository: string;
  readonly branch: string;
  /** Folder in the repository, without slashes at its ends; empty: the whole repository. */
  readonly path: string;
  /** Namespace whose workloads the manifests declare. */
  readonly namespace: string;
  /** How its manifests come about, for comparing with them. */
  readonly renderer: SourceRenderer;
  readonly credentials: { readonly usernameFile: string; readonly passwordFile: string } | undefined;
}

export const sourceRenderers = ['auto', 'plain', 'kustomize', 'helm'] as const;
export type SourceRenderer = (typeof sourceRenderers)[number];

/** One sender of Flux events: it may name objects of these namespaces and of no others. */
export interface TenantConfig {
  readonly name: string;
  /** File with the HMAC key; its bytes are the key, a final newline included, as for Flux. */
  readonly keyFile: string;
  readonly namespaces: readonly string[];
}

export interface ConfigFile {
  readonly sources: readonly SourceConfig[];
  readonly tenants: readonly TenantConfig[];
  /** Credentials for reading, the longest URL counts. */
  readonly repositories: readonly RepositoryConfig[];
  readonly render: RenderConfig;
}

export const noFile: ConfigFile = { sources: [], tenants: [], repositories: [], render: noRender };

/** Parses the text; the file is only to be used when there is no problem. */
export function readConfigFile(text: string, localGit: LocalGit): { file: ConfigFile; problems: readonly string[] } {
  const problems: string[] = [];
  const root = new Place('', parseYaml(text, problems), problems);
  if (problems.length > 0) return { file: noFile, problems };
  root.onlyKeys('sources', 'flux', 'repositories', 'render');
  const sources = root.list('sources').map((place) => readSource(place, localGit));
  const flux = root.map('flux');
  flux?.onlyKeys('tenants');
  const tenants = flux?.list('tenants').map(readTenant) ?? [];
  const repositories = root.list('repositories').map((place) => readRepository(place, localGit));
  const render = readRender(root.map('render'));
  problems.push(
    ...duplicates('sources', sources),
    ...duplicates('flux.tenants', tenants),
    ...rivals(sources),
    ...sameUrl(repositories),
  );
  return { file: { sources, tenants, repositories, render }, problems };
}

function parseYaml(text: string, problems: string[]): unknown {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  problems.push(...document.errors.map((error) => firstLine(error.message)));
  try {
    return document.errors.length > 0 ? {} : (document.toJS() ?? {});
  } catch (error) {
    problems.push(firstLine(error instanceof Error ? error.message : String(error))); // an alias that leads nowhere, or too many
    return {};
  }
}

function readSource(place: Place, localGit: LocalGit): SourceConfig {
  place.onlyKeys('name', 'repository', 'branch', 'path', 'namespace', 'renderer', 'credentials');
  const credentials = place.map('credentials');
  credentials?.onlyKeys('usernameFile', 'passwordFile');
  return {
    name: place.text('name', { check: label }),
    repository: place.text('repository', { check: (url) => checkUrl(url, localGit) }),
    branch: place.text('branch', { otherwise: 'main', check: checkBranch }),
    path: place.text('path', { otherwise: '', check: checkPath }).replace(/^(\.?\/)+|\/+$|^\.$/g, ''),
    namespace: place.text('namespace', { check: label }),
    renderer: rendererOf(place.text('renderer', { otherwise: 'auto', check: checkRenderer })),
    credentials: credentials && {
      usernameFile: credentials.text('usernameFile'),
      passwordFile: credentials.text('passwordFile'),
    },
  };
}

const checkRenderer: Check = (text) =>
  sourceRenderers.some((name) => name === text) ? undefined : `want one of ${sourceRenderers.join(', ')}`;

/** What is none was told as a problem. */
function rendererOf(text: string): SourceRenderer {
  return sourceRenderers.find((name) => name === text) ?? 'auto';
}

function readTenant(place: Place): TenantConfig {
  place.onlyKeys('name', 'keyFile', 'namespaces');
  const namespaces = place.list('namespaces').map((entry) => entry.asText(label));
  if (namespaces.length === 0) place.problem('namespaces', 'want at least one namespace');
  return { name: place.text('name', { check: label }), keyFile: place.text('keyFile'), namespaces };
}

const label: Check = (text) =>
  /^[a-z\d]([-a-z\d]{0,61}[a-z\d])?$/.test(text) ? undefined : 'want lower-case letters, digits and dashes, at most 63';

const checkBranch: Check = (text) =>
  /^[A-Za-z\d_][\w./+-]*$/.test(text) && !/\.\.|\/\/|\/$|\.lock$|\.$/.test(text)
    ? undefined
    : 'want the name of a branch';

const checkPath: Check = (text) =>
  text.startsWith('/') || text.split('/').includes('..') || text.includes('\\') || text.startsWith('-')
    ? 'want a folder inside the repository, such as apps/shop'
    : undefined;

function duplicates(path: string, entries: readonly { readonly name: string }[]): string[] {
  const names = entries.map((entry) => entry.name).filter((name) => name !== '');
  const twice = new Set(names.filter((name, at) => names.indexOf(name) !== at));
  return [...twice].map((name) => `${path}: two are named ${name}`);
}

/** Two that read the same place would write to the same branch, and undo each other's pull request. */
function rivals(sources: readonly SourceConfig[]): string[] {
  const placeOf = ({ repository, branch, path }: SourceConfig): string =>
    [repository.replace(/(?:\.git)?\/*$/, ''), branch, path].join(' ');
  const places = sources.map(placeOf);
  return places.flatMap((place, at) => {
    const first = places.indexOf(place);
    if (first === at || sources[at]?.repository === '') return [];
    return [`sources[${at}]: reads the same repository, branch and path as sources[${first}]`];
  });
}

function sameUrl(repositories: readonly RepositoryConfig[]): string[] {
  const urls = repositories.map(({ url }) => url.replace(/(?:\.git)?\/*$/, ''));
  return urls.flatMap((url, at) => {
    const first = urls.indexOf(url);
    return first === at || url === '' ? [] : [`repositories[${at}].url: is the same as repositories[${first}].url`];
  });
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replace(/:$/, '') ?? '';
}
