// Reads a repository Secret of Argo CD or Flux: its data becomes credentials, or a reason why it is not used.
import { Hidden } from '../core/hidden.ts';
import type { Credentials, RepositoryAccess } from './access.ts';
import { covers } from './credential-rules.ts';
import { defaultGitHubApi } from './github-app.ts';

export type SecretReading =
  | { readonly kind: 'access'; readonly access: RepositoryAccess }
  /** One sentence without values. */
  | { readonly kind: 'refused'; readonly detail: string };

/** Keys whose meaning would have to be followed, and is not: reading on without them would be something else than is asked for. */
const unsupported: Readonly<Record<string, string>> = {
  sshPrivateKey: 'an SSH key in a Secret is not used: mount it, and name the files under ssh',
  identity: 'an SSH key in a Secret is not used: mount it, and name the files under ssh',
  tlsClientCertData: 'client certificates are not supported',
  tlsClientCertKey: 'client certificates are not supported',
  'tls.crt': 'client certificates are not supported',
  'tls.key': 'client certificates are not supported',
  proxy: 'a proxy is taken from the environment only',
  gcpServiceAccountKey: 'Google service accounts are not supported',
  githubAppInstallationOwner: 'name githubAppInstallationID instead of the owner',
};

/** `data` is decoded. Formats: Argo CD's repository Secrets, Flux's GitRepository `secretRef`. */
export function readRepositorySecret(data: Hidden<ReadonlyMap<string, string>>, repository: string): SecretReading {
  const values = data.reveal();
  const value = (key: string): string | undefined => {
    const text = values.get(key);
    return text === undefined || text === '' ? undefined : text;
  };
  for (const [key, why] of Object.entries(unsupported)) if (value(key) !== undefined) return refuse(why);
  for (const key of ['insecure', 'insecureIgnoreHostKey', 'useAzureWorkloadIdentity'])
    if (value(key) === 'true') return refuse(`${key} is not supported`);
  const type = value('type') ?? 'git';
  if (type !== 'git') return refuse('it is not for a Git repository');
  const url = value('url');
  if (url !== undefined && !covers(url, repository)) return refuse('its url is another repository’s');
  const credentials = readCredentials(value);
  if (typeof credentials === 'string') return refuse(credentials);
  const pem = value('ca.crt') ?? value('caFile');
  return { kind: 'access', access: { credentials, ca: pem === undefined ? undefined : { pem } } };
}

function readCredentials(value: (key: string) => string | undefined): Credentials | string {
  const [username, password, token] = [value('username'), value('password'), value('bearerToken')];
  const appId = value('githubAppID');
  const forms = [password ?? username, token, appId].filter((form) => form !== undefined);
  if (forms.length === 0) return 'it holds no credentials';
  if (forms.length > 1) return 'it holds credentials of several kinds';
  if (token !== undefined)
    return isOneLine(token) ? { kind: 'bearer', token: token.trim() } : 'its token has several lines';
  if (appId !== undefined) return readApp(value, appId);
  if (password === undefined) return 'it holds a username without a password';
  // Argo CD sends a password without a username under a name that servers overlook.
  const login = {
    kind: 'password',
    username: (username ?? 'git').trim(),
    password: password.replace(/\n$/, ''),
  } as const;
  return isOneLine(login.username) && isOneLine(login.password) ? login : 'its username or password has several lines';
}

function readApp(value: (key: string) => string | undefined, appId: string): Credentials | string {
  const [installationId, key] = [value('githubAppInstallationID'), value('githubAppPrivateKey')];
  if (installationId === undefined || key === undefined)
    return 'a GitHub App needs githubAppInstallationID and githubAppPrivateKey';
  const apiUrl = value('githubAppEnterpriseBaseUrl') ?? value('githubAppBaseURL') ?? defaultGitHubApi;
  const numbers = { appId: appId.trim(), installationId: installationId.trim() };
  return { kind: 'github-app', ...numbers, privateKey: new Hidden(key), apiUrl: apiUrl.trim() };
}

/** Git asks for credentials by lines. */
function isOneLine(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return !/[\u0000-\u001f]/.test(text.trim());
}

function refuse(detail: string): SecretReading {
  return { kind: 'refused', detail };
}
