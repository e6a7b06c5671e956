// What the running service asks what Git declares: source trees in the state directory, and the renderers that are on PATH.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config.ts';
import type { RepositoryConfig } from './config-repositories.ts';
import type { DigestKey } from './core/digest.ts';
import { createDeclaring, type Declaring } from './declaring.ts';
import { createSourceTrees } from './git/trees.ts';
import { createLiveData } from './kube/live-data.ts';
import type { Ports } from './ports.ts';
import { findTools } from './render/find-tools.ts';
import { createRenderer } from './render/renderer.ts';
import { createCredentialsFor } from './repositories.ts';

export interface LiveDeclaringOptions {
  /** Live content is digested under it, too. */
  readonly key: DigestKey;
  /** Ends everything that runs. */
  readonly stop: AbortSignal;
}

/** Opens nothing before the first owner is compared: without engines there is none. */
export function openLiveDeclaring(config: Config, ports: Ports, options: LiveDeclaringOptions): Declaring['declare'] {
  let opened: Promise<Declaring> | undefined;
  return async (plan, signal) => {
    opened ??= open(config, ports, options);
    return (await opened).declare(plan, signal);
  };
}

async function open(config: Config, ports: Ports, { key, stop }: LiveDeclaringOptions): Promise<Declaring> {
  const { client, env, readFile, now, randomBytes } = ports;
  const directory = join(config.stateDir, 'declared');
  const tempDirectory = join(directory, 'render');
  // A process that was killed leaves what it was rendering, which may hold values.
  await rm(tempDirectory, { recursive: true, force: true });
  await mkdir(tempDirectory, { recursive: true });
  const live = createLiveData(client);
  const credentialsFor = createCredentialsFor(rulesOf(config), {
    readFile,
    readSecret: async (secret, signal) => (await live({ kind: 'Secret', ...secret }, signal))?.data,
  });
  const policy = { local: config.allowLocalGit ? 'allowed' : 'refused' } as const;
  const trees = createSourceTrees({ stateDirectory: directory, ambient: env, policy, credentialsFor, now, stop });
  const tools = await findTools({}, env['PATH'] ?? '');
  const renderer = createRenderer({ tools, ageKeyFile: undefined, tempDirectory, identityKey: randomBytes(32) });
  return createDeclaring({ trees, renderer, live, key });
}

/** A source's own credentials count for its repository where no rule names it. */
function rulesOf({ repositories, sources }: Config): readonly RepositoryConfig[] {
  const named = new Set(repositories.map(({ url }) => url));
  const own = sources.flatMap(({ repository: url, credentials }): RepositoryConfig[] => {
    if (credentials === undefined || named.has(url)) return [];
    return [{ url, credentials: { kind: 'password', ...credentials }, caFile: undefined }];
  });
  return [...repositories, ...own];
}
