// Reads the file behind --config: the Git sources and the Flux tenants. Every problem names its path in the file; no value of a
// credential is in it, only the names of files that hold one.
import { parseDocument } from 'yaml';
import { suggest } from './flags.ts';

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
}

export const noFile: ConfigFile = { sources: [], tenants: [] };

type LocalGit = 'local-allowed' | 'local-refused';

/** Parses the text; the file is only to be used when there is no problem. */
export function readConfigFile(text: string, localGit: LocalGit): { file: ConfigFile; problems: readonly string[] } {
  const problems: string[] = [];
  const root = new Place('', parseYaml(text, problems), problems);
  if (problems.length > 0) return { file: noFile, problems };
  root.onlyKeys('sources', 'flux');
  const sources = root.list('sources').map((place) => readSource(place, localGit));
  const flux = root.map('flux');
  flux?.onlyKeys('tenants');
  const tenants = flux?.list('tenants').map(readTenant) ?? [];
  problems.push(...duplicates('sources', sources), ...duplicates('flux.tenants', tenants), ...rivals(sources));
  return { file: { sources, tenants }, problems };
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
    repository: place.text('repository', { check: (url) => checkRepository(url, localGit) }),
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

/** A check answers what is wanted instead, or undefined when the text is right. */
type Check = (text: string) => string | undefined;

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

function checkRepository(text: string, localGit: LocalGit): string | undefined {
  if (/^[\w.-]+@[\w.-]+:[^\s:][^\s]*$/.test(text)) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return 'want a URL such as https://git.example.com/team/app.git';
  if (url.password !== '') return 'holds a password; put it into credentials.passwordFile';
  if (url.protocol === 'https:' || url.protocol === 'ssh:') return undefined;
  if (url.protocol !== 'file:' && url.protocol !== 'http:') return 'want https:// or ssh://';
  return localGit === 'local-allowed' ? undefined : `${url.protocol}// needs --allow-local-git`;
}

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

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replace(/:$/, '') ?? '';
}

/** A value in the file together with its path, so that whatever is wrong with it can say where. */
class Place {
  private readonly path: string;
  private readonly value: unknown;
  private readonly problems: string[];

  constructor(path: string, value: unknown, problems: string[]) {
    this.path = path;
    this.value = value;
    this.problems = problems;
  }

  problem(key: string, text: string): void {
    const path = [this.path, key].filter((part) => part !== '').join('.');
    this.problems.push(path === '' ? text : `${path}: ${text}`);
  }

  onlyKeys(...known: string[]): void {
    if (!isMap(this.value)) return this.problem('', 'want a map');
    for (const key of Object.keys(this.value)) {
      if (!known.includes(key)) this.problem(key, `unknown key${suggest(key, known)}`);
    }
  }

  list(key: string): Place[] {
    const value = this.member(key);
    if (value === undefined) return [];
    if (Array.isArray(value))
      return value.map((entry, at) => new Place(this.join(`${key}[${at}]`), entry, this.problems));
    this.problem(key, 'want a list');
    return [];
  }

  map(key: string): Place | undefined {
    const value = this.member(key);
    return value === undefined ? undefined : new Place(this.join(key), value, this.problems);
  }

  text(key: string, { check, otherwise }: { check?: Check; otherwise?: string } = {}): string {
    const value = this.member(key);
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (value === undefined && isMap(this.value)) this.problem(key, 'is missing');
    return value === undefined ? '' : new Place(this.join(key), value, this.problems).asText(check);
  }

  asText(check: Check = () => undefined): string {
    if (typeof this.value !== 'string' || this.value === '') {
      this.problem('', 'want text');
      return '';
    }
    const wanted = check(this.value);
    if (wanted !== undefined) this.problem('', wanted);
    return this.value;
  }

  private member(key: string): unknown {
    return isMap(this.value) && Object.hasOwn(this.value, key) ? (this.value[key] ?? undefined) : undefined;
  }

  private join(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
