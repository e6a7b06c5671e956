// The part `repositories` of the configuration file: how the repositories below a URL are reached for reading.
import type { Check, Place } from './config-place.ts';

export interface RepositoryConfig {
  /** Of one repository, or the beginning of many, up to a slash. */
  readonly url: string;
  readonly credentials: CredentialsConfig | undefined;
  /** PEM file with the only roots that are trusted there. */
  readonly caFile: string | undefined;
}

export type CredentialsConfig =
  | { readonly kind: 'password'; readonly usernameFile: string; readonly passwordFile: string }
  | { readonly kind: 'bearer'; readonly bearerTokenFile: string }
  | {
      readonly kind: 'github-app';
      readonly appId: string;
      readonly installationId: string;
      readonly privateKeyFile: string;
      readonly apiUrl: string | undefined;
    }
  | { readonly kind: 'ssh-key'; readonly identityFile: string; readonly knownHostsFile: string }
  | { readonly kind: 'ssh-agent'; readonly knownHostsFile: string | undefined }
  /** A repository Secret of Argo CD or Flux, which is read only because it is named here. */
  | { readonly kind: 'secret'; readonly namespace: string; readonly name: string };

export type LocalGit = 'local-allowed' | 'local-refused';

export function readRepository(place: Place, localGit: LocalGit): RepositoryConfig {
  place.onlyKeys('url', 'credentials', 'caFile');
  const credentials = place.map('credentials');
  return {
    url: place.text('url', { check: (url) => checkUrl(url, localGit) }),
    credentials: credentials && readCredentials(credentials, localGit),
    caFile: optional(place, 'caFile', absolute),
  };
}

/** Where a repository may be. */
export function checkUrl(text: string, localGit: LocalGit): string | undefined {
  if (/^[\w.-]+@[\w.-]+:[^\s:][^\s]*$/.test(text)) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return 'want a URL such as https://git.example.com/team/app.git';
  if (url.password !== '') return 'holds a password; put it into credentials.passwordFile';
  if (url.protocol === 'https:' || url.protocol === 'ssh:') return undefined;
  if (url.protocol !== 'file:' && url.protocol !== 'http:') return 'want https:// or ssh://';
  return localGit === 'local-allowed' ? undefined : `${url.protocol}// needs --allow-local-git`;
}

/** The first key that is there names the form; keys of other forms are unknown then. */
function readCredentials(place: Place, localGit: LocalGit): CredentialsConfig | undefined {
  if (place.has('bearerTokenFile')) {
    place.onlyKeys('bearerTokenFile');
    return { kind: 'bearer', bearerTokenFile: place.text('bearerTokenFile') };
  }
  const inner = ['githubApp', 'ssh', 'sshAgent', 'secret'].find((key) => place.has(key));
  if (inner === undefined) {
    place.onlyKeys('usernameFile', 'passwordFile', 'bearerTokenFile', 'githubApp', 'ssh', 'sshAgent', 'secret');
    return { kind: 'password', usernameFile: place.text('usernameFile'), passwordFile: place.text('passwordFile') };
  }
  place.onlyKeys(inner);
  const form = place.map(inner);
  return form && readForm(inner, form, localGit);
}

function readForm(name: string, place: Place, localGit: LocalGit): CredentialsConfig {
  switch (name) {
    case 'githubApp':
      place.onlyKeys('appId', 'installationId', 'privateKeyFile', 'apiUrl');
      return {
        kind: 'github-app',
        appId: place.text('appId', { check: appIdentity }),
        installationId: place.text('installationId', { check: digits }),
        privateKeyFile: place.text('privateKeyFile'),
        apiUrl: optional(place, 'apiUrl', (url) => checkApi(url, localGit)),
      };
    case 'ssh':
      place.onlyKeys('identityFile', 'knownHostsFile');
      return {
        kind: 'ssh-key',
        identityFile: place.text('identityFile', { check: plain }),
        knownHostsFile: place.text('knownHostsFile', { check: plain }),
      };
    case 'sshAgent':
      place.onlyKeys('knownHostsFile');
      return { kind: 'ssh-agent', knownHostsFile: optional(place, 'knownHostsFile', plain) };
    default:
      place.onlyKeys('namespace', 'name');
      return {
        kind: 'secret',
        namespace: place.text('namespace', { check: objectName }),
        name: place.text('name', { check: objectName }),
      };
  }
}

function optional(place: Place, key: string, check: Check): string | undefined {
  return place.has(key) ? place.text(key, { check }) : undefined;
}

const digits: Check = (text) => (/^\d{1,20}$/.test(text) ? undefined : 'want a number, in quotes');

/** The number, or the client id that GitHub recommends since 2024. */
const appIdentity: Check = (text) =>
  /^[\w.-]{1,64}$/.test(text) ? undefined : 'want the app’s id or client id, in quotes';

const absolute: Check = (text) => (text.startsWith('/') ? undefined : 'want an absolute path');

/** ssh expands and splits what it is given. */
const plain: Check = (text) =>
  /^\/[A-Za-z0-9._/+@=-]+$/.test(text) ? undefined : 'want an absolute path of letters, digits and ._+@=-';

const objectName: Check = (text) =>
  /^[a-z\d]([-a-z\d.]{0,251}[a-z\d])?$/.test(text) ? undefined : 'want the name of an object in the cluster';

function checkApi(text: string, localGit: LocalGit): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:') return undefined;
  const isLoopback = url !== undefined && /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(url.hostname);
  return url?.protocol === 'http:' && isLoopback && localGit === 'local-allowed'
    ? undefined
    : 'want a URL such as https://ghe.example.com/api/v3';
}
