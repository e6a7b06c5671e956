// What git is told to reach a repository: by its environment only, never by an argument, a URL or a file of ours.
import { LockstepError } from '../core/errors.ts';
import type { RepositoryAddress } from './validate.ts';
import { displayUrl } from './validate.ts';

/** What git itself can use. */
export type GitCredentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  /** Paths as `isPlainPath` has them. */
  | { readonly kind: 'ssh-key'; readonly identityFile: string; readonly knownHostsFile: string }
  /** The agent of the process's environment; without a file the user's own known hosts. */
  | { readonly kind: 'ssh-agent'; readonly knownHostsFile: string | undefined };

export interface Access {
  readonly credentials?: GitCredentials | undefined;
  /** PEM file with the only roots that are trusted for this repository; else the system's. */
  readonly caFile?: string | undefined;
}

const sshCommand = 'ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oClearAllForwardings=yes';

/** ssh with the process's own agent, keys and known hosts. */
export const defaultSshCommand = sshCommand;

/** ssh's command line goes through a shell and ssh expands `%` and `~`: such paths are refused, not quoted. */
export function isPlainPath(path: string): boolean {
  return /^\/[A-Za-z0-9._/+@=-]+$/.test(path);
}

/** The variables for one git command that reaches the remote. Throws `git-unauthorized` when the credentials are of another protocol. */
export function accessEnvironment(address: RepositoryAddress, { credentials, caFile }: Access): Record<string, string> {
  const roots: Record<string, string> = caFile === undefined ? {} : { GIT_SSL_CAINFO: caFile };
  if (credentials === undefined) return { GIT_ASKPASS: '/bin/false', ...roots };
  const isSsh = credentials.kind === 'ssh-key' || credentials.kind === 'ssh-agent';
  if (address.protocol === 'file') return { GIT_ASKPASS: '/bin/false' };
  if (isSsh !== (address.protocol === 'ssh')) {
    throw new LockstepError('git-unauthorized', {
      message: `the credentials for ${displayUrl(address.url)} are for ${isSsh ? 'ssh' : 'https'}, the repository’s URL is not`,
    });
  }
  switch (credentials.kind) {
    case 'password':
      return { ...login(address.url, credentials), ...roots };
    case 'bearer':
      return { GIT_ASKPASS: '/bin/false', ...bearerConfig(address.url, credentials.token), ...roots };
    case 'ssh-key':
      return { GIT_SSH_COMMAND: keyCommand(credentials) };
    case 'ssh-agent':
      return credentials.knownHostsFile === undefined
        ? {}
        : { GIT_SSH_COMMAND: `${sshCommand} ${hostKeys(credentials.knownHostsFile)}` };
  }
}

/** The host is as git's prompt spells it, which is as the URL does. */
function login(url: string, { username, password }: { username: string; password: string }): Record<string, string> {
  const host = /^https?:\/\/([^/]+)/i.exec(url)?.[1] ?? '';
  return { LOCKSTEP_GIT_HOST: host, LOCKSTEP_GIT_USERNAME: username, LOCKSTEP_GIT_PASSWORD: password };
}

/** The value of an Authorization header; undefined for credentials that are not for HTTP. */
export function authorizationOf(credentials: GitCredentials | undefined): string | undefined {
  if (credentials?.kind === 'bearer') return `Bearer ${credentials.token}`;
  if (credentials?.kind !== 'password') return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
}

/** Set for this URL only: git sends it nowhere else. */
function bearerConfig(url: string, token: string): Record<string, string> {
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${url}.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Bearer ${token}`,
  };
}

function keyCommand({ identityFile, knownHostsFile }: { identityFile: string; knownHostsFile: string }): string {
  if (!isPlainPath(identityFile)) throw refusePath(identityFile);
  return `${sshCommand} -F none -oIdentityAgent=none -oIdentitiesOnly=yes -i ${identityFile} ${hostKeys(knownHostsFile)}`;
}

function hostKeys(file: string): string {
  if (!isPlainPath(file)) throw refusePath(file);
  return `-oGlobalKnownHostsFile=/dev/null -oUserKnownHostsFile=${file}`;
}

function refusePath(path: string): LockstepError {
  return new LockstepError('git-unauthorized', {
    message: `the file ${JSON.stringify(path.slice(0, 200))} is refused for ssh: want an absolute path of letters, digits and ._+@=-`,
  });
}
