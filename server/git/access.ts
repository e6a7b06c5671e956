// From what is configured for a repository to what git is told: GitHub App tokens are fetched, roots become a file.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LockstepError } from '../core/errors.ts';
import type { Access, GitCredentials } from './credentials.ts';
import type { GitHubApp } from './github-app.ts';
import { createGitHubTokens } from './github-app.ts';
import type { UrlPolicy } from './validate.ts';
import { displayUrl, parseUrl } from './validate.ts';

export type Credentials = GitCredentials | ({ readonly kind: 'github-app' } & GitHubApp);

/** How one repository is reached. */
export interface RepositoryAccess {
  readonly credentials: Credentials | undefined;
  /** The only roots that are trusted for it, as a PEM file or its text; else the system's. */
  readonly ca: { readonly file: string } | { readonly pem: string } | undefined;
}

/** Throws `git-unauthorized` when the credentials cannot be had. */
export type CredentialsFor = (
  repository: string,
  signal: AbortSignal,
) => RepositoryAccess | undefined | Promise<RepositoryAccess | undefined>;

export interface AccessOptions {
  readonly stateDirectory: string;
  readonly ambient: Readonly<Record<string, string | undefined>>;
  readonly policy: UrlPolicy;
  readonly credentialsFor: CredentialsFor;
  readonly now: () => number;
}

/** Throws `git-unauthorized`, `git-unreachable` for a GitHub that does not answer. */
export function createAccess(options: AccessOptions): (repository: string, signal: AbortSignal) => Promise<Access> {
  const tokens = createGitHubTokens(options);
  const fileOf = createRootFiles(options.stateDirectory);
  return async (repository, signal) => {
    const access = await options.credentialsFor(repository, signal);
    const { protocol } = parseUrl(repository, options.policy);
    const caFile = await fileOf(access?.ca);
    const credentials = access?.credentials;
    if (protocol === 'ssh' && credentials === undefined) {
      throw new LockstepError('git-unauthorized', {
        message: `no SSH key is configured for the repository ${displayUrl(repository)}`,
      });
    }
    if (credentials?.kind !== 'github-app') return { credentials, caFile };
    const token = await tokens.get({ ...credentials, caFile }, signal);
    return { credentials: { kind: 'password', username: 'x-access-token', password: token }, caFile };
  };
}

/** Git reads roots from a file only. They are public. Each is written once: another git may be reading it. */
function createRootFiles(directory: string): (ca: RepositoryAccess['ca']) => Promise<string | undefined> {
  const written = new Map<string, Promise<string>>();
  const write = async (file: string, pem: string): Promise<string> => {
    await mkdir(directory, { recursive: true });
    await writeFile(file, pem);
    return file;
  };
  return async (ca) => {
    if (ca === undefined) return undefined;
    if ('file' in ca) return ca.file;
    const name = createHash('sha256').update(ca.pem).digest('hex').slice(0, 16);
    const file = join(directory, `ca-${name}.pem`);
    const writing = written.get(file) ?? write(file, ca.pem);
    written.set(file, writing);
    writing.catch(() => written.delete(file));
    return writing;
  };
}
