// Wires the configured credentials for reading: the rule for a repository's URL, its files or its Secret, read when they are needed.
import type { CredentialsConfig, RepositoryConfig } from './config-repositories.ts';
import { LockstepError } from './core/errors.ts';
import { Hidden } from './core/hidden.ts';
import type { Credentials, CredentialsFor } from './git/access.ts';
import { chooseRule } from './git/credential-rules.ts';
import { defaultGitHubApi } from './git/github-app.ts';
import { readRepositorySecret } from './git/repository-secret.ts';

export interface RepositoryPorts {
  /** Throws when the file cannot be read. */
  readonly readFile: (path: string) => string;
  /** The decoded data of a Secret; undefined when there is none. Throws `api-*`. */
  readonly readSecret: (
    secret: { readonly namespace: string; readonly name: string },
    signal: AbortSignal,
  ) => Promise<Hidden<ReadonlyMap<string, string>> | undefined>;
}

/** Files and Secrets are read each time, so that renewed credentials count at once. Throws `git-unauthorized`. */
export function createCredentialsFor(rules: readonly RepositoryConfig[], ports: RepositoryPorts): CredentialsFor {
  return async (repository, signal) => {
    const rule = chooseRule(rules, repository);
    if (rule === undefined) return undefined;
    const ca = rule.caFile === undefined ? undefined : { file: rule.caFile };
    const { credentials } = rule;
    if (credentials === undefined) return { credentials: undefined, ca };
    if (credentials.kind !== 'secret') return { credentials: readFiles(credentials, ports), ca };
    const name = `the Secret ${credentials.namespace}/${credentials.name}`;
    const data = await ports.readSecret(credentials, signal);
    if (data === undefined) throw refuse(`${name} with credentials for ${rule.url} does not exist`);
    const reading = readRepositorySecret(data, repository);
    if (reading.kind === 'refused') throw refuse(`${name} is not used for ${rule.url}: ${reading.detail}`);
    return { ...reading.access, ca: ca ?? reading.access.ca };
  };
}

function readFiles(form: Exclude<CredentialsConfig, { kind: 'secret' }>, ports: RepositoryPorts): Credentials {
  const read = (path: string): string => readCredential(path, ports);
  switch (form.kind) {
    case 'password':
      return { kind: 'password', username: read(form.usernameFile), password: read(form.passwordFile) };
    case 'bearer':
      return { kind: 'bearer', token: read(form.bearerTokenFile) };
    case 'github-app': {
      const { appId, installationId, apiUrl = defaultGitHubApi } = form;
      return { kind: 'github-app', appId, installationId, apiUrl, privateKey: new Hidden(read(form.privateKeyFile)) };
    }
    case 'ssh-key':
    case 'ssh-agent':
      return form;
  }
}

function readCredential(path: string, { readFile }: RepositoryPorts): string {
  try {
    return readFile(path).trim();
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw refuse(`credentials cannot be read: ${path}: ${why}`);
  }
}

function refuse(message: string): LockstepError {
  return new LockstepError('git-unauthorized', { message });
}
