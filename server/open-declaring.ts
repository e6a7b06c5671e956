// Opens what Git is asked with: source trees under a directory, the renderers that are configured or on PATH, live values.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigFile } from './config-file.ts';
import type { RepositoryConfig } from './config-repositories.ts';
import type { DigestKey } from './core/digest.ts';
import type { SourceTrees } from './core/rendering.ts';
import { createDeclaring, type Declaring } from './declaring.ts';
import { createSourceTrees } from './git/trees.ts';
import type { Client } from './kube/client.ts';
import { createClusterFacts } from './kube/cluster-facts.ts';
import { createLiveData } from './kube/live-data.ts';
import { findTools } from './render/find-tools.ts';
import { createRenderer } from './render/renderer.ts';
import { createCredentialsFor } from './repositories.ts';

export interface DeclaringSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws when the file cannot be read. */
  readonly readFile: (path: string) => string;
  /** Wall clock (ms). */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
}

export interface OpenDeclaringOptions {
  readonly client: Client;
  /** Live content is digested under it, too. */
  readonly key: DigestKey;
  readonly file: Pick<ConfigFile, 'sources' | 'repositories' | 'render'>;
  readonly allowLocalGit: boolean;
  /** Takes mirrors and what renderers need as files. */
  readonly directory: string;
  /** Ends everything that runs. */
  readonly stop: AbortSignal;
}

/** Throws what making a directory throws. */
export async function openDeclaring(
  { env, readFile, now, randomBytes }: DeclaringSurroundings,
  { client, key, file, allowLocalGit, directory, stop }: OpenDeclaringOptions,
): Promise<{ readonly declaring: Declaring; readonly trees: SourceTrees }> {
  const tempDirectory = join(directory, 'render');
  // A process that was killed leaves what it was rendering, which may hold values.
  await rm(tempDirectory, { recursive: true, force: true });
  await mkdir(tempDirectory, { recursive: true });
  const live = createLiveData(client);
  const credentialsFor = createCredentialsFor(rulesOf(file), {
    readFile,
    readSecret: async (secret, signal) => (await live({ kind: 'Secret', ...secret }, signal))?.data,
  });
  const policy = { local: allowLocalGit ? 'allowed' : 'refused' } as const;
  const trees = createSourceTrees({ stateDirectory: directory, ambient: env, policy, credentialsFor, now, stop });
  const { ageKeyFile, tools: configured } = file.render;
  const tools = await findTools(configured, env['PATH'] ?? '');
  const renderer = createRenderer({ tools, ageKeyFile, tempDirectory, identityKey: randomBytes(32) });
  const cluster = createClusterFacts({ client, now, stop });
  return { declaring: createDeclaring({ trees, renderer, live, cluster, key, now }), trees };
}

/** A source's own credentials count for its repository where no rule names it. */
function rulesOf({ repositories, sources }: OpenDeclaringOptions['file']): readonly RepositoryConfig[] {
  const named = new Set(repositories.map(({ url }) => url));
  const own = sources.flatMap(({ repository: url, credentials }): RepositoryConfig[] => {
    if (credentials === undefined || named.has(url)) return [];
    return [{ url, credentials: { kind: 'password', ...credentials }, caFile: undefined }];
  });
  return [...repositories, ...own];
}
